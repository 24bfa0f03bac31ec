"""What a file is that is not taken, as its owner calls it."""

from __future__ import annotations

from typing import Literal

Kind = Literal[
    "iphone", "picture", "word", "spreadsheet", "slides", "archive", "page", "other"
]

#: Of media types that say it.
_TYPES: dict[str, Kind] = {
    "application/msword": "word",
    "application/rtf": "word",
    "text/rtf": "word",
    "application/vnd.oasis.opendocument.text": "word",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "word",
    "application/vnd.ms-excel": "spreadsheet",
    "application/vnd.oasis.opendocument.spreadsheet": "spreadsheet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "spreadsheet",
    "text/csv": "spreadsheet",
    "application/vnd.ms-powerpoint": "slides",
    "application/vnd.oasis.opendocument.presentation": "slides",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (
        "slides"
    ),
    "application/x-7z-compressed": "archive",
    "application/x-rar": "archive",
    "application/gzip": "archive",
    "text/html": "page",
}
#: Of names, where the content is that of a container: a ZIP, or what CDF is.
_ENDS: dict[str, Kind] = {
    "doc": "word",
    "docm": "word",
    "docx": "word",
    "xls": "spreadsheet",
    "xlsm": "spreadsheet",
    "xlsx": "spreadsheet",
    "ppt": "slides",
    "pptx": "slides",
}
#: What the first files in a container of Office are called.
_PARTS: dict[bytes, Kind] = {
    b"word/": "word",
    b"xl/": "spreadsheet",
    b"ppt/": "slides",
}
#: The brands that High Efficiency pictures begin with.
_IPHONE = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


def kind_of(media_type: str, head: bytes, name: str = "") -> Kind:
    """Return what a file is.

    :param media_type: as libmagic says; it knows a container, not always what is in it
    :param head: the first kilobytes
    :param name: as it was sent, which tells apart only what the content does not
    """
    if media_type in ("image/heic", "image/heif", "image/heic-sequence") or (
        head[4:8] == b"ftyp" and head[8:12] in _IPHONE
    ):
        return "iphone"
    if media_type in _TYPES:
        return _TYPES[media_type]
    if media_type.startswith("image/"):
        return "picture"
    for part, kind in _PARTS.items():
        if head.startswith(b"PK") and part in head:
            return kind
    if head.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        end = name.rpartition(".")[2].lower()
        return _ENDS.get(end, "archive" if head.startswith(b"PK") else "other")
    return "other"
