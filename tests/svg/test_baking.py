"""Pictures that carry a credential, and files of whoever wants to break what reads."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from ckanext.challenge.svg.badge import badge_document
from ckanext.challenge.svg.baking import (
    MAX_FILE,
    NAMESPACE,
    Unreadable,
    bake_png,
    bake_svg,
    carried,
)
from ckanext.challenge.svg.raster import png

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJkaWQ6d2ViOmV4YW1wbGUifQ.c2lnbmF0dXJl-_"
DRAWING = badge_document({"badge": "engagee", "title": "Engagée"}, "Baule & <co>", "fr")
PICTURE = png(DRAWING, 240)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:o="{}">{}</svg>'


def chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def with_itxt(text: bytes, *, compressed: bool = False, keyword: str = "") -> bytes:
    name = (keyword or "openbadgecredential").encode()
    data = name + b"\0" + bytes([compressed, 0]) + b"\0\0"
    data += zlib.compress(text, 9) if compressed else text
    return PICTURE[:33] + chunk(b"iTXt", data) + PICTURE[33:]


def test_a_baked_drawing_is_still_the_drawing() -> None:
    baked = bake_svg(DRAWING, JWT)
    root = etree.fromstring(baked)
    first = root[0]
    assert first.tag == f"{{{NAMESPACE}}}credential"
    assert first.get("verify") == JWT
    root.remove(first)
    assert [child.tag for child in root] == [
        child.tag for child in etree.fromstring(DRAWING)
    ]
    # Drawn, it looks the same: what is carried is not shown.
    assert png(baked, 240) == PICTURE
    assert carried(baked.encode()) == JWT


def test_a_baked_png_is_still_the_picture() -> None:
    baked = bake_png(PICTURE, JWT)
    assert baked[:33] == PICTURE[:33]
    # Uncompressed, as the standard asks: the text itself stands in the file.
    assert JWT.encode() in baked
    assert carried(baked) == JWT


@pytest.mark.parametrize("credential", ["", "a.b", 'a.b.c" onload="alert(1)', "{}"])
def test_only_a_jwt_is_baked(credential: str) -> None:
    with pytest.raises(ValueError, match="credential"):
        bake_svg(DRAWING, credential)
    with pytest.raises(ValueError, match="credential"):
        bake_png(PICTURE, credential)


@pytest.mark.parametrize(
    "content",
    [
        f"  {JWT}\n".encode(),
        b"\xef\xbb\xbf" + JWT.encode(),
        with_itxt(JWT.encode(), compressed=True),
        SVG.format(NAMESPACE, f"<g/><o:credential> {JWT} </o:credential>").encode(),
        SVG.format(NAMESPACE, f"<o:credential><![CDATA[{JWT}]]></o:credential>").encode(
            "utf-16"
        ),
        SVG.format(
            NAMESPACE, f'<o:credential verify="{JWT}"/><o:credential verify="x"/>'
        ).encode(),
    ],
    ids=["text", "mark", "compressed", "element", "utf-16", "the first of two"],
)
def test_what_other_tools_make_is_read_too(content: bytes) -> None:
    assert carried(content) == JWT


LAUGHS = '<!DOCTYPE s [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + SVG.format(
    NAMESPACE, "<o:credential>&b;</o:credential>"
)
OUTSIDE = '<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + SVG.format(
    NAMESPACE, "<o:credential>&a;</o:credential>"
)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (PICTURE, "empty"),
        (DRAWING.encode(), "empty"),
        (with_itxt(JWT.encode(), keyword="Comment"), "empty"),
        (SVG.format("urn:other", '<o:credential verify="x"/>').encode(), "empty"),
        (PICTURE[:40], "broken"),
        (bake_png(PICTURE, JWT)[:-30], "broken"),
        (with_itxt(b"\xff\xfe"), "broken"),
        (bake_png(PICTURE, JWT).replace(b"eyJ", b"eyK", 1), "broken"),
        (bake_svg(DRAWING, JWT).encode()[:-9], "broken"),
        (b"<svg>" + b"\xff" * 9, "broken"),
        (b'<?xml version="1.0" encoding="klingon"?><svg/>', "broken"),
        (LAUGHS.encode(), "broken"),
        (OUTSIDE.encode(), "broken"),
        (b"\xff\xd8\xff\xe0 a photo", "unknown"),
        (b"PK\x03\x04\0\0", "unknown"),
        (with_itxt(b"A" * 20_000_000, compressed=True), "too_large"),
        (b"A" * (MAX_FILE + 1), "too_large"),
    ],
)
def test_what_carries_nothing_is_refused_with_the_reason(
    content: bytes, why: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        carried(content)
    assert caught.value.why == why


@pytest.mark.seconds(1)
def test_what_is_deep_or_wide_takes_no_memory() -> None:
    deep = b"<svg>" + b"<g>" * 400_000 + b"</g>" * 200_000
    wide = b"<svg>" + b"<g/>" * 400_000 + b"</svg>"
    for content, why in ((deep, "broken"), (wide, "empty")):
        tracemalloc.start()
        with pytest.raises(Unreadable) as caught:
            carried(content)
        assert caught.value.why == why
        # The file itself is 2 MB.
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
        tracemalloc.stop()


@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(lambda tail: b"\x89PNG\r\n\x1a\n" + tail),
        st.binary(max_size=200).map(lambda tail: b"<svg" + tail),
        st.builds(
            lambda at, byte: (
                bake_png(PICTURE, JWT)[:at]
                + bytes([byte])
                + bake_png(PICTURE, JWT)[at + 1 :]
            ),
            st.integers(0, len(PICTURE)),
            st.integers(0, 255),
        ),
    )
)
def test_no_file_breaks_what_reads_it(content: bytes) -> None:
    try:
        assert carried(content)
    except Unreadable as refused:
        assert refused.why in ("too_large", "broken", "unknown", "empty")
