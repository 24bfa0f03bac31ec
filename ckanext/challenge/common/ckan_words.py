"""What CKAN says on the pages that lead through a challenge, and its French lacks.

CKAN's own catalogue comes first: what it translates one day is said in its words. They
stand here so that the catalogue of the extension has them; a test asks that each is on
a page of CKAN, and that CKAN's French has nothing for it.
"""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.challenge.domain.text import N_, NP_

MESSAGES = (
    # The frame of all pages
    N_("Skip to main content"),
    N_("Toggle navigation"),
    N_("View dashboard"),
    N_("Profile settings"),
    N_("Account"),
    N_("Navigate to Home - {site_title}"),
    N_("Search Datasets..."),
    N_("Submit"),
    N_("Breadcrumb"),
    # Signing in
    N_("You might need to login to access this page."),
    N_("Click here to login"),
    N_("Username or Email"),
    N_("Request Reset"),
    # One's own pages
    N_("Profile picture"),
    N_("Profile picture URL"),
    N_("Sysadmin password"),
    N_("Last Active"),
    N_("This information is visible to you and admins"),
    N_("API Tokens"),
    N_("User isn't a member of any groups."),
    N_("User isn't a member of any organizations."),
    N_("No activity found"),
    N_("All activity types"),
    N_("Newer activities"),
    N_("Older activities"),
    N_("View this version"),
    N_("{actor} updated the {dataset_type} {dataset}"),
    N_("{actor} created the {dataset_type} {dataset}"),
    N_("{actor} deleted the {dataset_type} {dataset}"),
    # Organizations
    N_("There is no description for this organization."),
    N_("There are currently no groups for this site."),
    N_("There are no groups associated with this dataset."),
    N_("Open details page for {name}"),
    N_("0 Members"),
    N_("Edit role"),
    N_("Delete member"),
    N_("Edit the role of the user within the organization"),
    N_("Delete this member from the organization"),
    # Datasets and their files
    N_("There is no description for this dataset."),
    N_("Navigate to dataset: {title}"),
    N_("Navigate to resource: {name}"),
    N_("Navigate to resource: {name_or_id}"),
    N_("Current resource: {name}"),
    N_("Resource URL: {url}"),
    N_("Dataset description:"),
    N_("Search datasets by {name}: {label}"),
    N_("Search datasets with the tag: {tag}"),
    N_("Search datasets with the tag: {name}"),
    N_("Filter by: {title}"),
    N_("Remove applied filter: {value}"),
    N_("close"),
    N_("Close modal"),
    N_("Collaborators"),
    # The forms
    N_("Publish"),
    N_("Unpublish"),
    N_("Key"),
    N_("No Organization"),
    N_("Please select the license"),
)
#: Likewise, of texts with a number in them: CKAN's French has them in English.
PLURALS = (NP_("{num} Member", "{num} Members"),)
#: What CKAN's API answers, before the reason in the reader's language.
API_MESSAGES = (N_("Access denied: %s"), N_("Not found: %s"))
#: What CKAN says without asking for its translation.
UNTRANSLATED = (N_("File upload too large"),)


def said(error: str) -> str:
    """An error of CKAN in the reader's language, where CKAN says it in English."""
    return tk._(error) if error in UNTRANSLATED else error
