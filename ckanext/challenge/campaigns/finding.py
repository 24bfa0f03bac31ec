"""Finding messages to many, and what is kept to write again, by what callers send."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge.model import Campaign, CampaignModel


def find_campaign(id_: Any) -> Campaign:
    """The message with that id.

    :raises ObjectNotFound: when there is none
    """
    found = model.Session.get(Campaign, id_) if isinstance(id_, str) else None
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such message"))
    return found


def find_model(id_: Any) -> CampaignModel:
    """The model with that id.

    :raises ObjectNotFound: when there is none
    """
    found = model.Session.get(CampaignModel, id_) if isinstance(id_, str) else None
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such model"))
    return found
