"""What people read when a file cannot be looked at: one sentence for each reason."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ml.vision.decode import BadPicture

SENTENCES: dict[str, tuple[int, Promise]] = {
    "empty": (
        400,
        _("This file is empty. Nothing was lost; please choose another one."),
    ),
    "not_a_picture": (
        415,
        _(
            "This file isn't a picture we can open. JPEG, PNG or WebP work; "
            "an iPhone's HEIC does too."
        ),
    ),
    "unsupported": (
        415,
        _(
            "We can't open this kind of picture. Save it as JPEG or PNG and try again; "
            "WebP, AVIF, HEIC, GIF, BMP and TIFF work as well."
        ),
    ),
    "too_large": (
        413,
        _("This file is larger than 20 MB. A smaller copy of it will work."),
    ),
    "too_many_pixels": (
        413,
        _(
            "This picture has more pixels than we can take. "
            "A copy of it at half the size will work."
        ),
    ),
    "too_complex": (
        413,
        _(
            "This picture is built in a way that takes too long to open. "
            "A copy saved anew will work."
        ),
    ),
    "broken": (
        400,
        _(
            "This picture is damaged: it ends too early or cannot be read. "
            "Perhaps the original is still whole?"
        ),
    ),
}


def status(why: BadPicture) -> int:
    return SENTENCES[why.code][0]


def sentence(why: BadPicture) -> str:
    return str(SENTENCES[why.code][1])
