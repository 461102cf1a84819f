import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from ml.vision import decode
from tests.support import image_files

# What the decoding of one picture may add to a process that stands at 200 MB.
MAX_GROWTH_MB = 150


@pytest.mark.parametrize("name", image_files.GOOD)
def test_every_kind_of_picture_becomes_upright_rgb(name: str) -> None:
    picture = decode.load(image_files.GOOD[name]())
    assert picture.rgb.dtype == np.uint8
    assert picture.rgb.ndim == 3
    assert picture.rgb.shape[2] == 3
    assert max(picture.rgb.shape) <= decode.WORK_SIDE


@pytest.mark.parametrize("name", image_files.BAD)
def test_every_bad_picture_is_refused_with_its_code_and_a_sentence(name: str) -> None:
    bad = image_files.BAD[name]
    with pytest.raises(decode.BadPicture) as refusal:
        decode.load(bad.make())
    assert refusal.value.code == bad.code
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "HEIF", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_end_upright(kind: str, orientation: int) -> None:
    upright = image_files.scene(320, 208)
    picture = decode.load(image_files.turned(upright, orientation, kind))
    assert (picture.width, picture.height) == (320, 208)
    difference = np.abs(picture.rgb.astype(int) - upright).mean()
    assert difference < 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_turned_and_shrunk_photo_is_upright_and_knows_its_true_size(
    kind: str,
) -> None:
    upright = image_files.scene(1300, 2000)
    options = {"speed": 10} if kind == "AVIF" else {}
    picture = decode.load(image_files.turned(upright, 6, kind, **options))
    assert (picture.width, picture.height) == (1300, 2000)
    assert picture.rgb.shape == (1920, 1248, 3)
    assert picture.scale == pytest.approx(2000 / 1920)
    expected = decode.resize(upright, 1248, 1920)
    assert np.abs(picture.rgb.astype(int) - expected).mean() < 2


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"restart_marker_rows": 2}]
)
def test_a_jpeg_that_lacks_only_its_end_is_read_with_a_note(
    options: dict[str, object],
) -> None:
    whole = image_files.encoded(image_files.scene(), "JPEG", **options)
    expected = decode.load(whole)
    assert expected.note is None
    for data in (whole[:-2], whole[:-1], whole[:-2] + b"trailer"):
        picture = decode.load(data)
        assert np.array_equal(picture.rgb, expected.rgb)
        assert picture.note == "no_end"


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("lost", [12, 60, 600])
def test_a_jpeg_whose_pixels_are_not_all_there_is_broken(
    progressive: bool, lost: int
) -> None:
    photo = image_files.encoded(image_files.scene(), "JPEG", progressive=progressive)
    for data in (photo[:-lost], photo[:-lost] + bytes(lost + 4)):
        with pytest.raises(decode.BadPicture) as refusal:
            decode.load(data)
        assert refusal.value.code == "broken"


@pytest.mark.parametrize("depth", [8, 10, 12])
def test_a_large_grey_avif_is_read(depth: int) -> None:
    picture = decode.load(image_files.grey_avif(2000, 1000, depth))
    assert (picture.width, picture.height) == (2000, 1000)
    grey = Image.fromarray(image_files.scene(2000, 1000)).convert("L")
    expected = np.asarray(grey.resize((1920, 960), Image.Resampling.BOX), int)
    assert np.abs(picture.rgb[:, :, 1] - expected).mean() < 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("exif", [None, 3])
def test_what_xmp_says_turns_no_picture(kind: str, exif: int | None) -> None:
    """As in Chromium; programs that turn a photo forget to say so in its XMP."""
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    options: dict[str, object] = {"xmp": xmp}
    if kind == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options = {"pnginfo": texts}
    upright = image_files.scene(320, 208)
    data = (
        image_files.turned(upright, exif, kind, **options)
        if exif
        else image_files.encoded(upright, kind, **options)
    )
    assert b'Orientation="6"' in data
    picture = decode.load(data)
    assert picture.rgb.shape == (208, 320, 3)
    assert np.abs(picture.rgb.astype(int) - upright).mean() < 2


@pytest.mark.parametrize("exif", [1, 3])
def test_nor_does_it_turn_a_heic(exif: int) -> None:
    upright = image_files.scene(320, 208)
    xmp = b'<rdf:Description tiff:Orientation="1"/>'
    data = image_files.turned(upright, exif, "HEIF", xmp=xmp)
    turned = data.replace(b'Orientation="1"', b'Orientation="6"')
    assert turned != data
    assert np.array_equal(decode.load(turned).rgb, decode.load(data).rgb)
    assert np.abs(decode.load(turned).rgb.astype(int) - upright).mean() < 3


