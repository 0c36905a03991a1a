"""Pictures lose what is written beside them and not one dot: Pillow says so, who knows nothing of how it is done."""

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, PngImagePlugin

from troth.doors import handling, handling_pictures
from troth.doors.handling_pictures import BadPicture, stripped

HIDDEN = b"Quokka Wombat, 51.5074N"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf>Quokka Wombat, 51.5074N</rdf></x:xmpmeta>'
MODES = {"JPEG": ["L", "RGB", "CMYK"], "PNG": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"], "WEBP": ["RGB", "RGBA"]}


def exif(turn=1):
    made = Image.Exif()
    made[0x0112], made[0x010E], made[0x9003] = turn, HIDDEN.decode(), "2026:11:26 12:00:00"
    made.get_ifd(0x8825)[1], made.get_ifd(0x8825)[2] = "N", (51.0, 30.0, 26.0)
    return made.tobytes()


def drawn(mode, width, height, seed):
    """Some picture: what is on it does not matter, as long as no two dots are alike by accident."""
    if mode == "I;16":
        return Image.frombytes("I;16", (width, height), bytes((seed + n * 7) % 256 for n in range(width * height * 2)))
    base = Image.frombytes("L", (width, height), bytes((seed + n * 37) % 256 for n in range(width * height)))
    if mode in ("1", "L", "P"):
        return base.convert(mode)
    bands = [base, base.rotate(90).resize(base.size), ImageOps.invert(base), base.point(lambda p: 255 - p // 2)]
    return Image.merge(mode, bands[: len(Image.new(mode, (1, 1)).getbands())])


def written(picture, kind, **how):
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def opened(content):
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


@st.composite
def photographs(draw):
    kind = draw(st.sampled_from(sorted(MODES)))
    mode = draw(st.sampled_from(MODES[kind]))
    picture = drawn(mode, draw(st.integers(1, 40)), draw(st.integers(1, 40)), draw(st.integers(0, 255)))
    turn = draw(st.integers(1, 8))
    how = {"exif": exif(turn), "icc_profile": b"\0" * 128 + HIDDEN}
    if kind == "JPEG":
        how |= {
            "progressive": draw(st.booleans()),
            "comment": HIDDEN,
            "xmp": XMP,
            "restart_marker_blocks": draw(st.sampled_from([0, 1])),
        }
        how |= {"subsampling": draw(st.sampled_from([0, 2]))} if mode == "RGB" else {}
    elif kind == "PNG":
        told = PngImagePlugin.PngInfo()
        told.add_text("Author", HIDDEN.decode())
        told.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=draw(st.booleans()))
        told.add(b"tIME", struct.pack(">HBBBBB", 2026, 11, 26, 12, 0, 0))
        told.add(b"prVt", HIDDEN)
        how |= {"pnginfo": told}
    else:
        how |= {"lossless": draw(st.booleans()), "xmp": XMP}
    after = draw(
        st.sampled_from([b"", b"MotionPhoto" + HIDDEN])
    )  # a film behind the picture, as some telephones put it
    return kind, turn, written(picture, kind, **how) + after


@given(photographs())
def test_every_dot_stays_and_nothing_else_does(photograph):
    kind, turn, content = photograph
    made = stripped(content)
    before, after = opened(content), opened(made.content)

    assert (after.mode, after.size, after.tobytes()) == (before.mode, before.size, before.tobytes())
    assert ImageOps.exif_transpose(after).tobytes() == ImageOps.exif_transpose(before).tobytes()
    assert dict(after.getexif()) == ({0x0112: turn} if turn > 1 else {})
    assert not after.getexif().get_ifd(0x8825)
    assert HIDDEN not in made.content
    assert HIDDEN[:6] not in made.content
    left = {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "dpi",
        "adobe",
        "adobe_transform",
        "exif",
        "progressive",
        "progression",
        "transparency",
        "loop",
        "background",
        "timestamp",
        "duration",
    }
    assert set(after.info) <= left
    assert (made.type, made.width, made.height) == (f"image/{kind.lower()}", *ImageOps.exif_transpose(before).size)


@given(photographs())
def test_doing_it_twice_changes_nothing(photograph):
    once = stripped(photograph[2])
    assert stripped(once.content) == once


@given(photographs(), st.data())
def test_a_part_of_a_picture_is_refused_in_words(photograph, data):
    _, _, content = photograph
    whole = stripped(content)
    cut = data.draw(st.integers(0, len(content) - 1))
    if cut < len(content.removesuffix(b"MotionPhoto" + HIDDEN)):
        with pytest.raises(BadPicture, match=r"\.$"):
            stripped(content[:cut])
    else:
        assert stripped(content[:cut]) == whole


@given(photographs(), st.data())
@settings(max_examples=200)
def test_a_damaged_file_is_a_picture_or_is_refused_and_never_anything_worse(photograph, data):
    content = bytearray(photograph[2])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        made = stripped(bytes(content))
    except BadPicture:
        return
    assert stripped(made.content) == made


@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBP", b"", b"GIF89a", b"<svg"]),
    st.binary(),
)
def test_what_is_no_picture_is_refused(begin, rest):
    with pytest.raises(BadPicture):
        stripped(begin + rest)


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, height, rows, depth=8):
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (png(60_000, 60_000, b""), "million dots"),
        (png(16_001, 1, bytes(48_004)), "million dots"),
        (png(7_000, 7_000, b"", depth=16), "JPEG"),  # 294 MB to draw
        (png(10, 10, bytes(50_000_000)), "not whole"),  # unfolds to a million times what its size says
        (png(10, 10, bytes(309)), "not whole"),
        (png(0, 10, b""), "not whole"),
        (b"\xff\xd8\xff" + bytes(6_000_000), "larger than 5 MB"),
        (written(drawn("RGB", 9, 9, 1), "PNG").replace(b"IDAT", b"IDAS"), "not whole"),
    ],
    ids=range(8),
)
def test_what_would_keep_a_reader_busy_is_refused_at_once_and_says_why(content, why):
    with pytest.raises(BadPicture, match=why):
        stripped(content)


