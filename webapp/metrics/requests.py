"""Requests and photos, counted by the route's pattern: nobody's address, account or
picture is in it. Where several processes serve, their counts lie in files of
PROMETHEUS_MULTIPROC_DIR, which the supervisor names, and are added up on demand."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

from labeling.detection.photos import Detection

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter("mien_requests", "Requests answered.", ["method", "page", "status"])
TOOK = Histogram(
    "mien_request_seconds", "Seconds to an answer.", ["page"], buckets=SECONDS
)
PHOTOS = Counter("mien_photos", "Photos looked at, live frames among them.")
FACES = Counter("mien_faces_found", "Faces found in them.")
LOOK = Histogram(
    "mien_look_seconds", "Seconds of a look, by stage.", ["stage"], buckets=SECONDS
)


def count_requests(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = answer(request)
        match = request.resolver_match
        page = f"/{match.route}" if match else "(none)"
        method = request.method if request.method in ("GET", "POST") else "other"
        REQUESTS.labels(method, page, str(response.status_code)).inc()
        TOOK.labels(page).observe(time.perf_counter() - began)
        return response

    return middleware


def count_look(seen: Detection) -> None:
    PHOTOS.inc()
    FACES.inc(len(seen.faces))
    for stage, milliseconds in seen.milliseconds.items():
        LOOK.labels(stage).observe(milliseconds / 1000)
