"""Who may have personal data erased."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles


@tk.auth_allow_anonymous_access
def challenge_application_erase(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant; the managers of the cohort, once it was handed in."""
    return roles.for_reader(context, data_dict)