def test_a_moving_picture_is_refused():
    frames = [drawn("RGB", 8, 8, seed) for seed in (1, 99)]
    with pytest.raises(BadPicture, match="moves"):
        stripped(written(frames[0], "WEBP", save_all=True, append_images=frames[1:]))


def test_thousands_of_scans_are_refused():
    content = written(drawn("L", 8, 8, 3), "JPEG", progressive=True)
    at = content.index(b"\xff\xda")
    with pytest.raises(BadPicture):
        stripped(content[:-2] + (content[at:-2]) * 100 + b"\xff\xd9")


def test_a_picture_comes_through_the_door_without_its_metadata_and_the_ledger_says_so():
    content = written(drawn("RGB", 12, 9, 5), "JPEG", exif=exif(6))
    made, facts = handling.STEPS["strip metadata"]("pictures.photos", content)
    assert (HIDDEN in content, HIDDEN in made, facts) == (True, False, {"metadata taken out": 1})
    assert handling.STEPS["strip metadata"]("pictures.photos", made) == (made, {})
    assert handling.STEPS["strip metadata"]("pictures.photos", None) == (None, {})


def test_the_way_up_is_read_in_either_byte_order_and_never_trusted():
    for order in ("<", ">"):
        head = {"<": b"II*\0", ">": b"MM\0*"}[order]
        entry = struct.pack(order + "IHHHIHH", 8, 1, 0x0112, 3, 1, 6, 0)
        assert handling_pictures.turn_in(head + entry) == 6
        assert handling_pictures.turn_in(head + struct.pack(order + "IHHHIHH", 8, 1, 0x0112, 3, 1, 9, 0)) == 1
        assert handling_pictures.turn_in(head + struct.pack(order + "I", 2**32 - 1)) == 1
