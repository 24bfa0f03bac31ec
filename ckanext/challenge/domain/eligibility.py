"""Who is bound by law to publish: information, never a gate.

Sources: code des relations entre le public et l'administration, L312-1-1 and
D312-1-1-1 (50 agents, in full-time equivalents); code général des collectivités
territoriales, L1112-23 (3,500 inhabitants); CADA, advice 20192116, which reads the
two together. Guides of the State write both "et" and "ou", so the rule is a choice
of the portal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Rule = Literal["either", "both"]
Status = Literal["concerned", "not_concerned", "unknown"]
Outcome = Literal["over", "under", "unknown", "ignored"]

RULES: tuple[Rule, ...] = ("either", "both")
STATUSES: tuple[Status, ...] = ("concerned", "not_concerned", "unknown")

#: Kinds of collectivité, as in the directory.
KINDS = ("commune", "cc", "ca", "cu", "metropole", "autre")

#: Those that are EPCI.
EPCI_KINDS = frozenset({"cc", "ca", "cu", "metropole"})


@dataclass(frozen=True)
class Reason:
    """What one number says.

    :ivar number: ``population`` or ``agents``
    :ivar outcome: ``over`` or ``under`` its threshold, ``unknown``, or ``ignored``
        where the rule does not look at it
    :ivar value: the number, if known (inhabitants, or full-time equivalents)
    :ivar threshold: what it was compared with
    """

    number: Literal["population", "agents"]
    outcome: Outcome
    value: float | None
    threshold: float

    @property
    def code(self) -> str:
        """The reason as one word for programs, e.g. ``population_over``."""
        return f"{self.number}_{self.outcome}"


@dataclass(frozen=True)
class Duty:
    """Whether a collectivité must publish, by which rule, and why.

    :ivar status: ``concerned``, ``not_concerned`` or ``unknown``
    :ivar rule: ``either`` or ``both``
    :ivar reasons: one for the population and one for the agents
    """

    status: Status
    rule: Rule
    reasons: tuple[Reason, Reason]

    @property
    def deciding(self) -> tuple[Reason, ...]:
        """The reasons that make the status what it is."""
        wanted = {
            "concerned": ("over",),
            "not_concerned": ("under",),
            "unknown": ("unknown",),
        }[self.status]
        return tuple(reason for reason in self.reasons if reason.outcome in wanted)

    def as_dict(self) -> dict[str, object]:
        """Return the duty as plain values, for an API answer."""
        return {
            "status": self.status,
            "rule": self.rule,
            "reasons": [
                {
                    "code": reason.code,
                    "number": reason.number,
                    "outcome": reason.outcome,
                    "value": reason.value,
                    "threshold": reason.threshold,
                    "decides": reason in self.deciding,
                }
                for reason in self.reasons
            ],
        }


def duty_to_publish(
    kind: str | None,
    population: int | None,
    agents: float | None,
    *,
    rule: Rule = "either",
    population_threshold: int = 3500,
    agents_threshold: float = 50,
) -> Duty:
    """Say whether a collectivité is bound to publish its data.

    ``either``: *more than* 3,500 inhabitants or *more than* 50 agents, as the season's
    brochure says. ``both``: those *under* 3,500 inhabitants and those *under* 50 agents
    are exempt (CADA 20192116), so that exactly at a threshold one is bound; for an
    EPCI only the agents count, since L1112-23 speaks of communes' inhabitants.

    :param kind: ``commune``, ``cc``, ``ca``, ``cu``, ``metropole`` or ``autre``
    :param population: inhabitants, ``None`` if not known
    :param agents: full-time equivalents, ``None`` if not known
    """
    both = rule == "both"

    def compare(value: float | None, threshold: float) -> Outcome:
        if value is None:
            return "unknown"
        over = value >= threshold if both else value > threshold
        return "over" if over else "under"

    by_population = compare(population, population_threshold)
    if both and kind in EPCI_KINDS:
        by_population = "ignored"
    by_agents = compare(agents, agents_threshold)
    outcomes = {by_population, by_agents} - {"ignored"}
    status: Status
    if both:
        if "under" in outcomes:
            status = "not_concerned"
        else:
            status = "unknown" if "unknown" in outcomes else "concerned"
    elif "over" in outcomes:
        status = "concerned"
    else:
        status = "unknown" if "unknown" in outcomes else "not_concerned"
    return Duty(
        status,
        rule,
        (
            Reason("population", by_population, population, population_threshold),
            Reason("agents", by_agents, agents, agents_threshold),
        ),
    )


def read_under(figures: Mapping[str, Any], rule: str) -> dict[str, Any]:
    """Figures that were kept under one rule, as another one counts whom it binds.

    What is compared over time is compared by one rule, that in force now.

    :param figures: of a snapshot, with its ``rule`` and its ``readings`` by each
    :param rule: ``either`` or ``both``
    """
    reading = figures.get("readings", {}).get(rule)
    if figures.get("rule") == rule or reading is None:
        return {**figures}
    counted = {name: reading[name] for name in ("concerned", "concerned_publishing")}
    return {
        **figures,
        **counted,
        "volunteers_publishing": figures["publishing"]
        - counted["concerned_publishing"],
        "rule": rule,
    }
