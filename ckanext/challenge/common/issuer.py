"""Who issues: the portal as a DID, and the addresses under which it answers.

An address that is signed can never change, so none of these depends on a request, on
its language or on who asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, urljoin, urlsplit

import ckan.plugins.toolkit as tk

from ckanext.challenge import config


def did_web(base: str) -> str:
    """Return the ``did:web`` whose document is served under an address.

    ``https://host:5000/data`` is ``did:web:host%3A5000:data``, and its document
    ``https://host:5000/data/did.json``; without a path it is
    ``https://host/.well-known/did.json``.

    Source: did:web Method Specification, sections 2.5.1 and 2.5.2.

    :param base: an address without a slash at its end
    :raises ValueError: it has no host
    """
    parts = urlsplit(base)
    if not parts.hostname:
        raise ValueError(f"{base!r} has no host")
    host = parts.hostname
    if ":" in host:
        # An IPv6 address: its brackets belong to it.
        host = f"[{host}]"
    if parts.port is not None:
        host = f"{host}:{parts.port}"
    segments = (quote(part, safe="") for part in parts.path.split("/") if part)
    return ":".join(["did:web", quote(host, safe=""), *segments])


@dataclass(frozen=True)
class Issuer:
    """A portal that issues credentials.

    :ivar base: its address, with its path and without a slash at the end
    :ivar name: its title
    :ivar description: who runs it, in a sentence
    :ivar image: the address of its picture
    :ivar place: where it is, by the members of a postal address in schema.org
    """

    base: str
    name: str
    description: str = ""
    image: str = ""
    place: tuple[tuple[str, str], ...] = ()

    @cached_property
    def did(self) -> str:
        """Its ``did:web``."""
        return did_web(self.base)

    @property
    def keys(self) -> str:
        """The address of its DID document, where ``did:web`` looks for it."""
        path = "" if urlsplit(self.base).path else "/.well-known"
        return f"{self.base}{path}/did.json"

    def method(self, key_id: str, kind: str) -> str:
        """The address of a public key in the DID document.

        :param kind: ``proof`` (Ed25519) or ``jwt`` (RSA)
        """
        return f"{self.did}#{key_id}{'-rsa' if kind == 'jwt' else ''}"

    def challenge(self, *segments: str) -> str:
        """An address of the challenge."""
        path = "/".join(quote(segment, safe=".") for segment in segments)
        return f"{self.base}/challenge/{path}"

    def credential(self, award_id: str) -> str:
        """The address of an award's credential, which is the credential's id."""
        return self.challenge("awards", f"{award_id}.json")

    @staticmethod
    def award_of(credential_id: str) -> str:
        """The id of the award whose credential has this id."""
        return credential_id.rpartition("/")[2].removesuffix(".json")

    def award(self, award_id: str) -> str:
        """The page of an award."""
        return self.challenge("awards", award_id)

    def achievement(self, badge: str) -> str:
        """The address of a badge's definition, which is the achievement's id."""
        return self.challenge("badges", f"{badge}.json")

    def badge(self, badge: str) -> str:
        """The page of a badge: how it is earned."""
        return self.challenge("badges", badge)

    def badge_image(self, badge: str) -> str:
        """The picture of a badge."""
        return self.challenge("badges", f"{badge}.svg")

    def collectivite(self, siren: str) -> str:
        """The page of a collectivité."""
        return self.challenge("collectivite", siren)

    def organization(self, name: str) -> str:
        """The page of an organization of the catalogue."""
        return f"{self.base}/organization/{quote(name, safe='')}"

    def dataset(self, name: str) -> str:
        """The page of a dataset."""
        return f"{self.base}/dataset/{quote(name, safe='')}"

    def bitstring_list(self, number: int, form: str) -> str:
        """The address of a Bitstring Status List.

        :param form: ``json`` (with a DataIntegrityProof) or ``jwt``
        """
        return self.challenge("status", f"{number}.{form}")

    def revocation_list(self, number: int) -> str:
        """The address of a 1EdTech revocation list."""
        return self.challenge("status", f"{number}.revoked.json")


def portal() -> Issuer:
    """This portal, as it is configured."""
    base = config.base_url()
    logo = tk.config.get("ckan.site_logo") or ""
    return Issuer(
        base,
        tk.config.get("ckan.site_title") or base,
        description=tk.config.get("ckan.site_description") or "",
        image=urljoin(f"{base}/", logo.lstrip("/")) if logo else "",
        place=config.issuer_place(),
    )
