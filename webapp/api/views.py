"""The API: the same door that the pages use."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from drf_spectacular.utils import extend_schema as describe
from rest_framework.decorators import api_view, parser_classes
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import (
    BaseParser,
    FormParser,
    JSONParser,
    MultiPartParser,
)
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.detection import photos
from labeling.models import Contribution
from labeling.registry import model_versions
from ml.artefact.answers import ANSWERS, Answer
from ml.vision.decode import MAX_BYTES
from webapp.api import serializers
from webapp.forms.contribute import GiveForm
from webapp.http import admission, giving
from webapp.http.error_responses import Problem, attempt
from webapp.metrics import requests
from webapp.presenters import detection


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


def _switch(name: str, what: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.BOOL, description=what)


@describe(
    operation_id="detect",
    summary="Find the faces in a photo, or in several",
    auth=[],
    parameters=[
        _switch("crops", "Each face with its crop and a token to give it with."),
        _switch("evidence", "Each face with a map of where the model looked."),
        _switch("live", "A frame of a live view: counted by LIVE_RATE; no extras."),
        OpenApiParameter(
            "answer",
            enum=ANSWERS,
            description="By FER-2013's labels, by most of ten people who look at the "
            "face, or a mix of both; the site's own where none is named.",
        ),
    ],
    request={
        "multipart/form-data": serializers.Upload,
        "image/*": OpenApiTypes.BINARY,
        "application/octet-stream": OpenApiTypes.BINARY,
    },
    responses={
        200: PolymorphicProxySerializer(
            component_name="Detected",
            serializers=[serializers.Photo, serializers.SeveralPhotos],
            resource_type_field_name=None,
        ),
        "4XX": serializers.Error,
        503: serializers.Error,
    },
)
@api_view(["POST"])
@parser_classes([MultiPartParser, Picture, Bytes])
def detect(request: Request) -> Response:
    sent: Any = request.data
    if not request.content_type.startswith("multipart/"):
        # An empty body is not even parsed.
        return _one(request, sent if isinstance(sent, bytes) else b"")
    files = request.FILES.getlist("photo")
    if not files:
        raise ValidationError({"photo": [_("No photo arrived.")]})
    if len(files) > admission.MOST_PHOTOS:
        raise ValidationError({"photo": [_("That is too many photos at once.")]})
    if len(files) == 1:
        return _one(request, files[0].read())
    return Response({"photos": [_or_error(request, file.read()) for file in files]})


def _one(request: Request, data: bytes) -> Response:
    seen = _detect(request, data)
    response = Response(_json(request, seen))
    response["Server-Timing"] = ", ".join(
        f"{step};dur={value}" for step, value in seen.milliseconds.items()
    )
    return response


def _or_error(request: Request, data: bytes) -> dict[str, object]:
    seen = attempt(_detect, request, data)
    return seen.json if isinstance(seen, Problem) else _json(request, seen)


def _detect(request: Request, data: bytes) -> photos.Detection:
    is_live, answer = _is_on(request, "live"), _answer(request)
    kind, rate = (
        ("live", settings.LIVE_RATE) if is_live else ("detect", settings.DETECT_RATE)
    )
    admission.spend(request, kind, rate)
    with admission.turn(), admission.charge_for_work(request, kind, rate):
        seen = photos.detect(data, is_live=is_live, answer=answer, **_extras(request))
    requests.count_look(seen)
    return seen


def _json(request: Request, seen: photos.Detection) -> dict[str, object]:
    return detection.as_json(seen, **_extras(request))


def _extras(request: Request) -> dict[str, bool]:
    may = not _is_on(request, "live")
    return {name: may and _is_on(request, name) for name in ("crops", "evidence")}


def _answer(request: Request) -> Answer | None:
    asked = request.query_params.get("answer", "")
    for answer in ANSWERS:
        if asked == answer:
            return answer
    if not asked:
        return None
    known = ", ".join(ANSWERS)
    text = _("There is no such answer; it is one of %(known)s.") % {"known": known}
    raise ValidationError({"answer": [text]})


def _is_on(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in ("1", "true", "yes", "on")


@describe(
    operation_id="contribute",
    summary="Give a face",
    auth=[],
    request=serializers.Gift,
    responses={201: serializers.Given, "4XX": serializers.Error},
)
@api_view(["POST"])
@parser_classes([JSONParser, FormParser, MultiPartParser])
def contribute(request: Request) -> Response:
    form = GiveForm(request.data if isinstance(request.data, dict) else {})
    if not form.is_valid():
        fields: Any = form.errors
        raise ValidationError(fields)
    offer, _claim = giving.give(
        request,
        form.cleaned_data["crop"],
        form.cleaned_data["emotion"],
        token=form.cleaned_data["token"],
        consent=form.consent(),
        source=Contribution.Source.API,
    )
    given = offer.contribution
    return Response(
        {
            "id": given.pk,
            "emotion": given.emotion,
            "status": given.status,
            "is_second_label": offer.is_second_label,
            "withdrawal": _private_link(offer.secret),
        },
        status=201,
    )


def _private_link(secret: str | None) -> str | None:
    return f"{settings.SITE_URL}{reverse('withdraw')}#{secret}" if secret else None


@describe(
    operation_id="model",
    summary="The current model",
    auth=[],
    responses={200: serializers.Model, 503: serializers.Error},
)
@api_view(["GET"])
def model(request: Request) -> Response:
    champion = model_versions.current()
    if champion is None:
        raise photos.NoModel
    return Response(
        {
            "name": champion.name,
            "created_at": champion.created_at,
            "emotions": champion.card.get("emotions", []),
            "detector": photos.detector().name,
            "private_test": champion.private_test,
            "card": champion.card,
        }
    )
