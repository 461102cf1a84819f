"""Is a crop good enough to learn from? Arithmetic on pixels, a sentence a fault."""

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from labeling.errors import Refused
from ml.vision.face_crop import Quality, measure

LEAST_SIDE = 48  # px: what the network sees; a smaller face would be made up

# Measured on 48 faces of photographs: the least sharp has 0.17; blurred by a Gaussian
# of 1/40 of the side all lie below 0.11, of 1/24 below 0.07. FER-2013: 5 % below 0.11.
LEAST_SHARPNESS = 0.09
# The same 48 lie between 77 and 190, and above 21; FER-2013: 1 % below 59, below 21.
DARKEST, BRIGHTEST = 35.0, 225.0  # mean grey
LEAST_CONTRAST = 14.0  # standard deviation of grey


def check(crop: NDArray[np.uint8]) -> Quality:
    """Refuse a crop that nobody could learn from, with the first reason that holds."""
    q = measure(crop)
    if q.side < LEAST_SIDE:
        raise Refused(
            "too_small", _("This face is very small. Please come closer to the camera.")
        )
    if q.brightness < DARKEST:
        raise Refused(
            "too_dark", _("This picture is very dark. Could you turn on some light?")
        )
    if q.brightness > BRIGHTEST:
        raise Refused(
            "too_bright",
            _("This picture is very bright. Is there less light elsewhere?"),
        )
    if q.contrast < LEAST_CONTRAST:
        raise Refused(
            "too_flat",
            _("The face hardly stands out. Is there light from the front?"),
        )
    if q.sharpness < LEAST_SHARPNESS:
        raise Refused(
            "too_blurred",
            _("This picture is blurred. Please hold still, then try again."),
        )
    return q
