"""What pages say of organizations, datasets and badges to programs: schema.org.

A badge is an ``EducationalOccupationalCredential`` (schema.org: "a diploma, academic
degree, certification, qualification, badge, etc., that may be awarded to a person or
other entity"), which an ``Organization`` has by ``hasCredential``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.common import labels
from ckanext.challenge.domain.characters import cleaned, cleaned_document

from . import package_badges

_CONTEXT = "https://schema.org"


def of_organization(organization: Mapping[str, Any]) -> dict[str, Any]:
    """An organization, as ``organization_show`` answers it, with its badges."""
    return {
        "@context": _CONTEXT,
        **_organization(
            organization["name"],
            organization.get("title") or organization["name"],
            package_badges.said_of("organization", organization),
            siren=organization.get("siren"),
            logo=organization.get("image_display_url"),
        ),
    }


def of_dataset(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """A dataset, as ``package_show`` answers it, with the badges of its publisher."""
    publisher = dataset.get("organization")
    return _filled(
        {
            "@context": _CONTEXT,
            "@type": "Dataset",
            "@id": _url("dataset.read", id=dataset["id"]),
            "url": _url("dataset.read", id=dataset["name"]),
            "name": dataset.get("title") or dataset["name"],
            "description": dataset.get("notes"),
            "identifier": dataset["id"],
            "license": dataset.get("license_url"),
            "datePublished": dataset.get("metadata_created"),
            "dateModified": dataset.get("metadata_modified"),
            "keywords": [tag["name"] for tag in dataset.get("tags") or ()],
            "includedInDataCatalog": {
                "@type": "DataCatalog",
                "name": tk.config["ckan.site_title"],
                "url": tk.config["ckan.site_url"],
            },
            "publisher": _organization(
                publisher["name"],
                publisher.get("title") or publisher["name"],
                package_badges.said_of("dataset", dataset),
            )
            if publisher
            else None,
            "distribution": [
                _filled(
                    {
                        "@type": "DataDownload",
                        "name": resource.get("name"),
                        "contentUrl": resource.get("url"),
                        "encodingFormat": resource.get("mimetype")
                        or resource.get("format"),
                    }
                )
                for resource in dataset.get("resources") or ()
            ],
        }
    )


def of_award(award: Mapping[str, Any]) -> dict[str, Any]:
    """Who holds a badge, as ``challenge_award_show`` answers it.

    Of one that is revoked it only says that there was such a badge.
    """
    badge = {
        **award,
        "url": _url("challenge.award", award=award["id"]),
    }
    if award["state"] == "revoked":
        return {"@context": _CONTEXT, **_credential(badge)}
    return {
        "@context": _CONTEXT,
        **_organization(
            award["organization_name"],
            award["organization_title"],
            [badge],
            siren=award.get("siren"),
        ),
    }


def _organization(
    name: str,
    title: str,
    badges: Iterable[Mapping[str, Any]],
    siren: str | None = None,
    logo: str | None = None,
) -> dict[str, Any]:
    earned = list(badges)
    return _filled(
        {
            "@type": "Organization",
            "@id": _url("organization.read", id=name),
            "url": _url("organization.read", id=name),
            "name": title,
            "logo": logo,
            "identifier": {
                "@type": "PropertyValue",
                "propertyID": "SIREN",
                "value": siren,
            }
            if siren
            else None,
            "award": [badge["title"] for badge in earned],
            "hasCredential": [_credential(badge) for badge in earned],
        }
    )


def _credential(badge: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "EducationalOccupationalCredential",
        "@id": badge["url"],
        "url": badge["url"],
        "name": cleaned(badge["title"]),
        "credentialCategory": "badge",
        "description": labels.award_assurance(badge["assurance"]),
        "dateCreated": badge["awarded_at"],
        "recognizedBy": {
            "@type": "Organization",
            "name": cleaned(tk.config["ckan.site_title"]),
            "url": tk.config["ckan.site_url"],
        },
    }


def _filled(found: Mapping[str, Any]) -> dict[str, Any]:
    """Only what there is: schema.org has no word for nothing."""
    return cleaned_document(
        {key: value for key, value in found.items() if value not in (None, "", [])}
    )


def _url(endpoint: str, **values: Any) -> str:
    return str(tk.h.url_for(endpoint, **values, _external=True, locale="default"))
