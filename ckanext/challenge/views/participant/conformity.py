"""Having a file checked again, from its page in CKAN."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from werkzeug.wrappers import Response

from ckanext.challenge.views.common import act, blueprint, only_for_people

conformity = blueprint("challenge_conformity")
conformity.before_request(only_for_people)


@conformity.post("/conformity/<resource_id>")
def check(resource_id: str) -> Response:
    """Check the file of a resource against its national schema, now or soon."""
    found = act("challenge_conformity_check", resource_id=resource_id)
    if found["status"] == "pending":
        tk.h.flash_notice(tk._("The file will be checked in a moment."))
    else:
        tk.h.flash_success(tk._("The file was checked."))
    resource = act("resource_show", id=resource_id)
    dataset = act("package_show", id=resource["package_id"])
    page = tk.h.url_for(
        f"{dataset['type']}_resource.read", id=dataset["name"], resource_id=resource_id
    )
    return tk.redirect_to(f"{page}#challenge-conformity")
