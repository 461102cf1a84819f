"""What the first bytes of a file say, before any decoder is trusted with the rest."""

# Pictures (and what is taken for them) that we know by name but do not read.
_UNREAD = (
    (b"%PDF", "PDF"),
    (b"8BPS", "Photoshop's format"),
    (b"%!PS", "PostScript"),
    (b"\x00\x00\x01\x00", "The icon format"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"\x1a\x45\xdf\xa3", "Video"),
)
_READ = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
)


def kind_of(data: bytes) -> str:
    """Of what could not be opened: "broken" (a picture of ours, damaged), the name of a
    kind of picture that we do not read, or "" for anything else."""
    head = data[:1024]
    if head.startswith(_READ) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "broken"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        is_ours = brand in {b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"}
        return "broken" if is_ours else "Video"
    for magic, name in _UNREAD:
        if head.startswith(magic):
            return name
    return "SVG" if b"<svg" in head.lower() else ""


def webp_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a WebP (RFC 9649); None for anything else."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8X":  # 24 bits each, one less than the size
        return (
            1 + int.from_bytes(data[24:27], "little"),
            1 + int.from_bytes(data[27:30], "little"),
        )
    if kind == b"VP8L":  # 14 bits each, one less than the size
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return (
            int.from_bytes(data[26:28], "little") & 0x3FFF,
            int.from_bytes(data[28:30], "little") & 0x3FFF,
        )
    return None


def holds_whole_picture(data: bytes) -> bool:
    """Whether a JPEG's decoder must keep every coefficient until the last is read.

    Then shrinking it while it is decoded saves no memory: 2 bytes a coefficient, 600 MB
    for 100 megapixels. So it is with progressive files, with lossless ones, and with
    those that send their colours one after the other.
    """
    at, components = 2, 0
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return True  # not as a JPEG should be
        marker = data[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            if marker > 0xC1:  # neither baseline nor extended sequential
                return True
            components = data[at + 9]
        if marker == 0xDA:
            return data[at + 4] != components
        at += 2 + length
    return True
