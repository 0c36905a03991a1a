"""Photographs as they come in: the picture is kept, and everything a camera or a program wrote beside it is not.

A JPEG, PNG or WebP file is a list of parts. Only the parts a picture is drawn from are copied, by a list of those, so
that what we have never heard of goes too: place, time, camera, owner, thumbnails, colour profiles (a screen's profile
names its owner's computer), whatever follows the end. Of EXIF one fact is written anew, which way up the picture is.
Nothing is drawn here; pixels stay as they are, bit by bit. Pure: no database, no library of pictures.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from troth.policy.errors import TrothError

LARGEST: Final = 5 * 1024 * 1024  # bytes of one file
MOST_PIXELS: Final = 50_000_000  # what a good telephone takes; a small file can claim far more than a browser can draw
LONGEST_SIDE: Final = 16_000
MOST_DRAWN: Final = 200_000_000  # bytes a PNG may unfold to
MOST_PARTS: Final = 4_000
MOST_SCANS: Final = 64  # a progressive JPEG has about ten; one with thousands is made to keep browsers busy
UPRIGHT: Final = 1


class BadPicture(TrothError, ValueError):
    """A file cannot be taken as a picture. Says why, and what would do; never repeats anything of it."""


class Picture(NamedTuple):
    """A picture without anything beside it."""

    kind: str  # jpeg, png or webp
    width: int  # the right way up
    height: int
    content: bytes

    @property
    def type(self) -> str:
        """Return the media type it is served as."""
        return f"image/{self.kind}"


def stripped(content: bytes) -> Picture:
    """Return a picture without its metadata. Doing it twice changes nothing. Raises BadPicture."""
    if len(content) > LARGEST:
        raise BadPicture(f"This picture is larger than {LARGEST >> 20} MB. Please send a smaller copy.")
    try:
        if content.startswith(b"\xff\xd8\xff"):
            return _jpeg(content)
        if content.startswith(PNG):
            return _png(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _webp(content)
    except (struct.error, IndexError, zlib.error):
        raise _broken() from None
    raise BadPicture("We can take pictures as JPEG, PNG or WebP files. Please save it as one of these.")


def _broken() -> BadPicture:
    return BadPicture("This picture is not whole: a part of the file is missing or damaged. Please send it again.")


def _upright(size: tuple[int, int], turn: int) -> tuple[int, int]:
    return (size[1], size[0]) if turn > 4 else size


def _sized(width: int, height: int) -> tuple[int, int]:
    if not width or not height:
        raise _broken()
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        most = MOST_PIXELS // 1_000_000
        raise BadPicture(f"This picture has more than {most} million dots. Please send a smaller copy.")
    return width, height


# -- which way up ------------------------------------------------------------------------------------------------------


def turn_in(exif: bytes) -> int:
    """Return which way up a picture is (EXIF 2.32, tag 0x0112: 1 to 8); upright where it does not say it well.

    >>> turn_in(turned(6)), turn_in(b"nonsense")
    (6, 1)
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    try:
        if order:
            (first,) = struct.unpack_from(order + "I", exif, 4)
            (count,) = struct.unpack_from(order + "H", exif, first)
            for entry in range(min(count, 200)):
                tag, kind, _, value = struct.unpack_from(order + "HHIH", exif, first + 2 + 12 * entry)
                if tag == 0x0112 and kind == 3 and 1 <= value <= 8:
                    return int(value)
    except struct.error:
        pass
    return UPRIGHT


def turned(turn: int) -> bytes:
    """Return EXIF data that says which way up a picture is, and nothing else."""
    return struct.pack(">4sIHHHIHHI", b"MM\0*", 8, 1, 0x0112, 3, 1, turn, 0, 0)


# -- JPEG (ITU-T T.81) -------------------------------------------------------------------------------------------------

SOI, EOI, SOS, APP0, APP1, APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE
FRAMES: Final = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive: what browsers draw
TABLES: Final = {0xC4, 0xDB, 0xDD}  # Huffman, quantisation, restart interval
MARKER = re.compile(
    rb"\xff[^\x00\xd0-\xd7\xff]"
)  # the next one after a scan: in it, 0xFF is followed by 0 or a restart
EXIF: Final = b"Exif\0\0"


