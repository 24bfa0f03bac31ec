"""What pages say of organizations, datasets and badges to programs: schema.org.

A badge is an ``EducationalOccupationalCredential`` (schema.org: "a diploma, academic
degree, certification, qualification, badge, etc., that may be awarded to a person or
other entity"), which an ``Organization`` has by ``hasCredential``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.challenge.common import labels, own_fields
from ckanext.challenge.common.issuer import portal
from ckanext.challenge.domain.characters import cleaned, cleaned_document
from ckanext.challenge.model import Collectivite
from ckanext.challenge.model.catalog import organization_siren

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
            siren=own_fields.read(organization, "siren"),
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
                "url": portal().base,
            },
            "temporalCoverage": _period(dataset),
            "spatialCoverage": _places(
                _codes(own_fields.read(dataset, "spatial_insee"))
            ),
            "publisher": _organization(
                publisher["name"],
                publisher.get("title") or publisher["name"],
                package_badges.said_of("dataset", dataset),
                siren=_siren_of(publisher["id"]),
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
            "@type": "GovernmentOrganization" if siren else "Organization",
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
            # The scheme that ISO 6523 numbers 0002 is the SIREN.
            "iso6523Code": f"0002:{siren}" if siren else None,
            "award": [badge["title"] for badge in earned],
            "hasCredential": [_credential(badge) for badge in earned],
        }
    )


def _period(dataset: Mapping[str, Any]) -> str:
    """The days that the data speak of, as ISO 8601 has intervals."""
    start, end = (
        own_fields.read(dataset, "temporal_start"),
        own_fields.read(dataset, "temporal_end"),
    )
    return f"{start or '..'}/{end or '..'}" if start or end else ""


def _codes(text: str) -> list[str]:
    """The INSEE codes and SIREN of a field that holds some."""
    return text.replace(",", " ").split()


def _places(codes: Sequence[str]) -> list[dict[str, Any]]:
    """The territories of some codes, with their names where the directory has them."""
    if not codes:
        return []
    rows = model.Session.query(
        Collectivite.siren, Collectivite.insee_code, Collectivite.name
    ).filter(sa.or_(Collectivite.insee_code.in_(codes), Collectivite.siren.in_(codes)))
    names = {code: row.name for row in rows for code in (row.siren, row.insee_code)}
    return [
        _filled(
            {
                "@type": "AdministrativeArea",
                "name": names.get(code),
                "identifier": {
                    "@type": "PropertyValue",
                    # A SIREN has nine digits, the code of a commune five characters.
                    "propertyID": "SIREN" if len(code) == 9 else "INSEE",
                    "value": code,
                },
            }
        )
        for code in codes
    ]


def _siren_of(organization_id: str) -> str | None:
    return model.Session.execute(
        sa.select(organization_siren()).where(model.Group.id == organization_id)
    ).scalar()


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
            "url": portal().base,
        },
    }


def _filled(found: Mapping[str, Any]) -> dict[str, Any]:
    """Only what there is: schema.org has no word for nothing."""
    return cleaned_document(
        {key: value for key, value in found.items() if value not in (None, "", [])}
    )


def _url(endpoint: str, **values: Any) -> str:
    return str(tk.h.url_for(endpoint, **values, _external=True, locale="default"))
