"""What a browser needs to look at pictures by itself, so that none is sent: the
engine's thread, the detector and the current model, for `static/js/engine/engine.js`.
"""

import base64

from csp.decorators import csp
from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import path, reverse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_POST, require_safe

from labeling.contributions import device_model
from labeling.detection import photos
from labeling.errors import Refused
from labeling.models import ModelVersion
from labeling.registry import model_files
from ml.artefact import card as cards
from ml.artefact.answers import OUTPUTS, Answer
from ml.artefact.card import GoldenRows
from ml.errors import BadArtefact
from ml.vision import look_rules
from ml.vision.yunet import YuNet
from webapp.config import content_security
from webapp.downloads import engine

ONNX = "application/octet-stream"
# A day in this browser alone: it asks first what is handed out, so that no retired
# model answers from there.
kept_by_its_hash = cache_control(private=True, max_age=24 * 3600, immutable=True)


@require_safe
@never_cache
def offer(request: HttpRequest) -> JsonResponse:
    """Where everything lies, or `why` nothing is handed out."""
    try:
        return JsonResponse(_addresses(*parts_on_offer()))
    except Refused as no:
        return JsonResponse({"why": no.code})


def parts_on_offer() -> tuple[ModelVersion, YuNet]:
    """Raises Refused: no_engine, no_detector, or as `device_model.on_offer`."""
    if not engine.is_served():
        raise Refused("no_engine", "")
    return device_model.on_offer(), _detector()


def _addresses(version: ModelVersion, detector: YuNet) -> dict[str, object]:
    sha256 = device_model.sha256(version)
    return {
        "worker": reverse("engine-worker"),
        "runtime": {
            name: static(f"engine/{file}")
            for name, file in (
                ("script", engine.SCRIPT),
                ("glue", engine.GLUE),
                ("wasm", engine.WASM),
            )
        },
        "detector": {
            "name": detector.name,
            **_file("engine-detector", detector.sha256),
        },
        # Kept by its address, so another answer of the same model has another one.
        "card": f"{reverse('engine-card', args=[sha256])}?{settings.MODEL_ANSWER}",
        "trouble": reverse("engine-trouble", args=[sha256]),
        "rules": look_rules.as_json(),
    }


def _detector() -> YuNet:
    detector = photos.detector()
    if not isinstance(detector, YuNet):
        raise Refused("no_detector", "")
    return detector


def _file(name: str, sha256: str) -> dict[str, str]:
    """An address, and the hash to which the browser holds what comes from there."""
    hashed = base64.b64encode(bytes.fromhex(sha256)).decode()
    return {"url": reverse(name, args=[sha256]), "integrity": f"sha256-{hashed}"}


@require_safe
@cache_control(no_cache=True)
@csp(content_security.OF_THE_ENGINE)
def worker(request: HttpRequest) -> HttpResponse:
    """The thread's first line. Static files have no policy, and this one must: it
    compiles WebAssembly, which no page may."""
    line = f'import "{static("js/engine/worker.js")}";\n'
    return HttpResponse(line, content_type="text/javascript")


@require_safe
@kept_by_its_hash
def detector(request: HttpRequest, sha256: str) -> HttpResponse:
    try:
        found = _detector()
    except Refused:
        raise Http404 from None
    if sha256 != found.sha256:
        raise Http404
    return HttpResponse(found.network, content_type=ONNX)


@require_safe
@kept_by_its_hash
def model(request: HttpRequest, sha256: str) -> FileResponse:
    try:
        folder = model_files.fetch(_version(sha256), names=model_files.SERVED)
    except BadArtefact:
        raise Http404 from None
    return FileResponse((folder / cards.MODEL).open("rb"), content_type=ONNX)


@require_safe
@kept_by_its_hash
def card(request: HttpRequest, sha256: str) -> JsonResponse:
    """What a browser has to know of the model, to give the answer that the site gives,
    and the known faces to ask it for."""
    said = cards.parse(_version(sha256).card)
    golden = said.golden.by_answer()
    answer: Answer = settings.MODEL_ANSWER if settings.MODEL_ANSWER in golden else "mix"
    return JsonResponse(
        {
            "name": said.name,
            "sha256": sha256,
            "answer": answer,
            "emotions": said.emotions,
            "output": OUTPUTS[answer],
            "certainty_threshold": said.of(answer).certainty_threshold,
            "golden": _golden(golden[answer]),
            "model": _file("engine-model", sha256),
        }
    )


def _golden(probabilities: GoldenRows) -> dict[str, object]:
    faces = cards.golden_faces().astype("uint8").tobytes()
    return {
        "faces": base64.b64encode(faces).decode(),
        "probabilities": probabilities,
        "tolerance": cards.GOLDEN_TOLERANCE,
    }


@require_POST
def trouble(request: HttpRequest, sha256: str) -> HttpResponse:
    device_model.report_wrong_answer(_version(sha256))
    return HttpResponse(status=204)


def _version(sha256: str) -> ModelVersion:
    """The model of that hash, while it is handed out."""
    try:
        version = device_model.on_offer()
    except Refused:
        raise Http404 from None
    if sha256 != device_model.sha256(version):
        raise Http404
    return version


urlpatterns = [
    path("", offer, name="engine"),
    path("worker.js", worker, name="engine-worker"),
    path("detector/<str:sha256>.onnx", detector, name="engine-detector"),
    path("models/<str:sha256>.onnx", model, name="engine-model"),
    path("models/<str:sha256>.json", card, name="engine-card"),
    path("models/<str:sha256>/trouble/", trouble, name="engine-trouble"),
]
