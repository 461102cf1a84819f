"""What the pages say of where a picture is looked at, and why not on the device."""

from django.db import DatabaseError
from django.utils.translation import gettext as _

from labeling.contributions import device_model
from labeling.errors import Refused
from webapp.engine import views


def why_by_site() -> str | None:
    """Why no browser can look by itself; None where it can, as far as we know."""
    try:
        views.parts_on_offer()
    except Refused as no:
        return no.code
    except DatabaseError:  # the page is there without it
        return "no_model"
    return None


def because() -> dict[str, str]:
    """By what the engine, or the site that hands it out, says why not."""
    return {
        **{code: str(why) for code, why in device_model.WHY_NOT.items()},
        "no_engine": _("This site has not got what browsers need to do it themselves."),
        "no_detector": _("This site has no face finder that runs in browsers."),
        "no_wasm": _("This browser cannot do it itself: it has no WebAssembly."),
        "fetch": _("What this browser needs to do it itself did not arrive whole."),
        "memory": _("This device has too little memory to do it itself."),
        "golden": _("In this browser the model gave wrong answers to known faces."),
        "broken": _("This browser could not do it itself."),
    }


def of_photos() -> dict[str, object]:
    """Of the first page's photos, for its script too."""
    return {
        "by_site": _("Your photo is sent to this site, looked at and forgotten."),
        "by_device": _(
            "This device looks at your photo itself: it is not sent. A face is sent "
            "only if you give it."
        ),
        "fetching": _("Fetching what this device needs (about 6 MB, once)…"),
        "not_sent": _("Your photo was not sent."),
        "send": _("Send it to this site"),
        "look_closer": _("Send it to this site, which looks closer"),
        "smaller": _(
            "This photo is too large for this device, which looked at a smaller copy. "
            "Small faces may be missed."
        ),
        "because": {
            **because(),
            "format": _(
                "This browser cannot open this kind of file; the site may be able to."
            ),
        },
    }
