"""Every expected "no" in one form, for pages and the API alike.

A view says by `on_problem` how its own page shows one. Where none does, the middleware
answers with a page, or a part of one, that says nothing else. `attempt` is for one of
several things in a request, of which each may go wrong by itself.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from labeling import db
from labeling.detection import photos
from labeling.errors import Refused
from ml.vision.decode import BadPicture
from webapp.http import admission
from webapp.http.access import SiteRequest

EXPECTED = (BadPicture, Refused, photos.NoModel, admission.Busy, admission.TooMany)

# Of what is refused by a rule of the site; 400 where nothing stands here.
STATUS = {
    **dict.fromkeys(("unknown_link", "not_shown"), 404),
    **dict.fromkeys(
        (
            *("token_spent", "already_decided", "already_screened", "already_voted"),
            *("already_running", "already_champion", "champion_changed"),
            *("changed_since", "enough_votes", "vote_undone", "nothing_to_undo"),
            *("not_active", "gone", "key_in_use"),
        ),
        409,
    ),
    "request_too_large": 413,
    "key_reused": 422,
    "no_room": 507,
}

# What people read when a file cannot be looked at, with the status of the answer.
IMAGE_ERRORS: dict[str, tuple[int, Promise]] = {
    "empty": (
        400,
        gettext_lazy(
            "This file is empty. Nothing was lost; please choose another one."
        ),
    ),
    "not_a_picture": (
        415,
        gettext_lazy(
            "This file isn't a picture we can open. JPEG, PNG or WebP work; "
            "an iPhone's HEIC does too."
        ),
    ),
    "unsupported": (
        415,
        gettext_lazy(
            "We can't open this kind of picture. Save it as JPEG or PNG and try again; "
            "WebP, AVIF, HEIC, GIF, BMP and TIFF work as well."
        ),
    ),
    "too_large": (
        413,
        gettext_lazy("This file is larger than 20 MB. A smaller copy of it will work."),
    ),
    "too_many_pixels": (
        413,
        gettext_lazy(
            "This picture has more pixels than we can take. "
            "A copy of it at half the size will work."
        ),
    ),
    "too_complex": (
        413,
        gettext_lazy(
            "This picture takes too long to open: it is very large, or built in an "
            "unusual way. A smaller copy, saved anew, will work."
        ),
    ),
    "broken": (
        400,
        gettext_lazy(
            "This picture is damaged: it ends too early or cannot be read. "
            "Perhaps the original is still whole?"
        ),
    ),
}


@dataclass(frozen=True)
class Problem:
    """Why something was not done. `code` is for programs, `message` for people."""

    status: int
    code: str
    message: str
    retry_after: int | None = None
    details: dict[str, object] = field(default_factory=dict)

    @property
    def json(self) -> dict[str, object]:
        """In the API's own form, and beside it as problem details (RFC 9457)."""
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.fields:
            error["fields"] = self.fields
        return {
            "type": f"urn:mien:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.message,
            "error": error,
        }

    @property
    def fields(self) -> object:
        """Sentences by the field that they are about, where it is known."""
        if field := self.details.get("field"):
            return {str(field): [self.message]}
        return self.details.get("fields")

    def on(self, response: HttpResponse) -> HttpResponse:
        """The same response with this status, and when to come back."""
        response.status_code = self.status
        if self.retry_after:
            response["Retry-After"] = str(self.retry_after)
        return response


def is_expected(error: BaseException) -> bool:
    return isinstance(error, EXPECTED) or db.is_disk_full(error) or db.is_away(error)


def problem_of(error: BaseException) -> Problem:
    match error:
        case BadPicture():
            status, sentence = IMAGE_ERRORS[error.code]
            return Problem(status, error.code, str(sentence))
        case Refused():
            status = STATUS.get(error.code, 400)
            return Problem(status, error.code, str(error), details=error.details)
        case admission.TooMany():
            seconds = error.retry_after
            return Problem(429, "too_many", _too_many(seconds), retry_after=seconds)
        case admission.Busy():
            return Problem(
                503,
                "busy",
                _("Many people are here right now. Please try again in a moment."),
                retry_after=admission.RETRY_AFTER,
            )
        case photos.NoModel():
            return Problem(
                503,
                "no_model",
                _("No model is ready yet. It should be in a minute."),
                retry_after=30,
            )
        case _ if db.is_disk_full(error):
            return problem_of(db.no_room())
        case _ if db.is_away(error):
            return Problem(
                503,
                "no_database",
                _("This site cannot reach its database. Please try again in a minute."),
                retry_after=30,
            )
    raise error


def no_length() -> Problem:
    """Of a body in chunks that came by a protocol, or a server, that does not know
    them: ours puts together those of HTTP/1.1."""
    sentence = _(
        "The length of what was sent is missing. Please send it again with it."
    )
    return Problem(411, "length_required", sentence)


def _too_many(seconds: int) -> str:
    return ngettext(
        "That was quick. Please wait %(seconds)s second, then go on.",
        "That was quick. Please wait %(seconds)s seconds, then go on.",
        seconds,
    ) % {"seconds": seconds}


P = ParamSpec("P")
T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., HttpResponse])
Answer = Callable[[Any, Problem], HttpResponse]


def on_problem(answer: Answer) -> Callable[[View], View]:
    """A view, or a part of one, whose problems are shown by `answer`."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            outcome = attempt(view, request, *args, **kwargs)
            if isinstance(outcome, Problem):
                return answer(request, outcome)
            return outcome

        return cast(View, guarded)

    return decorate


def message_and_back(to: str, *kept: str, level: int = messages.ERROR) -> Answer:
    """For `on_problem`: back to a page that shows the sentence once.

    `kept` are the parts of this address that the other page's has too.
    """

    def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
        messages.add_message(request, level, problem.message)
        found = request.resolver_match.kwargs if request.resolver_match else {}
        return redirect(to, *(found[name] for name in kept))

    return answer


def attempt(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Problem:
    """What it gives, or the problem it had."""
    try:
        return act(*args, **kwargs)
    except Exception as error:
        if not is_expected(error):
            raise
        return problem_of(error)


class ProblemPages:
    """The middleware for problems that no view shows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(
        self, request: SiteRequest, error: Exception
    ) -> HttpResponse | None:
        if not is_expected(error):
            return None
        return show(request, problem_of(error))


def show(request: SiteRequest, problem: Problem) -> HttpResponse:
    """Where no view does: as JSON for programs, else as a page or a part of one."""
    if request.path.startswith("/api/"):
        return problem.on(JsonResponse(problem.json))
    template = "parts/problem.html" if request.htmx else "errors/problem.html"
    return problem.on(render(request, template, {"problem": problem.message}))
