"""What a file is that could not be opened, so that none which is whole is called
damaged."""

import io

from PIL import TiffImagePlugin

from ml.vision import jpeg_structure

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
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
    *_TIFF,
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


def rare_kind(data: bytes) -> str:
    """How a picture of ours is called whose kind of pixels no decoder here reads (12
    bits, floats), "" for any other."""
    if jpeg_structure.is_rare(data):
        return "This rare kind of JPEG"
    return "This rare kind of TIFF" if _is_rare_tiff(data) else ""


def _is_rare_tiff(data: bytes) -> bool:
    """Its directory can be read, and names what Pillow has no name for."""
    if not data.startswith(_TIFF):
        return False
    try:
        TiffImagePlugin.TiffImageFile(io.BytesIO(data)).close()
    except SyntaxError as why:
        return isinstance(why.__cause__, KeyError)
    except OSError:
        pass
    return False
