"""Every expected "no" in one form, for pages and the API alike."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.detection import photos
from labeling.errors import Refused
from ml.vision.decode import BadPicture
from webapp.http import image_errors, overload
from webapp.http.throttling import TooMany

EXPECTED = (BadPicture, Refused, photos.NoModel, overload.Busy, TooMany)

STATUS = {"token_spent": 409, "already_decided": 409, "already_running": 409}


@dataclass(frozen=True)
class Refusal:
    status: int
    code: str
    message: str
    retry_after: int | None = None

    @property
    def json(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message}}

    def on(self, response: HttpResponse) -> HttpResponse:
        """The same response with this status, and when to come back."""
        response.status_code = self.status
        if self.retry_after:
            response["Retry-After"] = str(self.retry_after)
        return response


def for_error(why: Exception) -> Refusal:
    match why:
        case BadPicture():
            return Refusal(
                image_errors.status(why), why.code, image_errors.sentence(why)
            )
        case Refused():
            return Refusal(STATUS.get(why.code, 400), why.code, str(why.message))
        case TooMany():
            return Refusal(
                429, "too_many", _too_many(why.retry_after), retry_after=why.retry_after
            )
        case overload.Busy():
            return Refusal(
                503,
                "busy",
                _("Many people are here right now. Please try again in a moment."),
                retry_after=overload.RETRY_AFTER,
            )
        case photos.NoModel():
            return Refusal(
                503,
                "no_model",
                _("No model is ready yet. It should be in a minute."),
                retry_after=30,
            )
    raise why


def _too_many(seconds: int) -> str:
    return ngettext(
        "That was quick. Please wait %(seconds)s second, then go on.",
        "That was quick. Please wait %(seconds)s seconds, then go on.",
        seconds,
    ) % {"seconds": seconds}
