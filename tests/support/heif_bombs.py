"""AVIF and HEIC that name the same bytes many times over, box by box."""

import struct
from typing import NamedTuple

from tests.support.image_files import encoded, scene


def _box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _inner(data: bytes, kind: bytes) -> bytes:
    """The first box of a kind, header and all, wherever it stands."""
    at = data.index(kind) - 4
    return data[at : at + struct.unpack_from(">I", data, at)[0]]


class Item(NamedTuple):
    kind: bytes
    extents: list[tuple[int, int]]  # within the payload: from, how many bytes
    properties: list[int]  # 1: the decoder's, 2: the whole size, 3: a tile's size


def _full_box(kind: bytes, *content: bytes, version: int = 0) -> bytes:
    return _box(kind, bytes([version, 0, 0, 0]), *content)


def _heif(kind: str, one: bytes, items: list[Item], side: int, tile: int) -> bytes:
    """A file of items, the first of which is the picture; of `one` comes the decoder's
    configuration. The payload is 8 bytes of a grid, then what `one` holds."""
    brand, config = {"AVIF": (b"avif", b"av1C"), "HEIF": (b"heic", b"hvcC")}[kind]
    rows = side // tile
    grid = struct.pack(">BBBBHH", 0, 0, rows - 1, rows - 1, side, side)
    start = 0
    for _turn in range(2):  # where the payload begins is known the second time
        head = _box(b"ftyp", brand, bytes(4), b"mif1", brand, b"miaf") + _full_box(
            b"meta",
            _full_box(b"hdlr", bytes(4), b"pict", bytes(13)),
            _full_box(b"pitm", struct.pack(">H", 1)),
            _locations(items, start),
            _full_box(b"iinf", struct.pack(">H", len(items)), _infos(items)),
            _tiles_of_first(items),
            _box(
                b"iprp",
                _box(b"ipco", _inner(one, config), _size(side), _size(tile)),
                _full_box(b"ipma", struct.pack(">I", len(items)), _uses(items)),
            ),
        )
        start = len(head) + 8
    return head + _box(b"mdat", grid, _inner(one, b"mdat")[8:])


def _size(side: int) -> bytes:
    return _full_box(b"ispe", struct.pack(">II", side, side))


def _locations(items: list[Item], start: int) -> bytes:
    each = b"".join(
        struct.pack(">HHH", number, 0, len(item.extents))
        + b"".join(struct.pack(">II", start + at, size) for at, size in item.extents)
        for number, item in enumerate(items, 1)
    )
    return _full_box(b"iloc", b"\x44\0", struct.pack(">H", len(items)), each)


def _infos(items: list[Item]) -> bytes:
    return b"".join(
        _full_box(b"infe", struct.pack(">HH", n, 0), item.kind, b"\0", version=2)
        for n, item in enumerate(items, 1)
    )


def _uses(items: list[Item]) -> bytes:
    return b"".join(
        struct.pack(">HB", n, len(item.properties)) + bytes(item.properties)
        for n, item in enumerate(items, 1)
    )


def _tiles_of_first(items: list[Item]) -> bytes:
    tiles = range(2, len(items) + 1)
    if not tiles:
        return b""
    uses = struct.pack(f">HH{len(tiles)}H", 1, len(tiles), *tiles)
    return _full_box(b"iref", _box(b"dimg", uses))


CODED = {"AVIF": b"av01", "HEIF": b"hvc1"}


def grid(kind: str, rows: int, tile: int) -> bytes:
    """A picture put together of tiles, all of which are the same bytes."""
    one = encoded(scene(tile, tile), kind)
    coded = Item(CODED[kind], [(8, len(_inner(one, b"mdat")) - 8)], [1, 3])
    items = [Item(b"grid", [(0, 8)], [2]), *[coded] * rows**2]
    return _heif(kind, one, items, rows * tile, tile)


def repeated(kind: str, side: int, times: int) -> bytes:
    """One picture, coded many times over by naming the same bytes."""
    one = encoded(scene(side, side), kind)
    extents = [(8, len(_inner(one, b"mdat")) - 8)] * times
    return _heif(kind, one, [Item(CODED[kind], extents, [1, 2])], side, side)
