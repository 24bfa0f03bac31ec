"""What data.europa.eu calls things: the codes of the EU's vocabularies.

The portal's own words (a format, a licence, a frequency) on one side, addresses of the
vocabularies of the Publications Office on the other. What they do not have is told as
``None`` and never invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

AUTHORITY = "http://publications.europa.eu/resource/authority/"
FREQUENCIES = f"{AUTHORITY}frequency/"
IANA = "https://www.iana.org/assignments/media-types/"
#: How documents abbreviate the addresses that most datasets have.
PREFIXES = {
    "eu-access": f"{AUTHORITY}access-right/",
    "eu-availability": f"{AUTHORITY}planned-availability/",
    "eu-country": f"{AUTHORITY}country/",
    "eu-file": f"{AUTHORITY}file-type/",
    "eu-frequency": FREQUENCIES,
    "eu-language": f"{AUTHORITY}language/",
    "eu-theme": f"{AUTHORITY}data-theme/",
    "iana-text": f"{IANA}text/",
    "insee": "http://id.insee.fr/geo/commune/",
    "nuts": "http://data.europa.eu/nuts/code/",
}

#: The data themes, by which data.europa.eu sorts datasets.
THEMES = (
    "AGRI",
    "ECON",
    "EDUC",
    "ENER",
    "ENVI",
    "GOVE",
    "HEAL",
    "INTR",
    "JUST",
    "REGI",
    "SOCI",
    "TECH",
    "TRAN",
)
#: The theme of a kit that names none: what a local authority opens as such.
DEFAULT_THEME = "GOVE"

#: The high-value categories of the implementing regulation (EU) 2023/138.
HIGH_VALUE = {
    "geospatial": "http://data.europa.eu/bna/c_ac64a52d",
    "environment": "http://data.europa.eu/bna/c_dd313021",
    "meteorological": "http://data.europa.eu/bna/c_164e0bf5",
    "statistics": "http://data.europa.eu/bna/c_e1da4e07",
    "companies": "http://data.europa.eu/bna/c_a9135398",
    "mobility": "http://data.europa.eu/bna/c_b79e35eb",
}
#: That regulation, which datasets of these categories name.
HIGH_VALUE_LAW = "http://data.europa.eu/eli/reg_impl/2023/138/oj"

ACCESS_PUBLIC = f"{AUTHORITY}access-right/PUBLIC"
AVAILABLE = f"{AUTHORITY}planned-availability/AVAILABLE"
FRANCE = f"{AUTHORITY}country/FRA"
THEME_TAXONOMY = f"{AUTHORITY}data-theme"
LOCAL_AUTHORITY = "http://purl.org/adms/publishertype/LocalAuthority"


class FileType(NamedTuple):
    """A format of files.

    :ivar code: in the EU's vocabulary of file types
    :ivar media_type: as IANA names it; ``None`` where it has no name of its own
    :ivar is_open: in no one's hands: anybody may write a program that reads it
    :ivar is_machine_readable: made for programs to read the data out of it
    """

    code: str
    media_type: str | None
    is_open: bool
    is_machine_readable: bool


#: The formats that catalogues name, in lower case.
FILE_TYPES = {
    "csv": FileType("CSV", "text/csv", True, True),
    "tsv": FileType("TSV", "text/tab-separated-values", True, True),
    "json": FileType("JSON", "application/json", True, True),
    "json-ld": FileType("JSON_LD", "application/ld+json", True, True),
    "jsonld": FileType("JSON_LD", "application/ld+json", True, True),
    "geojson": FileType("GEOJSON", "application/geo+json", True, True),
    "xml": FileType("XML", "application/xml", True, True),
    "rdf": FileType("RDF_XML", "application/rdf+xml", True, True),
    "ttl": FileType("RDF_TURTLE", "text/turtle", True, True),
    "turtle": FileType("RDF_TURTLE", "text/turtle", True, True),
    "n3": FileType("N3", "text/n3", True, True),
    "ods": FileType(
        "ODS", "application/vnd.oasis.opendocument.spreadsheet", True, True
    ),
    "odt": FileType("ODT", "application/vnd.oasis.opendocument.text", True, False),
    "gpkg": FileType("GPKG", "application/geopackage+sqlite3", True, True),
    "gml": FileType("GML", "application/gml+xml", True, True),
    "kml": FileType("KML", "application/vnd.google-earth.kml+xml", True, True),
    "kmz": FileType("KMZ", "application/vnd.google-earth.kmz", True, True),
    "gtfs": FileType("GTFS", "application/zip", True, True),
    "parquet": FileType("PARQUET", "application/vnd.apache.parquet", True, True),
    "ics": FileType("ICS", "text/calendar", True, True),
    "rss": FileType("RSS", "application/rss+xml", True, True),
    "atom": FileType("ATOM", "application/atom+xml", True, True),
    "wms": FileType("WMS_SRVC", None, True, False),
    "wfs": FileType("WFS_SRVC", None, True, True),
    "shp": FileType("SHP", "application/vnd.shp", False, True),
    "xls": FileType("XLS", "application/vnd.ms-excel", False, True),
    "xlsx": FileType(
        "XLSX",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        False,
        True,
    ),
    "doc": FileType("DOC", "application/msword", False, False),
    "docx": FileType(
        "DOCX",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        False,
        False,
    ),
    "pdf": FileType("PDF", "application/pdf", False, False),
    "html": FileType("HTML", "text/html", True, False),
    "txt": FileType("TXT", "text/plain", True, False),
    "zip": FileType("ZIP", "application/zip", True, False),
    "svg": FileType("SVG", "image/svg+xml", True, False),
    "png": FileType("PNG", "image/png", True, False),
    "jpg": FileType("JPEG", "image/jpeg", True, False),
    "jpeg": FileType("JPEG", "image/jpeg", True, False),
}

_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+_-]*")

#: Other names of the licences that French law allows (décret 2017-638), each with that
#: of the portal's own list.
_LICENCES = {
    "lov2": "etalab-2.0",
    "fr-lo": "etalab-2.0",
    "odbl": "odc-odbl",
    "odbl-1.0": "odc-odbl",
}
#: Those licences, by the names of the portal's own list (CRPA D323-2-1).
LAWFUL = ("etalab-2.0", "odc-odbl")
#: All names that catalogues have for them, in lower case.
LAWFUL_NAMES = (*LAWFUL, *_LICENCES)
#: What is in the addresses by which lists name them.
_ADDRESSES = {
    "etalab-2.0": ("etalab", "licence", "2.0"),
    "odc-odbl": ("opendatacommons.org", "odbl"),
}
#: What other forms write for a frequency, each with its code: the words of udata and
#: of Dublin Core, and those of French portals.
_FREQUENCY_NAMES = {
    name: code
    for code, names in {
        "annual": "annuel annuelle annuellement yearly",
        "annual_2": "semestriel semestrielle semiannual biannual",
        "annual_3": "threetimesayear",
        "quarterly": "trimestriel trimestrielle",
        "bimonthly": "bimestriel bimestrielle",
        "monthly": "mensuel mensuelle mensuellement",
        "monthly_2": "bimensuel bimensuelle semimonthly",
        "monthly_3": "threetimesamonth",
        "biweekly": "fortnightly",
        "weekly": "hebdomadaire",
        "weekly_2": "semiweekly",
        "weekly_3": "threetimesaweek",
        "daily": "quotidien quotidienne",
        "daily_2": "semidaily",
        "hourly": "horaire",
        "biennial": "biennale bisannuel bisannuelle",
        "triennial": "triennale",
        "quinquennial": "quinquennale",
        "cont": "continuous continu",
        "update_cont": "temps-reel realtime",
        "irreg": "irregular irregulier irregulière irrégulier irrégulière",
        "never": "punctual ponctuel ponctuelle aucune",
        "as_needed": "asneeded",
        "not_planned": "notplanned",
        "unknown": "inconnu inconnue",
    }.items()
    for name in names.split()
}
#: What a licence asks for, in the words of ADMS. Licences that are not here are
#: unknown to data.europa.eu, or none at all.
LICENCE_TYPES = {
    "etalab-2.0": "Attribution",
    "odc-odbl": "ViralEffect-ShareAlike",
    "odc-by": "Attribution",
    "odc-pddl": "PublicDomain",
    "cc-zero": "PublicDomain",
    "cc-by": "Attribution",
    "cc-by-sa": "ViralEffect-ShareAlike",
    "gfdl": "ViralEffect-ShareAlike",
    "uk-ogl": "Attribution",
}
#: All names of licences that harvesters know.
KNOWN_LICENCES = (*LICENCE_TYPES, *_LICENCES)

#: The languages that CKAN speaks, in the EU's vocabulary.
_LANGUAGES = {
    "fr": "FRA",
    "en": "ENG",
    "de": "DEU",
    "es": "SPA",
    "it": "ITA",
    "nl": "NLD",
    "pt": "POR",
}

#: The départements as statistical units of the third level (NUTS 2021).
_UNITS = """
01=FRK21 02=FRE21 03=FRK11 04=FRL01 05=FRL02 06=FRL03 07=FRK22 08=FRF21
09=FRJ21 10=FRF22 11=FRJ11 12=FRJ22 13=FRL04 14=FRD11 15=FRK12 16=FRI31
17=FRI32 18=FRB01 19=FRI21 21=FRC11 22=FRH01 23=FRI22 24=FRI11 25=FRC21
26=FRK23 27=FRD21 28=FRB02 29=FRH02 2A=FRM01 2B=FRM02 30=FRJ12 31=FRJ23
32=FRJ24 33=FRI12 34=FRJ13 35=FRH03 36=FRB03 37=FRB04 38=FRK24 39=FRC22
40=FRI13 41=FRB05 42=FRK25 43=FRK13 44=FRG01 45=FRB06 46=FRJ25 47=FRI14
48=FRJ14 49=FRG02 50=FRD12 51=FRF23 52=FRF24 53=FRG03 54=FRF31 55=FRF32
56=FRH04 57=FRF33 58=FRC12 59=FRE11 60=FRE22 61=FRD13 62=FRE12 63=FRK14
64=FRI15 65=FRJ26 66=FRJ15 67=FRF11 68=FRF12 69=FRK26 70=FRC23 71=FRC13
72=FRG04 73=FRK27 74=FRK28 75=FR101 76=FRD22 77=FR102 78=FR103 79=FRI33
80=FRE23 81=FRJ27 82=FRJ28 83=FRL05 84=FRL06 85=FRG05 86=FRI34 87=FRI23
88=FRF34 89=FRC14 90=FRC24 91=FR104 92=FR105 93=FR106 94=FR107 95=FR108
971=FRY10 972=FRY20 973=FRY30 974=FRY40 976=FRY50
"""
_NUTS = {
    code: unit for code, _, unit in (pair.partition("=") for pair in _UNITS.split())
}


def file_type(name: str | None) -> FileType | None:
    """The format that a file's field names, whatever its letters and dots."""
    return FILE_TYPES.get((name or "").strip(" .").lower())