def _jpeg(content: bytes) -> Picture:
    kept, turn, size, scans = [b"\xff\xd8"], UPRIGHT, (0, 0), 0
    for mark, body, scan in _segments(content):
        if mark == APP1 and body.startswith(EXIF):
            turn = turn_in(body[len(EXIF) :])
        if mark in FRAMES:
            if size != (0, 0):
                raise _broken()
            height, width = struct.unpack_from(">HH", body, 1)
            size = _sized(width, height)
        scans += mark == SOS
        kept.append(_of_the_picture(mark, body) + scan)
    if not scans or size == (0, 0) or scans > MOST_SCANS:
        raise _broken()
    kept = [part for part in kept if part]
    if turn != UPRIGHT:  # after JFIF, which wants to be first where there is one
        kept.insert(2 if kept[1].startswith(b"\xff\xe0") else 1, _segment(APP1, EXIF + turned(turn)))
    return Picture("jpeg", *_upright(size, turn), b"".join([*kept, b"\xff\xd9"]))


def _of_the_picture(mark: int, body: bytes) -> bytes:
    """Return a segment as far as the picture is drawn from it."""
    if mark == APP0 and body.startswith(b"JFIF\0"):  # says how colours are to be read; without its thumbnail
        return _segment(APP0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    if mark == APP14 and body.startswith(b"Adobe") and len(body) >= 12:  # the same
        return _segment(APP14, b"Adobe\0\x64\0\0\0\0" + body[11:12])
    return _segment(mark, body) if mark in FRAMES | TABLES | {SOS} else b""


def _segment(mark: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, mark, len(body) + 2) + body


def _segments(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield each segment up to the end of the picture: its marker, its body and, of a scan, what follows it."""
    at, frame = 2, False
    for _ in range(MOST_PARTS):
        if content[at] != 0xFF:
            raise _broken()
        while content[at + 1] == 0xFF:  # any number of these may stand before a marker
            at += 1
        mark = content[at + 1]
        at += 2
        if mark == EOI:
            return
        (length,) = struct.unpack_from(">H", content, at)
        body = content[at + 2 : at + length]
        if length < 2 or len(body) != length - 2 or mark < 0xC0 or mark == SOI:
            raise _broken()
        at += length
        scan = b""
        if mark == SOS:
            found = MARKER.search(content, at)
            if not frame or found is None or found.start() == at:
                raise _broken()
            scan = content[at : found.start()].rstrip(b"\xff")  # fill before a marker is no part of the picture
            at = found.start()
        elif 0xC0 <= mark <= 0xCF and mark not in TABLES | FRAMES | {0xC8, 0xCC}:
            raise BadPicture("This JPEG is of a rare kind that browsers cannot show. Please save it anew.")
        frame = frame or mark in FRAMES
        yield mark, body, scan
    raise _broken()


# -- PNG (W3C Portable Network Graphics, third edition) ----------------------------------------------------------------

PNG: Final = b"\x89PNG\r\n\x1a\n"
DRAWN: Final = {b"IHDR": 13, b"PLTE": 768, b"tRNS": 256}  # and how long each may be
SAMPLES: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # colour type to samples a dot
PASSES: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _png(content: bytes) -> Picture:
    kept, data, turn, header = [PNG], [], UPRIGHT, b""
    for name, body in _chunks(content):
        if name == b"IHDR":
            if header or len(body) != 13:
                raise _broken()
            header = body
            _sized(*struct.unpack_from(">II", body))
        elif not header:
            raise _broken()
        if name == b"eXIf":
            turn = turn_in(body)
        elif name == b"IDAT":
            data.append(body)
        elif name in DRAWN and len(body) <= DRAWN[name]:
            kept.append(_chunk(name, body))
    _unfolds(data, _drawn(header))
    if turn != UPRIGHT:
        kept.insert(2, _chunk(b"eXIf", turned(turn)))
    kept += [_chunk(b"IDAT", b"".join(data)), _chunk(b"IEND", b"")]
    width, height = struct.unpack_from(">II", header)
    return Picture("png", *_upright((width, height), turn), b"".join(kept))


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(PNG)
    for _ in range(MOST_PARTS):
        length, name = struct.unpack_from(">I4s", content, at)
        body = content[at + 8 : at + 8 + length]
        (check,) = struct.unpack_from(">I", content, at + 8 + length)
        if zlib.crc32(name + body) != check:
            raise _broken()
        yield name, body
        if name == b"IEND":
            return
        at += 12 + length
    raise _broken()


def _drawn(header: bytes) -> int:
    """Return how many bytes a picture unfolds to: for each row its dots, and one byte that says how they are told."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if colour not in SAMPLES or depth not in (1, 2, 4, 8, 16) or interlaced > 1:
        raise _broken()
    bits = SAMPLES[colour] * depth
    passes = PASSES if interlaced else ((0, 0, 1, 1),)
    sizes = ((-(-(width - left) // across), -(-(height - top) // down)) for left, top, across, down in passes)
    size = sum(tall * (1 + -(-wide * bits // 8)) for wide, tall in sizes if wide > 0 and tall > 0)
    if size > MOST_DRAWN:
        raise BadPicture("This picture unfolds to more than we can take. Please save it as a JPEG.")
    return int(size)


def _unfolds(data: list[bytes], size: int) -> None:
    """See that the rows are all there, and no more than the header says. Keeps no more than a piece in memory."""
    folded, left = zlib.decompressobj(), size
    waiting = b"".join(data)
    while left >= 0 and not folded.eof:
        piece = folded.decompress(waiting, 1 << 20)
        waiting = folded.unconsumed_tail
        left -= len(piece)
        if not piece and not waiting and not folded.eof:
            break
    if left != 0 or not folded.eof or folded.unused_data:
        raise _broken()


# -- WebP (RFC 9649) ---------------------------------------------------------------------------------------------------

MOVING, HAS_EXIF, HAS_ALPHA = 0x02, 0x08, 0x10


def _webp(content: bytes) -> Picture:
    parts: dict[bytes, bytes] = {}
    for name, body in _parts(content):
        parts.setdefault(name, body)
    wide, simple, lossless = parts.get(b"VP8X"), parts.get(b"VP8 "), parts.get(b"VP8L")
    if wide and wide[0] & MOVING:
        raise BadPicture("This picture moves. Please send one that stands still.")
    if (simple is None) == (lossless is None):
        raise _broken()
    size = _sized(*(_lossy(simple) if simple is not None else _lossless(lossless or b"")))
    alpha = b"ALPH" in parts and simple is not None
    turn = turn_in(parts.get(b"EXIF", b"").removeprefix(EXIF)) if wide else UPRIGHT
    image = [(b"VP8 ", simple)] if simple is not None else [(b"VP8L", lossless or b"")]
    if wide:
        if (int.from_bytes(wide[4:7], "little") + 1, int.from_bytes(wide[7:10], "little") + 1) != size:
            raise _broken()
        flags = wide[0] & HAS_ALPHA | (HAS_EXIF if turn != UPRIGHT else 0)
        frame = b"".join((side - 1).to_bytes(3, "little") for side in size)
        image = [(b"VP8X", bytes([flags, 0, 0, 0]) + frame), *([(b"ALPH", parts[b"ALPH"])] if alpha else []), *image]
        image += [(b"EXIF", turned(turn))] if turn != UPRIGHT else []
    body = b"".join(name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in image)
    return Picture("webp", *_upright(size, turn), b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)


def _parts(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    (length,) = struct.unpack_from("<I", content, 4)
    end, at = 8 + length, 12
    if end > len(content):
        raise _broken()
    for _ in range(MOST_PARTS):
        if at >= end:
            return
        name, size = struct.unpack_from("<4sI", content, at)
        if at + 8 + size > end:
            raise _broken()
        yield name, content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    raise _broken()


def _lossy(body: bytes) -> tuple[int, int]:
    """Return the size a VP8 frame says it has (RFC 6386, 9.1)."""
    if body[0] & 1 or body[3:6] != b"\x9d\x01\x2a":
        raise _broken()
    first = int.from_bytes(body[:3], "little") >> 5  # bytes of the first partition
    if 10 + first > len(body):
        raise _broken()
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF


def _lossless(body: bytes) -> tuple[int, int]:
    if body[0] != 0x2F:
        raise _broken()
    bits = int.from_bytes(body[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
