"""Pictures built to keep a decoder busy, or to fill its memory: small or lawful files.

`BOMBS` are made at first use: `for name, bomb in BOMBS.items(): bomb()`. None is larger
than what a visitor may send.
"""

import functools
import struct
import zlib
from collections.abc import Callable

from PIL import Image

from tests.support import heif_bombs
from tests.support.image_files import encoded, scene

ROOM = 19 * 2**20  # bytes for a bomb's filling; 20 MB are read


# --- JPEG --------------------------------------------------------------------

# One code for each table, a single 0 bit, so that any zeros mean: no difference (DC),
# end of block (AC), or the end of 16,384 blocks at once (AC of progressive ones).
END_OF_BLOCK, END_OF_MANY = 0x00, 0xE0


def _table(kind: int, symbol: int) -> bytes:
    return bytes([kind, 1]) + bytes(15) + bytes([symbol])


def _segment(marker: int, content: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def _frame(width: int, height: int, *, sof: int, colours: int = 3) -> bytes:
    each = b"".join(bytes([n, 0x11, 0]) for n in range(1, colours + 1))
    header = struct.pack(">BHHB", 8, height, width, colours) + each
    end = END_OF_MANY if sof == 0xC2 else END_OF_BLOCK
    tables = _segment(0xDB, b"\0" + bytes([1] * 64))
    tables += _segment(0xC4, _table(0x00, 0) + _table(0x10, end))
    return b"\xff\xd8" + tables + _segment(sof, header)


def _scan(
    colours: list[int], first: int, last: int, bits: int, content: bytes
) -> bytes:
    each = b"".join(bytes([n, 0]) for n in colours)
    spectrum = bytes([first, last, bits])
    return _segment(0xDA, bytes([len(colours)]) + each + spectrum) + content


def _jpeg_of_scans(width: int, height: int, repeats: int) -> bytes:
    """A progressive photo whose last scan comes again and again."""
    photo = encoded(scene(width, height), "JPEG", progressive=True, quality=30)
    last = photo[photo.rindex(b"\xff\xda") : -2]
    return photo[:-2] + last * repeats + b"\xff\xd9"


def _jpeg_of_refinements(width: int, height: int, scans: int) -> bytes:
    """Grey: each coefficient once, then scans that visit them all, for nothing."""
    few, blocks = bytes(64), bytes(width * height // 512 + 1)
    return (
        _frame(width, height, sof=0xC2, colours=1)
        + _scan([1], 0, 0, 0x01, blocks)
        + _scan([1], 1, 63, 0x01, few)
        + _scan([1], 1, 63, 0x10, few) * scans
        + b"\xff\xd9"
    )


def scans_that_hide(side: int, scans: int) -> bytes:
    """The same, with the mark of its end in a table before the scans."""
    table = _segment(0xC4, bytes([0x03, 2]) + bytes(15) + b"\xff\xd9")
    photo = _jpeg_of_refinements(side, side, scans)
    at = photo.index(b"\xff\xda", photo.index(b"\xff\xda") + 2)
    return photo[:at] + table + photo[at:]


def _jpeg_of_single_colours(side: int, repeats: int) -> bytes:
    """Sequential, one colour at a time, many times over: an empty block is two bits."""
    empty = bytes(side * side // 256 + 1)
    scans = b"".join(_scan([n], 0, 63, 0, empty) for n in (1, 2, 3))
    return _frame(side, side, sof=0xC0) + scans * repeats + b"\xff\xd9"


def _jpeg_arithmetic(side: int) -> bytes:
    """Coded arithmetically, and of nothing: the decoder makes up what is missing."""
    frame = _frame(side, side, sof=0xC9)
    return frame + _scan([1, 2, 3], 0, 63, 0, bytes(2**16)) + b"\xff\xd9"


def _jpeg_with(metadata: bytes) -> bytes:
    return b"\xff\xd8" + metadata + encoded(scene(), "JPEG")[2:]


def _overlapping_ifd(room: int) -> bytes:
    """A TIFF directory each of whose entries claims all bytes of the file."""
    count = min(65_000, (room - 64) // 12)
    entries = b"".join(
        struct.pack("<HHII", tag, 7, room - 64, 8) for tag in range(1, count + 1)
    )
    ifd = b"II*\0" + struct.pack("<IH", 8, count) + entries + bytes(4)
    return ifd.ljust(room, b"\0")


def _jpeg_with_exif(content: bytes) -> bytes:
    return _jpeg_with(_segment(0xE1, b"Exif\0\0" + content))


def _jpeg_restarts(side: int) -> bytes:
    """100 megapixels of restart markers, one a block."""
    count = (side // 8) ** 2 - 1
    marks = b"".join(b"\0\xff" + bytes([0xD0 + n]) for n in range(8))
    blocks = (marks * (count // 8 + 1))[: 3 * count] + b"\0"
    frame = _frame(side, side, sof=0xC0) + _segment(0xDD, struct.pack(">H", 1))
    return frame + _scan([1, 2, 3], 0, 63, 0, blocks) + b"\xff\xd9"


# --- PNG ---------------------------------------------------------------------


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def _png_with(chunks: bytes) -> bytes:
    photo = encoded(scene(), "PNG")
    return photo[:33] + chunks + photo[33:]


def _png_times(chunk: bytes, room: int = ROOM) -> bytes:
    return _png_with(chunk * (room // len(chunk)))


def _deflated(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


def _png_idat_bomb() -> bytes:
    """One pixel, and zeros for a billion."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    squeeze = zlib.compressobj(9)
    zeros = b"".join(squeeze.compress(bytes(2**24)) for _ in range(64))
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zeros + squeeze.flush())
    return b"\x89PNG\r\n\x1a\n" + body + _chunk(b"IEND", b"")


def _png_largest() -> bytes:
    """16 megapixels of 16 bits, interlaced, as slow as PNG gets."""
    header = struct.pack(">IIBBBBB", 4000, 4000, 16, 6, 0, 0, 1)
    lines = bytearray()
    for across, down in ((8, 8), (8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (1, 2)):
        line = b"\x04" + bytes(4000 // across * 8)  # Paeth's filter
        lines += line * (4000 // down)
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines, 1))
    return b"\x89PNG\r\n\x1a\n" + body + _chunk(b"IEND", b"")


# --- GIF ---------------------------------------------------------------------


def _gif_with(blocks: bytes) -> bytes:
    photo = encoded(Image.new("L", (64, 48)), "GIF")
    frame = photo.index(b",\0\0\0\0")
    return photo[:frame] + blocks + photo[frame:]


def _gif_of_clears() -> bytes:
    """LZW that begins anew with each code, and never gets to a pixel."""
    head = b"GIF89a" + struct.pack("<HHBBB", 4000, 4000, 0xF0, 0, 0) + bytes(6)
    block = b"\xff" + b"\x24\x49\x92" * 85  # codes of 3 bits, 100 each: clear
    frame = b"," + struct.pack("<HHHHB", 0, 0, 4000, 4000, 0) + b"\x02"
    return head + frame + block * (ROOM // len(block)) + b"\0;"


# --- WebP, BMP, TIFF ---------------------------------------------------------


def _webp_of_frames(size: int, most: int) -> bytes:
    first = Image.new("RGB", (size, size))
    later = [Image.new("RGB", (size, size), (n, 0, 0)) for n in (90, 180)]
    film = encoded(first, "WEBP", save_all=True, append_images=later, lossless=True)
    at = film.rindex(b"ANMF")
    frame = film[at:]
    film += frame * min(most, (ROOM - len(film)) // len(frame))
    return film[:4] + struct.pack("<I", len(film) - 8) + film[8:]


def _bmp_of_runs() -> bytes:
    """Run lengths that run nowhere: each moves by nothing."""
    runs = b"\0\x02\0\0" * (ROOM // 4)
    header = struct.pack("<IiiHHIIiiII", 40, 4000, 4000, 1, 8, 1, len(runs), 0, 0, 0, 0)
    start = 14 + 40 + 1024
    file = struct.pack("<2sIHHI", b"BM", start + len(runs), 0, 0, start)
    return file + header + bytes(1024) + runs


def _tiff(entries: list[tuple[int, int, int, int]], rest: bytes) -> bytes:
    """Of (tag, type, count, value or offset); what they point to follows at 1000."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + bytes(4)
    return head.ljust(1000, b"\0") + rest


def _tiff_of_strips(count: int) -> bytes:
    """A strip for each row, each of one pixel."""
    ones = struct.pack("<I", 1) * count
    where = struct.pack("<I", 1000) * count
    return _tiff(
        [
            (256, 4, 1, 1),
            (257, 4, 1, count),
            (258, 3, 1, 8),
            (259, 3, 1, 1),
            (262, 3, 1, 1),
            (273, 4, count, 1000),
            (278, 4, 1, 1),
            (279, 4, count, 1000 + 4 * count),
        ],
        where + ones,
    )


def _tiff_of_tiles(count: int) -> bytes:
    """Tiles of one pixel."""
    width = 1000
    return _tiff(
        [
            (256, 4, 1, width),
            (257, 4, 1, count // width),
            (258, 3, 1, 8),
            (259, 3, 1, 1),
            (262, 3, 1, 1),
            (322, 4, 1, 1),
            (323, 4, 1, 1),
            (324, 4, count, 1000),
            (325, 4, count, 1000 + 4 * count),
        ],
        struct.pack("<I", 1000) * count + struct.pack("<I", 1) * count,
    )


def _tiff_of_jpeg(side: int, repeats: int) -> bytes:
    """The JPEG of many scans, in a TIFF."""
    jpeg = _jpeg_of_scans(side, side, repeats)
    return _tiff(
        [
            (256, 4, 1, side),
            (257, 4, 1, side),
            (258, 3, 1, 8),
            (259, 3, 1, 7),
            (262, 3, 1, 6),
            (273, 4, 1, 1000),
            (277, 3, 1, 3),
            (278, 4, 1, side),
            (279, 4, 1, len(jpeg)),
        ],
        jpeg,
    )


def _tiff_chain(count: int) -> bytes:
    """Directories that follow one another, the last one the first again."""
    body = bytearray(encoded(scene(), "TIFF"))
    first = struct.unpack_from("<I", body, 4)[0]
    entries = struct.unpack_from("<H", body, first)[0]
    ifd = bytes(body[first : first + 2 + 12 * entries])
    struct.pack_into("<I", body, first + len(ifd), len(body))
    for n in range(1, count + 1):
        follows = first if n == count else len(body) + len(ifd) + 4
        body += ifd + struct.pack("<I", follows)
    return bytes(body)


BOMBS: dict[str, Callable[[], bytes]] = {
    "scans.jpg": lambda: _jpeg_of_scans(2000, 2000, 12_000),
    "scans-small.jpg": lambda: _jpeg_of_scans(256, 256, 12_000),
    "scans-within-limit.jpg": lambda: _jpeg_of_scans(4000, 4000, 10),
    "refinements.jpg": lambda: _jpeg_of_refinements(4000, 4000, 2000),
    "refinements-hidden.jpg": lambda: scans_that_hide(4000, 2000),
    "refinements-within-limit.jpg": lambda: _jpeg_of_refinements(4000, 4000, 17),
    "refinements-large.jpg": lambda: _jpeg_of_refinements(7000, 7000, 17),
    "refinements-no-end.jpg": lambda: _jpeg_of_refinements(4000, 4000, 17)[:-2],
    "scans-no-end.jpg": lambda: _jpeg_of_scans(4000, 4000, 150)[:-2],
    "single-colours.jpg": lambda: _jpeg_of_single_colours(1000, 1500),
    "arithmetic.jpg": lambda: _jpeg_arithmetic(4000),
    "comments.jpg": lambda: _jpeg_with(_segment(0xFE, b"") * (ROOM // 4)),
    "tables.jpg": lambda: _jpeg_with(_segment(0xC4, _table(0, 0) * 3600) * 290),
    "filling.jpg": lambda: _jpeg_with(b"\xff" * ROOM),
    "restarts.jpg": lambda: _jpeg_restarts(10_000),
    "exif-overlap.jpg": lambda: _jpeg_with_exif(_overlapping_ifd(65_000)),
    "exif-repeats.jpg": lambda: _jpeg_with(
        _segment(0xE1, b"Exif\0\0II*\0") * (ROOM // 14)
    ),
    "mpo-overlap.jpg": lambda: _jpeg_with(
        _segment(0xE2, b"MPF\0" + _overlapping_ifd(65_000))
    ),
    "chunks.png": lambda: _png_times(_chunk(b"teXt", b"")),
    "texts.png": lambda: _png_times(_chunk(b"zTXt", b"a\0\0" + _deflated(2**20))),
    "profiles.png": lambda: _png_times(_chunk(b"iCCP", b"a\0\0" + _deflated(2**20))),
    "exif-overlap.png": lambda: _png_with(_chunk(b"eXIf", _overlapping_ifd(ROOM))),
    "idat.png": _png_idat_bomb,
    "largest.png": _png_largest,
    "comments.gif": lambda: _gif_with(b"!\xfe" + b"\x01a" * (ROOM // 2) + b"\0"),
    "extensions.gif": lambda: _gif_with(b"!\x01\x01a\0" * (ROOM // 5)),
    "clears.gif": _gif_of_clears,
    "frames.webp": lambda: _webp_of_frames(16, 10**6),
    "frames-large.webp": lambda: _webp_of_frames(4000, 10**6),
    "runs.bmp": _bmp_of_runs,
    "strips.tiff": lambda: _tiff_of_strips(ROOM // 8),
    "tiles.tiff": lambda: _tiff_of_tiles(2_000_000),
    "scans.tiff": lambda: _tiff_of_jpeg(2000, 12_000),
    "chain.tiff": lambda: _tiff_chain(100_000),
    "tags.tiff": functools.partial(_overlapping_ifd, ROOM),
    "tiles.avif": lambda: heif_bombs.grid("AVIF", 62, 64),
    "tiles.heic": lambda: heif_bombs.grid("HEIF", 31, 128),
    "tiles-large.avif": lambda: heif_bombs.grid("AVIF", 111, 64),
    "tiles-large.heic": lambda: heif_bombs.grid("HEIF", 31, 224),
    "repeated.avif": lambda: heif_bombs.repeated("AVIF", 2000, 1000),
    "repeated.heic": lambda: heif_bombs.repeated("HEIF", 2000, 30),
}
