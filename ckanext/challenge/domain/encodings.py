"""In which encoding a French text is written that does not say so."""

from __future__ import annotations

import codecs
from collections.abc import Mapping

#: How texts begin that say it, and their encoding as Python names it.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # The longer one first: UTF-32's begins like UTF-16's.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What offices of Western Europe write when it is not UTF-8. The last one reads
#: anything.
OLD_ENCODINGS = ("windows-1252", "iso-8859-15")
#: What Excel on an old Mac and DOS write: any bytes are text in them, too.
_OLDER_ENCODINGS = ("macintosh", "cp850")
#: What stands in French texts beside ASCII, by how often it does, roughly. What one
#: encoding has in the place of another's capital is no likelier than this capital, and
#: the small letter in the place of another capital is as likely: `»` is È, `ô` is Ù.
_FRENCH = {
    **dict.fromkeys("äöüÿæÄÖÜÆŸ‘“”–—…§²³", 1),
    **dict.fromkeys("âàçèêëîïôùûÂÀÇÈÉÊËÎÏÔÙÛŒ€«»’°œ\u00a0", 3),
    "é": 8,
}


def likeliest_encoding(letters: Mapping[int, int]) -> str:
    """The encoding in which bytes are most French; the one of today, if several.

    :param letters: how often each byte above 127 is there
    """

    def weight(encoding: str) -> int:
        return sum(
            count * _FRENCH.get(bytes([byte]).decode(encoding, "replace"), 0)
            for byte, count in letters.items()
        )

    return max((OLD_ENCODINGS[0], *_OLDER_ENCODINGS), key=weight)
