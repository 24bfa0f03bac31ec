"""Texts that are written in French and in English, or that are to be translated."""

from __future__ import annotations

from dataclasses import dataclass


def N_(text: str) -> str:
    """Mark a text to be translated, where it stands before there is a reader."""
    return text


def NP_(one: str, more: str) -> tuple[str, str]:
    """Likewise, of a text with a number in it: for one, and for more."""
    return one, more


@dataclass(frozen=True)
class Text:
    """One text in the two languages of a programme.

    A portal may write its programme in one language only: the text that is
    there then stands for both.

    :ivar fr: the text in French
    :ivar en: the text in English
    """

    fr: str
    en: str

    @classmethod
    def of(cls, written: dict[str, str]) -> Text:
        """Make a text of ``{"fr": …, "en": …}``, of which one may be missing."""
        fr = written.get("fr") or written.get("en") or ""
        return cls(fr=fr, en=written.get("en") or fr)

    def in_(self, lang: str | None) -> str:
        """Return the text for a reader's language.

        :param lang: a locale as CKAN names it (``fr``, ``fr_CA``, ``en``, ``de``);
            French for those of France's language, English for all others; where a
            text was left empty in it, the other one
        """
        if (lang or "").lower().startswith("fr"):
            return self.fr or self.en
        return self.en or self.fr

    def as_dict(self) -> dict[str, str]:
        """Return ``{"fr": …, "en": …}``."""
        return {"fr": self.fr, "en": self.en}