def test_decode_gives_the_picture_as_large_as_it_is() -> None:
    scene = image_files.scene(2500, 1500)
    assert np.array_equal(decode.decode(image_files.encoded(scene, "PNG")), scene)


def test_a_jpeg_of_a_hundred_megapixels_is_shrunk_while_it_is_read() -> None:
    data = image_files.encoded(Image.new("RGB", (10_000, 10_000), (9, 99, 199)), "JPEG")
    assert decode.load(data).rgb.shape == (1920, 1920, 3)
    assert decode.decode(data).size <= 3 * decode.MAX_PIXELS


def test_shrinking_by_strips_equals_shrinking_at_once() -> None:
    scene = image_files.scene(3000, 2000)
    scene[::7, ::5] = 0
    by_strips = decode.load(image_files.encoded(scene, "PNG"), max_side=640).rgb
    at_once = Image.fromarray(scene).resize((640, 427), Image.Resampling.BOX)
    difference = np.abs(by_strips.astype(int) - np.asarray(at_once))
    assert difference.max() <= 1


def test_what_is_transparent_shows_white() -> None:
    clear = np.zeros((10, 10, 4), np.uint8)
    assert (decode.decode(image_files.encoded(clear, "PNG")) == 255).all()


def test_deep_greys_keep_their_order() -> None:
    grey = decode.decode(image_files.GOOD["16-bit.png"]())[:, :, 0]
    assert grey[0, 0] == 0
    assert grey[-1, -1] == 255
    assert (np.diff(grey.ravel().astype(int)) >= 0).all()


def test_nothing_but_pixels_comes_through() -> None:
    data = decode.encode_jpeg(decode.decode(image_files.GOOD["polyglot.jpg"]()))
    assert b"script" not in data
    assert b"php" not in data
    assert b"Exif" not in data


def test_a_jpeg_comes_back_as_it_went() -> None:
    scene = image_files.scene()
    again = decode.decode(decode.encode_jpeg(scene, quality=95))
    assert np.abs(again.astype(int) - scene).mean() < 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "kind", "options"),
    [
        ("RGBA", "PNG", {}),
        ("P", "PNG", {"transparency": 0}),
        ("RGBA", "WEBP", {"lossless": True}),
        ("RGB", "AVIF", {"speed": 10}),
        ("F", "TIFF", {"compression": "tiff_lzw"}),
        ("CMYK", "JPEG", {"size": 3400, "progressive": True, "subsampling": 0}),
        ("RGB", "JPEG", {"progressive": True, "subsampling": 0}),
        ("RGB", "JPEG", {"size": 10_000, "subsampling": 0, "quality": 30}),
    ],
)
def test_the_largest_pictures_leave_memory_to_others(
    mode: str, kind: str, options: dict[str, object], tmp_path: object
) -> None:
    side = int(str(options.pop("size", 4000)))
    data = image_files.encoded(Image.new(mode, (side, side)), kind, **options)
    program = """
import sys
import psutil
from ml.artefact import predictor
from ml.vision import decode, face_crop

def most():
    [decoder] = psutil.Process().children()
    both = memory("self", "VmHWM") + memory(decoder.pid, "VmHWM")
    return (both - memory("self", "RssShmem")) // 1024  # seen by both, once there

def memory(process, name):
    with open(f"/proc/{process}/status") as status:
        return next(int(l.split()[1]) for l in status if l.startswith(name))

decode.load(b"GIF89a\\1\\0\\1\\0\\0\\0\\0,\\0\\0\\0\\0\\1\\0\\1\\0\\0\\2\\2D\\1\\0;")
before = most()
assert max(decode.load(sys.stdin.buffer.read()).rgb.shape) == 1920
print(most() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], input=data, capture_output=True, check=True
    )
    assert int(done.stdout) < MAX_GROWTH_MB


@pytest.mark.parametrize("name", [n for n in image_files.GOOD if "megapixels" not in n])
def test_a_file_with_a_few_wrong_bytes_is_read_or_refused(name: str) -> None:
    good = image_files.GOOD[name]()
    dice = np.random.default_rng(len(good))
    for _turn in range(12):
        torn = bytearray(good)
        for place in dice.integers(0, min(len(torn), 2000), 4):
            torn[place] = dice.integers(0, 256)
        try:
            picture = decode.load(bytes(torn))
        except decode.BadPicture:
            continue
        assert max(picture.rgb.shape) <= decode.WORK_SIDE
