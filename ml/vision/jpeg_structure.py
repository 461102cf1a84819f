"""What a JPEG's segments say, before any decoder is trusted with it.

A JPEG is the one kind of picture whose work can be known by looking: its frame and its
scans tell. What cameras and programs write beside the pixels is left out, for it costs
time and memory of its own (EXIF whose entries overlap, a million comments).
"""

import struct
from dataclasses import dataclass

MAX_SEGMENTS = 1000  # before the first scan; cameras write up to some two hundred
MAX_TABLE_BYTES = 2**16  # encoders write less than 2,000
QUICK_SCANS = 20  # each visits every block; encoders write 10, optimisers up to 13
MAX_SCANS = 200  # nobody writes so many but to keep a decoder busy

END = b"\xff\xd9"

_SCAN, _EXIF = 0xDA, 0xE1
_SEQUENTIAL = {0xC0, 0xC1}  # coded by Huffman, as are progressive ones
_FRAMES = _SEQUENTIAL | {0xC2}
_TABLES = {0xC4, 0xDB, 0xDD}  # Huffman's, the quantisation's; the restart interval
_COLOURS = {0xE0, 0xEE}  # JFIF and Adobe say how the colours are meant
_ARITHMETIC = {0xC9, 0xCA}
_ANY_FRAME = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_KEPT = _FRAMES | _TABLES | _COLOURS
_DROPPED = {*range(0xE0, 0xF0), 0xFE} - _COLOURS
_SHORT, _LONG = 3, 4  # EXIF's types of numbers


@dataclass(frozen=True)
class Jpeg:
    width: int  # as stored, not turned yet
    height: int
    colours: int  # 1, 3 or 4
    streams: bool  # the decoder lets go of each row, so shrinking saves memory
    orientation: int  # EXIF's, 1 to 8
    bare: bytes  # the same picture without its metadata


def read(data: bytes) -> Jpeg | None:
    """A JPEG of 8 bits, coded by Huffman and built as usual, with its end; None for
    anything else.

    One that does not stream is progressive, or sends its colours one after the other:
    its decoder keeps every coefficient until the last scan, 2 bytes for each.
    """
    segments, scan_at = _segments(data)
    frames = [content for marker, content in segments if marker in _FRAMES]
    kept = [content for marker, content in segments if marker in _KEPT]
    if (
        not scan_at
        or len(frames) != 1
        or any(marker not in _KEPT | _DROPPED for marker, _content in segments)
        or sum(map(len, kept)) > MAX_TABLE_BYTES
        or data.rfind(END, scan_at) < 0
    ):
        return None
    marker, _length, bits, height, width, colours = struct.unpack_from(
        ">xBHBHHB", frames[0].ljust(10, b"\0")
    )
    if bits != 8 or colours not in {1, 3, 4}:
        return None
    streams = marker in _SEQUENTIAL and data[scan_at + 4] == colours
    if not streams and data.count(b"\xff\xda", scan_at) > QUICK_SCANS:
        return None
    exifs = [content[10:] for _marker, content in segments if _is_exif(content)]
    orientation = exif_orientation(exifs[0]) if exifs else 1
    bare = b"".join([b"\xff\xd8", *kept, memoryview(data)[scan_at:]])
    return Jpeg(width, height, colours, streams, orientation, bare)


def has_too_many_scans(data: bytes) -> bool:
    """Of the picture itself: what follows its end is not read."""
    _found, scan_at = _segments(data)
    if not scan_at:
        return False
    end = data.find(b"\xff\xd9", scan_at)
    return data.count(b"\xff\xda", scan_at, end if end > 0 else None) > MAX_SCANS


def lacks_end(data: bytes) -> bool:
    """No mark of its end follows the pixels, nor zeros instead of what was lost."""
    _found, scan_at = _segments(data)
    is_filled = data.endswith(bytes(16))
    return bool(scan_at) and data.rfind(END, scan_at) < 0 and not is_filled


def has_all_scans(data: bytes) -> bool:
    """Its scans say that together they bring each coefficient of each colour, with all
    its bits; whether the last one is whole they do not."""
    segments, at = _segments(data)
    frame = next((content for kind, content in segments if kind in _ANY_FRAME), b"")
    missing = {(colour, n) for colour in frame[10::3] for n in range(64)}
    while at > 0:
        count = data[at + 4]
        colours, spectrum = data[at + 5 : at + 5 + 2 * count : 2], at + 5 + 2 * count
        first, last, bits = data[spectrum : spectrum + 3].ljust(3, b"\xff")
        if bits & 15 == 0:  # it goes down to the last bit
            missing -= {(c, n) for c in colours for n in range(first, last + 1)}
        at = data.find(b"\xff\xda", spectrum)
    return bool(frame) and not missing


def is_rare(data: bytes) -> bool:
    """Of more than 8 bits, lossless, or otherwise as no usual decoder reads it."""
    segments, _scan_at = _segments(data)
    frames = [(kind, content) for kind, content in segments if kind in _ANY_FRAME]
    usual = _FRAMES | _ARITHMETIC
    return any(kind not in usual or content[4:5] != b"\x08" for kind, content in frames)


def exif_orientation(tiff: bytes) -> int:
    """1 to 8; anything unreadable or out of range counts as upright."""
    order = ">" if tiff.startswith(b"MM") else "<"
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(f"{order}HH", tiff, at)
            if tag == 0x0112 and kind in {_SHORT, _LONG}:
                size = "H" if kind == _SHORT else "I"
                (value,) = struct.unpack_from(f"{order}{size}", tiff, at + 8)
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:  # it ends too early
        pass
    return 1


def _is_exif(segment: bytes) -> bool:
    return segment[1] == _EXIF and segment[4:10] == b"Exif\0\0"


def _segments(data: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """Each marker with its segment, and where the first scan begins; 0 if nowhere."""
    found: list[tuple[int, bytes]] = []
    at = 2 if data.startswith(b"\xff\xd8\xff") else len(data)
    for _turn in range(MAX_SEGMENTS):
        if len(data) < at + 10 or data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker == _SCAN:
            return found, at
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        found.append((marker, data[at:end]))
        at = end
    return found, 0