def formats(*, is_open: bool = False, is_machine_readable: bool = False) -> list[str]:
    """The names of the formats that are all that is asked for."""
    return [
        name
        for name, one in FILE_TYPES.items()
        if one.is_open >= is_open and one.is_machine_readable >= is_machine_readable
    ]


def media_type(name: str | None) -> str | None:
    """The address of a media type, such as ``text/csv``; of nothing else."""
    name = (name or "").split(";")[0].strip().lower()
    return f"{IANA}{name}" if _MEDIA_TYPE.fullmatch(name) else None


def frequency_code(name: str) -> str:
    """The code of a frequency in lower case, of whatever other portals call it; any
    other as it is.
    """
    name = name.strip().removeprefix(FREQUENCIES).lower()
    return _FREQUENCY_NAMES.get(name, name)


def frequency_names(code: str) -> tuple[str, ...]:
    """All names of a frequency in lower case, its code first."""
    return (code, *(name for name, one in _FREQUENCY_NAMES.items() if one == code))


def frequency(code: str | None) -> str | None:
    """The address of a frequency, which the forms keep by its code in lower case."""
    code = frequency_code(code or "")
    if not re.fullmatch("[a-z0-9_]+", code):
        return None
    return f"{FREQUENCIES}{code.upper()}"


def language(locale: str) -> str | None:
    """The address of the language of a locale, such as ``fr`` or ``pt_BR``."""
    code = _LANGUAGES.get(locale.partition("_")[0].lower())
    return f"{AUTHORITY}language/{code}" if code else None


def licence(name: str | None) -> str:
    """The name that the portal's list has for a licence; any other as it is."""
    name = name or ""
    return _LICENCES.get(name.lower(), name)


def same_licence(name: str, url: str | None) -> str:
    """The name that our list has for a licence of another portal's list.

    :param name: its id there
    :param url: its address there, which says more than an id of somebody's own
    """
    known = licence(name)
    if known.lower() in LAWFUL:
        return known.lower()
    address = (url or "").lower()
    return next(
        (
            code
            for code, parts in _ADDRESSES.items()
            if all(part in address for part in parts)
        ),
        known,
    )


def licence_type(name: str | None) -> str | None:
    """What a licence asks for, as the address of its type in ADMS."""
    kind = LICENCE_TYPES.get(licence(name))
    return f"http://purl.org/adms/licencetype/{kind}" if kind else None


def themes(codes: Iterable[str]) -> list[str]:
    """The addresses of data themes."""
    return [f"{AUTHORITY}data-theme/{code}" for code in codes]


def nuts(departement: str | None) -> str | None:
    """The address of a département in the nomenclature of territorial units."""
    code = _NUTS.get(departement or "")
    return f"http://data.europa.eu/nuts/code/{code}" if code else None
