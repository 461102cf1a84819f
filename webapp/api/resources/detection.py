"""Looking at photos by the API: one, or several, each answered by itself."""

import base64
import binascii
from collections.abc import Mapping
from typing import IO, Any, Literal

from django.conf import settings
from django.utils.translation import gettext as _
from pydantic import Field, RootModel
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.detection import photos
from labeling.emotions import Emotion
from labeling.models.user import Scope
from ml.artefact import answers
from ml.vision.decode import MAX_BYTES, Note
from ml.vision.face_crop import Doubt
from webapp.api import examples, shapes
from webapp.api.errors import Error
from webapp.api.operations import operation
from webapp.api.shapes import Answer, Probabilities, Share
from webapp.http import admission
from webapp.http.error_responses import Problem, attempt
from webapp.metrics import requests

Detector = Literal["yunet", "haar"]

# A photo in base64 as JSON takes this much; what is larger is sent as it is.
MOST_BASE64 = 2 * 2**20


class Picture(BaseParser):
    """A photo as the whole body; one byte more than may be read, refused later."""

    media_type = "image/*"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:  # bytes; those who wrote the base class expect a mapping
        return stream.read(MAX_BYTES + 1)


class Bytes(Picture):
    media_type = "application/octet-stream"


PARSERS = (MultiPartParser, Picture, Bytes, JSONParser)


class Look(shapes.Query):
    crops: bool = Field(
        False, description="Each face with its crop and a token to give it with."
    )
    evidence: bool = Field(
        False, description="Each face with a map of where the model looked."
    )
    live: bool = Field(
        False, description="A frame of a live view: counted by LIVE_RATE; no extras."
    )

    answer: answers.Answer | None = Field(
        None,
        description="By FER-2013's labels, by most of ten people who look at the face, "
        "or a mix of both; the site's own where none is named.",
    )

    @property
    def extras(self) -> dict[str, bool]:
        """Those of `labeling.detection.photos.detect`."""
        may = not self.live
        return {"crops": may and self.crops, "evidence": may and self.evidence}


class Encoded(shapes.Body):
    photo: str = Field(
        max_length=MOST_BASE64,
        description="The photo in base64.",
        json_schema_extra={"contentEncoding": "base64", "format": "byte"},
    )


class Face(Answer):
    box: list[int] = Field(
        min_length=4,
        max_length=4,
        description="x, y, width, height in pixels of the upright photo.",
    )
    score: Share = Field(description="How sure the face finder is, 0 to 1.")
    emotion: Emotion
    is_sure: bool = Field(description="False where it is hard to say.")
    runner_up: Emotion | None = Field(description="The second, where it is close.")
    doubt: Doubt | None = Field(
        description="Why it is not sure whatever the probabilities say."
    )
    probabilities: Probabilities
    crop: str = Field("", description="With crops=1: the face, a JPEG in base64.")
    token: str = Field(
        "", description="With crops=1: gives this crop within the hour, once."
    )
    evidence: list[list[int]] = Field(
        [], description="With evidence=1: rows of 0 to 255, where the model looked."
    )


class Photo(Answer):
    model: str = Field(description="The version that looked at it.")
    answer: answers.Answer
    detector: Detector
    width: int
    height: int
    note: Note | None = Field(
        description="no_end: a JPEG that stops a little early, its pixels all there."
    )
    faces: list[Face] = Field(description="The largest first.")


class SeveralPhotos(Answer):
    photos: list[Photo | Error] = Field(
        description="In the order they came; what cannot be read is an error here."
    )


class Detected(RootModel[Photo | SeveralPhotos]):
    """A photo, or several."""


UPLOAD = {
    "type": "object",
    "required": ["photo"],
    "additionalProperties": False,
    "properties": {
        "photo": {
            "type": "array",
            "minItems": 1,
            "maxItems": admission.MOST_PHOTOS,
            "items": {"type": "string", "format": "binary"},
            "description": "One photo, or the field repeated.",
        }
    },
}


@operation(
    "detect",
    "Find the faces in a photo, or in several",
    tag="detection",
    scope=Scope.DETECT,
    query=Look,
    request={"multipart/form-data": UPLOAD, shapes.JSON: Encoded},
    answers={200: Detected},
    refusals=[
        *("empty", "broken", "not_a_picture", "unsupported", "too_many_photos"),
        *("too_large", "too_many_pixels", "too_complex", "too_many", "busy"),
        *("no_model",),
    ],
    examples=[examples.PHOTO],
)
def detect(request: Request, query: Look) -> Response:
    """One photo is answered as a photo, several (`photo` repeated) as a list.

    A photo may also be the whole body, as `image/…` or `application/octet-stream`; in
    JSON it is base64, and at most 1.5 MB."""
    sent: Any = request.data
    if request.content_type.startswith(shapes.JSON):
        return _one(request, _from_base64(request), query)
    if not request.content_type.startswith("multipart/"):
        # An empty body is not even parsed.
        return _one(request, sent if isinstance(sent, bytes) else b"", query)
    shapes.check_names(sent, ["photo"])
    files = request.FILES.getlist("photo")
    if not files:
        raise ValidationError({"photo": [_("No photo arrived.")]})
    admission.check_count(len(files))
    if len(files) == 1:
        return _one(request, files[0].read(), query)
    return Response(
        {"photos": [_or_error(request, file.read(), query) for file in files]}
    )


def _from_base64(request: Request) -> bytes:
    sent = shapes.body(request, Encoded)
    try:
        return base64.b64decode(sent.photo, validate=True)
    except binascii.Error:
        said = _("The photo did not arrive whole: this is not base64.")
        raise ValidationError({"photo": [said]}) from None


def _one(request: Request, data: bytes, look: Look) -> Response:
    seen = _detect(request, data, look)
    response = Response(seen.to_json(**look.extras))
    response["Server-Timing"] = ", ".join(
        f"{step};dur={value}" for step, value in seen.milliseconds.items()
    )
    return response


def _or_error(request: Request, data: bytes, look: Look) -> dict[str, object]:
    seen = attempt(_detect, request, data, look)
    if isinstance(seen, Problem):
        return seen.json
    return seen.to_json(**look.extras)


def _detect(request: Request, data: bytes, look: Look) -> photos.Detection:
    kind, rate = (
        ("live", settings.LIVE_RATE) if look.live else ("detect", settings.DETECT_RATE)
    )
    admission.spend(request, kind, rate)
    with admission.turn(), admission.charge_for_work(request, kind, rate):
        seen = photos.detect(data, is_live=look.live, answer=look.answer, **look.extras)
    requests.count_look(seen)
    return seen
