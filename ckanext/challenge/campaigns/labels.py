"""What is said of messages to many, and what to begin them with."""

from __future__ import annotations

from dataclasses import dataclass

import ckan.plugins.toolkit as tk

from ckanext.challenge.common import language
from ckanext.challenge.domain import placeholders


def audiences() -> dict[str, str]:
    """To whom a message goes."""
    return {
        "participants": tk._("The collectivités"),
        "applicants": tk._("The applicants"),
        "staff": tk._("The team"),
    }


def states() -> dict[str, str]:
    """How far a message is."""
    return {
        "held": tk._("Waits to be sent"),
        "sent": tk._("Sent"),
        "cancelled": tk._("Cancelled"),
    }


def counted(audience: str, number: int) -> str:
    """A number of recipients, in words."""
    text = {
        "participants": tk.ungettext(
            "{number} collectivité", "{number} collectivités", number
        ),
        "applicants": tk.ungettext("{number} applicant", "{number} applicants", number),
        "staff": tk.ungettext(
            "{number} person of the team", "{number} people of the team", number
        ),
    }[audience]
    return text.format(number=tk.h.challenge_number(number))


def meanings() -> dict[str, str]:
    """What each placeholder is filled in with."""
    return {
        "name": tk._("the name of whoever reads it"),
        "season": tk._("the title of the season"),
        "steps_left": tk._("how many steps are left, for example “4 steps”"),
        "steps": tk._("the list of these steps, with their dates"),
        "next_date": tk._("the next of these dates"),
        "reference": tk._("the reference of the application"),
        "link": tk._("the address of the page"),
    }


@dataclass(frozen=True)
class Starter:
    """Words to begin a message with, which its author goes on from."""

    subject: str
    text: str


def starter(purpose: str) -> Starter:
    """What a message may begin with, with the placeholders as its author writes them.

    :param purpose: ``late``, ``stalled`` or ``opinion``; nothing for any other
    """
    subject, text = {
        "late": (
            tk._("Where are you with {season}?"),
            tk._(
                "{name} has {steps_left} to go:\n{steps}\n\nDoes something hold you "
                "up? Write to us here, and we look for a way together: {link}"
            ),
        ),
        "stalled": (
            tk._("News of {name}?"),
            tk._(
                "We have not heard of {name} for a while. The next date is "
                "{next_date}, and there is time to catch up.\n\nIs the moment "
                "wrong, or does something hold you up? A word is enough: {link}"
            ),
        ),
        "opinion": (
            tk._("Your opinion on {season}"),
            tk._(
                "The season comes to its end, and {name} has not given its opinion "
                "yet. Five minutes are enough, and the next season will be better "
                "for it: {link}"
            ),
        ),
    }.get(purpose, ("", ""))
    spoken = language.current()
    return Starter(
        placeholders.respelled(subject, spoken), placeholders.respelled(text, spoken)
    )
