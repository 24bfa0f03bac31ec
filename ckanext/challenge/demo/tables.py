"""Tables that look like those of a town hall, made by chance from a fixed seed.

The same place, table and year give the same rows on every machine. Nothing in them
is real but the place: organizations are named as examples, telephone numbers are in
the ranges that ARCEP keeps for fiction, addresses of people do not occur.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from stdnum import luhn

from ckanext.challenge.conformity import registry

Row = dict[str, Any]
_EXAMPLE = "(exemple)"
SCHEMAS = {
    "deliberations": "scdl/deliberations",
    "subventions": "scdl/subventions",
    "equipements": "scdl/equipements",
    "prenoms": "scdl/prenoms",
    "budget": "scdl/budget",
    "catalogue": "scdl/catalogue",
    "dae": "atlasante/schema-dae",
    "irve-statique": "etalab/schema-irve-statique",
}
"""The national schema of a table, where it has one; its name is that of a kit."""


@dataclass(frozen=True)
class Place:
    """What the tables must know of a collectivité."""

    siren: str
    name: str
    kind: str
    population: int
    insee_code: str
    """Of the commune; of an EPCI, that of the commune where its seat is."""
    town: str
    """Name of that commune."""
    postcode: str
    latitude: float
    longitude: float

    @property
    def siret(self) -> str:
        """A SIRET of this SIREN with a right key (the number of a seat)."""
        start = f"{self.siren}0001"
        return start + luhn.calc_check_digit(start)


@dataclass(frozen=True)
class Table:
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def csv(self, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
        """The file as it is uploaded."""
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, self.columns, delimiter=delimiter, restval="")
        writer.writeheader()
        writer.writerows(self.rows)
        return out.getvalue().encode(encoding)


@cache
def vocabulary() -> dict[str, Any]:
    """The words of ``vocabulary.yaml``."""
    text = Path(__file__).with_name("vocabulary.yaml").read_text("utf-8")
    return yaml.safe_load(text)


def make(name: str, place: Place, year: int, today: dt.date) -> Table:
    """One table of a place, for a year, without a row after today.

    :param name: a key of :data:`TABLES`
    """
    rng = random.Random(f"challenge/{name}/{place.siren}/{year}")
    rows = tuple(TABLES[name](place, year, today, rng))
    schema = registry.get(SCHEMAS.get(name))
    if schema and schema.descriptor:
        columns = tuple(field["name"] for field in schema.descriptor["fields"])
    else:
        columns = tuple(rows[0])
    return Table(columns, rows)


def spoil(table: Table, how: str) -> Table:
    """The same table with a mistake that people make.

    :param how: ``date`` (31 February), ``column`` (the first is missing), ``number``
        (an amount in words), ``siret`` (a key that is wrong) or ``choice`` (a value
        that the schema does not list)
    """
    rows = [dict(row) for row in table.rows]
    columns = table.columns
    if how == "column":
        columns = columns[1:]
        rows = [{key: row.get(key, "") for key in columns} for row in rows]
    else:
        column, value = _MISTAKES[how](columns)
        for row in rows[2::9]:
            row[column] = value
    return Table(columns, tuple(rows))


def _first(columns: tuple[str, ...], *parts: str) -> str:
    return next(c for c in columns if any(part in c.lower() for part in parts))


_MISTAKES: dict[str, Callable[[tuple[str, ...]], tuple[str, str]]] = {
    "date": lambda columns: (_first(columns, "date", "dermnt"), "31/02/2025"),
    "number": lambda columns: (
        _first(columns, "montant", "mtprev", "occurrences", "lat", "nbre"),
        "environ 100",
    ),
    "siret": lambda columns: (
        _first(columns, "siret", "idattribuant", "siren"),
        "12345678901234",
    ),
    "choice": lambda columns: (
        _first(columns, "theme", "nature", "section", "sexe", "acc", "implantation"),
        "À préciser",
    ),
}


# --- what several tables need -----------------------------------------------


def _days(year: int, today: dt.date, rng: random.Random, count: int) -> list[dt.date]:
    """Days of the year up to today, in order."""
    first = dt.date(year, 1, 1)
    last = min(dt.date(year, 12, 31), today)
    span = max((last - first).days, 1)
    return sorted(first + dt.timedelta(rng.randrange(span)) for _ in range(count))


def _around(place: Place, rng: random.Random) -> tuple[str, str]:
    """Latitude and longitude within some two kilometres of the centre."""
    return (
        f"{place.latitude + rng.uniform(-0.018, 0.018):.6f}",
        f"{place.longitude + rng.uniform(-0.026, 0.026):.6f}",
    )


def _address(rng: random.Random) -> tuple[str, str]:
    return str(rng.randint(1, 90)), rng.choice(vocabulary()["streets"])


def _telephone(rng: random.Random, separator: str = "") -> str:
    """In the range 02 61 91, which ARCEP keeps for works of fiction."""
    return f"+33{separator}26191{rng.randint(0, 9999):04d}"


def _yes(rng: random.Random, chance: float = 0.5) -> str:
    return "oui" if rng.random() < chance else "non"


def _size(place: Place, low: int, high: int) -> int:
    """Between low and high, by the number of inhabitants (20,000 and more: high)."""
    return low + round((high - low) * min(place.population, 20_000) / 20_000)


# --- national schemas -------------------------------------------------------


def _deliberations(
    place: Place, year: int, today: dt.date, rng: random.Random
) -> Iterator[Row]:
    seats = _size(place, 15, 33)
    count = _size(place, 40, 150)
    meetings = sorted(set(_days(year, today, rng, 9)))
    for number in range(1, count + 1):
        day = meetings[(number - 1) * len(meetings) // count]
        matter = rng.choice(vocabulary()["deliberations"])
        present = seats - rng.randint(0, 4)
        against = rng.choice((0, 0, 0, 0, 1, 2))
        abstained = rng.choice((0, 0, 0, 1, 3))
        budget = matter.get("budget")
        yield {
            "COLL_NOM": place.name,
            "COLL_SIRET": place.siret,
            "DELIB_ID": f"{year}-{number:03d}",
            "DELIB_DATE": day.isoformat(),
            "DELIB_MATIERE_CODE": matter["code"],
            "DELIB_MATIERE_NOM": matter["name"],
            "DELIB_OBJET": rng.choice(matter["subjects"]),
            "BUDGET_ANNEE": str(year) if budget else "",
            "BUDGET_NOM": "Budget principal" if budget else "",
            "PREF_ID": f"PREF{place.insee_code[:2]}",
            "PREF_DATE": (day + dt.timedelta(rng.randint(1, 6))).isoformat(),
            "VOTE_EFFECTIF": seats,
            "VOTE_REEL": present,
            "VOTE_POUR": present - against - abstained,
            "VOTE_CONTRE": against,
            "VOTE_ABSTENTION": abstained,
            "DELIB_URL": (
                f"https://www.example.org/{place.insee_code}/deliberations/"
                f"{year}-{number:03d}.pdf"
            ),
        }


def _subventions(
    place: Place, year: int, today: dt.date, rng: random.Random
) -> Iterator[Row]:
    associations = list(vocabulary()["associations"])
    rng.shuffle(associations)
    count = min(len(associations), _size(place, 20, 24))
    for number, day in enumerate(_days(year, today, rng, count)):
        name, purpose = associations[number]
        until = dt.date(year, 12, 31).isoformat()
        yield {
            "nomAttribuant": place.name,
            "idAttribuant": place.siret,
            "dateConvention": day.isoformat(),
            "referenceDecision": f"{year}-{rng.randint(1, 80):03d}",
            "nomBeneficiaire": f"{name} {_EXAMPLE}",
            "idBeneficiaire": "",
            # No département has the number 00: no association has this one.
            "rnaBeneficiaire": f"W00{rng.randint(0, 9_999_999):07d}",
            "objet": purpose,
            "montant": f"{rng.randrange(150, 12_000, 50)}.00",
            "nature": rng.choice(("aide en numéraire",) * 5 + ("aide en nature",)),
            "conditionsVersement": rng.choice(("unique", "unique", "échelonné")),
            "datesPeriodeVersement": f"{day.isoformat()}/{until}",
            "idRAE": "",
            "notificationUE": "non",
            "pourcentageSubvention": rng.choice(("1", "0.8", "0.5", "0.3")),
        }


def _equipements(
    place: Place, year: int, today: dt.date, rng: random.Random
) -> Iterator[Row]:
    for theme, code, type_, name, erp, most in vocabulary()["facilities"]:
        for number in range(1, rng.randint(1, most) + 1):
            street = _address(rng)
            latitude, longitude = _around(place, rng)
            outdoors = erp in ("PA", "PS")
            yield {
                "COLL_NOM": place.name,
                "COLL_SIRET": place.siret,
                "EQUIP_UID": f"{place.insee_code}-{code}-{number:03d}",
                "EQUIP_THEME": theme,
                "EQUIP_CODE": f"{code}-{number:03d}",
                "EQUIP_TYPE": type_,
                "EQUIP_NOM": f"{name} {number}" if number > 1 else name,
                "ADR_NUMERO": street[0],
                "ADR_NOMVOIE": street[1],
                "ADR_CODEPOSTAL": place.postcode,
                "ADR_COMMUNE": place.town,
                "ERP_TYPE": erp,
                "ERP_CATEGORIE": "" if outdoors else rng.randint(3, 5),
                "EQUIP_LAT": latitude,
                "EQUIP_LONG": longitude,
                "EQUIP_OUVERTURE": "" if outdoors else "Mo-Fr 08:30-12:00,13:30-17:30",
                "EQUIP_TEL": _telephone(rng, " "),
                "EQUIP_EMAIL": "contact@example.org",
                "EQUIP_WEB": "https://www.example.org/equipements",
            }


def _prenoms(
    place: Place, year: int, today: dt.date, rng: random.Random
) -> Iterator[Row]:
    # The four last whole years: twenty rows at least.
    for birth in range(year - 3, year + 1):
        for sex in ("F", "M"):
            names = vocabulary()["first_names"][sex]
            for name in sorted(rng.sample(names, _size(place, 6, 24))):
                yield {
                    "COMMUNE_NOM": place.town,
                    "COLL_INSEE": place.insee_code,
                    "ENFANT_SEXE": sex,
                    "ENFANT_PRENOM": name,
                    "NOMBRE_OCCURRENCES": 1 + int(rng.expovariate(0.8)),
                    "ANNEE": birth,
                }


def _budget(
    place: Place, year: int, today: dt.date, rng: random.Random
) -> Iterator[Row]:
    # Some 1,100 € per inhabitant to run a commune, 400 € to invest; an EPCI half.
    scale = 1.0 if place.kind == "commune" else 0.45
    totals = {
        "fonctionnement": 1100 * scale * place.population,
        "investissement": 400 * scale * place.population,
    }
    for (
        account,
        label,
        chapter,
        heading,
        section,
        operation,
        way,
        share,
    ) in vocabulary()["budget"]:
        planned = round(totals[section] * share / 100 * rng.uniform(0.92, 1.08), 2)
        yield {
            "BGT_NATDEC": "budget primitif",
            "BGT_ANNEE": year,
            "BGT_SIRET": place.siret,
            "BGT_NOM": place.name,
            "BGT_CONTNAT": account,
            "BGT_CONTNAT_LABEL": label,
            "BGT_NATURE": chapter,
            "BGT_NATURE_LABEL": heading,
            "BGT_FONCTION": "",
            "BGT_FONCTION_LABEL": "",
            "BGT_OPERATION": "",
            "BGT_SECTION": section,
            "BGT_OPBUDG": operation,
            "BGT_CODRD": way,
            "BGT_MTREAL": "",
            "BGT_MTBUDGPREC": f"{planned * rng.uniform(0.9, 1.05):.2f}",
            "BGT_MTRARPREC": "0.00",
            "BGT_MTPROPNOUV": f"{planned:.2f}",
            "BGT_MTPREV": f"{planned:.2f}",
            "BGT_CREDOUV": f"{planned:.2f}",
            "BGT_MTRAR3112": "",
            "BGT_ARTSPE": "non spécialisé",
        }


def _catalogue(
    place: Place, year: int, today: dt.date, rng: random.Random
) -> Iterator[Row]:
    words = vocabulary()
    titles = [
        "Délibérations",
        "Subventions",
        "Équipements publics",
        "Budget primitif",
        "Défibrillateurs",
        "Bornes de recharge",
        "Menus de la restauration",
        "Marchés",
        "Arbres remarquables",
        "Voies communales",
        "Aires de jeux",
        "Fréquentation de la médiathèque",
        "Horaires des services",
        "Manifestations",
        "Points d'apport volontaire",
        "Permis de construire",
        "Consommations d'énergie",
        "Éclairage public",
        "Cimetières",
        "Stationnement",
        "Marchés publics",
        "Qualité de l'eau",
    ]
    for title, day in zip(titles, _days(year, today, rng, len(titles)), strict=True):
        key = "-".join(title.lower().split())
        yield {
            "COLL_NOM": place.name,
            "COLL_SIRET": place.siret,
            "ID": f"{place.insee_code}-{key}",
            "TITRE": f"{title} - {place.name}",
            "DESCRIPTION": f"{title} : données de démonstration.",
            "THEME": rng.choice(words["themes"]),
            "PRODUCTEUR_NOM": place.name,
            "PRODUCTEUR_SIRET": place.siret,
            "COUV_SPAT_MAILLE": "Communale"
            if place.kind == "commune"
            else "Intercommunale",
            "COUV_SPAT_NOM": place.name,
            "COUV_TEMP_DEBUT": f"{year}-01-01",
            "COUV_TEMP_FIN": f"{year}-12-31",
            "DATE_PUBL": day.isoformat(),
            "FREQ_MAJ": rng.choice(
                ("Annuelle", "Annuelle", "Trimestrielle", "Ponctuelle")
            ),
            "DATE_MAJ": day.isoformat(),
            "MOTS_CLES": f"demonstration;{key}",
            "LICENCE": "Licence Ouverte-LO",
            "NOMBRE_RESSOURCES": 1,
            "FORMAT_RESSOURCES": "csv",
            "URL": f"https://www.example.org/{place.insee_code}/{rng.randint(1, 999)}",
        }


def _dae(place: Place, year: int, today: dt.date, rng: random.Random) -> Iterator[Row]:
    halls = [name for *_, name, _erp, _most in vocabulary()["facilities"]]
    for number in range(1, _size(place, 20, 40) + 1):
        latitude, longitude = _around(place, rng)
        street = _address(rng)
        bought = dt.date(year - rng.randint(1, 6), rng.randint(1, 12), 15)
        (checked,) = _days(year, today, rng, 1)
        round_the_clock = rng.random() < 0.4
        hall = halls[(number - 1) % len(halls)]
        yield {
            "nom": f"DAE {hall}" + (" bis" if number > len(halls) else ""),
            "lat_coor1": latitude,
            "long_coor1": longitude,
            "adr_num": street[0],
            "adr_voie": street[1],
            "com_cp": place.postcode,
            "com_insee": place.insee_code,
            "com_nom": place.town,
            "acc": "Extérieur" if round_the_clock else "Intérieur",
            "acc_lib": "oui" if round_the_clock else _yes(rng),
            "acc_pcsec": "non",
            "acc_acc": _yes(rng, 0.6),
            "dae_mobile": "non",
            "acc_etg": "0",
            "acc_complt": "",
            "disp_j": "7j/7"
            if round_the_clock
            else "lundi|mardi|mercredi|jeudi|vendredi",
            "disp_h": "24h/24" if round_the_clock else "heures ouvrables",
            "tel1": _telephone(rng),
            "site_email": "contact@example.org",
            "date_instal": bought.isoformat(),
            "etat": "Actif",
            "etat_fonct": "En fonctionnement",
            "fab_rais": f"Fabricant {_EXAMPLE}",
            "mnt_rais": f"Mainteneur {_EXAMPLE}",
            "modele": rng.choice(("Modèle A", "Modèle B", "Modèle C")),
            "num_serie": f"EX-{place.insee_code}-{number:04d}",
            "lc_ped": _yes(rng, 0.7),
            "dtpr_lcad": f"{year + 2}-06-30",
            "dtpr_bat": f"{year + 3}-06-30",
            "freq_mnt": "Tous les ans",
            "dispsurv": _yes(rng, 0.3),
            "dermnt": checked.isoformat(),
            "expt_siren": place.siren,
            "expt_siret": place.siret,
            "expt_rais": place.name,
            "expt_tel1": _telephone(rng),
            "expt_email": "contact@example.org",
        }


def _irve(place: Place, year: int, today: dt.date, rng: random.Random) -> Iterator[Row]:
    (updated,) = _days(year, today, rng, 1)
    for station in range(1, _size(place, 6, 16) + 1):
        latitude, longitude = _around(place, rng)
        number, street = _address(rng)
        points = rng.choice((2, 4))
        fast = rng.random() < 0.2
        opened = dt.date(year - rng.randint(1, 4), rng.randint(1, 12), 1)
        for point in range(1, points + 1):
            # No operator has the identifier XXX.
            yield {
                "nom_amenageur": place.name,
                "siren_amenageur": place.siren,
                "contact_amenageur": "contact@example.org",
                "nom_operateur": f"Opérateur {_EXAMPLE}",
                "contact_operateur": "exploitation@example.org",
                "telephone_operateur": "",
                "nom_enseigne": f"Réseau de recharge {_EXAMPLE}",
                "id_station_itinerance": f"FRXXXP{place.insee_code}{station:03d}",
                "id_station_local": "",
                "nom_station": f"{place.town} - {street}",
                "implantation_station": rng.choice(("Voirie", "Parking public")),
                "adresse_station": f"{number} {street} {place.postcode} {place.town}",
                "code_insee_commune": place.insee_code,
                "coordonneesXY": f"[{longitude},{latitude}]",
                "nbre_pdc": points,
                "id_pdc_itinerance": f"FRXXXE{place.insee_code}{station:03d}{point}",
                "id_pdc_local": "",
                "puissance_nominale": 50 if fast else 22,
                "prise_type_ef": "true",
                "prise_type_2": "true",
                "prise_type_combo_ccs": "true" if fast else "false",
                "prise_type_chademo": "false",
                "prise_type_autre": "false",
                "gratuit": "false",
                "paiement_acte": "true",
                "paiement_cb": "true" if fast else "false",
                "paiement_autre": "true",
                "tarification": "0,40 € par kWh",
                "condition_acces": "Accès libre",
                "reservation": "false",
                "horaires": "24/7",
                "accessibilite_pmr": rng.choice(
                    ("Accessible mais non réservé PMR", "Accessibilité inconnue")
                ),
                "restriction_gabarit": "Inconnu",
                "station_deux_roues": "false",
                "raccordement": "Direct",
                "num_pdl": "",
                "date_mise_en_service": opened.isoformat(),
                "observations": "Données de démonstration",
                "date_maj": updated.isoformat(),
                "cable_t2_attache": "false",
            }


# --- tables of their own ----------------------------------------------------


def _menus(
    place: Place, year: int, today: dt.date, rng: random.Random
) -> Iterator[Row]:
    dishes = vocabulary()["dishes"]
    monday = today - dt.timedelta(today.weekday() + 28)
    for week in range(6):
        for weekday in range(5):
            day = monday + dt.timedelta(week * 7 + weekday)
            yield {
                "date": day.isoformat(),
                "restaurant": f"Restaurant scolaire de {place.town}",
                **{course: rng.choice(names) for course, names in dishes.items()},
                "vegetarien": _yes(rng, 0.3),
                "part_bio": f"{rng.randrange(10, 60, 5)} %",
            }


def _marches(
    place: Place, year: int, today: dt.date, rng: random.Random
) -> Iterator[Row]:
    for day in ("mardi", "vendredi", "dimanche"):
        for stall in vocabulary()["stalls"]:
            if rng.random() < 0.7 or day == "dimanche":
                yield {
                    "jour": day,
                    "lieu": "place du Marché",
                    "commune": place.town,
                    "produits": stall,
                    "metres_lineaires": rng.randint(2, 9),
                    "de": "08:00",
                    "a": "13:00",
                }


def _mediatheque(
    place: Place, year: int, today: dt.date, rng: random.Random
) -> Iterator[Row]:
    for back in range(36, 0, -1):
        month = (today.year * 12 + today.month - 1) - back
        yield {
            "mois": f"{month // 12}-{month % 12 + 1:02d}",
            "entrees": rng.randint(_size(place, 200, 3000), _size(place, 500, 6000)),
            "prets_livres": rng.randint(_size(place, 300, 4000), 7000),
            "prets_autres": rng.randint(60, 900),
            "inscriptions": rng.randint(5, 90),
        }


def _apport(
    place: Place, year: int, today: dt.date, rng: random.Random
) -> Iterator[Row]:
    for number in range(1, _size(place, 30, 120) + 1):
        latitude, longitude = _around(place, rng)
        yield {
            "identifiant": f"PAV-{number:03d}",
            "flux": rng.choice(vocabulary()["waste"]),
            "adresse": " ".join(_address(rng)),
            "commune": place.town,
            "latitude": latitude,
            "longitude": longitude,
            "volume_m3": rng.choice(("3", "4", "5")),
            "enterre": _yes(rng, 0.25),
        }


def _arbres(
    place: Place, year: int, today: dt.date, rng: random.Random
) -> Iterator[Row]:
    kinds = ("Tilleul", "Platane", "Érable", "Chêne", "Charme", "Cèdre", "Marronnier")
    for number in range(1, _size(place, 40, 200) + 1):
        latitude, longitude = _around(place, rng)
        yield {
            "numero": number,
            "essence": rng.choice(kinds),
            "circonference_cm": rng.randint(35, 420),
            "hauteur_m": rng.randint(4, 28),
            "plantation": rng.randint(1890, year),
            "latitude": latitude,
            "longitude": longitude,
        }


TABLES: dict[str, Callable[[Place, int, dt.date, random.Random], Iterator[Row]]] = {
    "deliberations": _deliberations,
    "subventions": _subventions,
    "equipements": _equipements,
    "prenoms": _prenoms,
    "budget": _budget,
    "catalogue": _catalogue,
    "dae": _dae,
    "irve-statique": _irve,
    "menus": _menus,
    "marches": _marches,
    "mediatheque": _mediatheque,
    "points-apport": _apport,
    "arbres": _arbres,
}
"""Makers of tables by name."""
