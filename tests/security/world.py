"""Something of everybody, to be asked for by everybody: the site under attack.

Requests are undone one by one, so each meets the same world.
"""

import base64
import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from labeling import accounts
from labeling.contributions import consent, offers
from labeling.detection import photos
from labeling.models import (
    Erasure,
    Exam,
    ModelVersion,
    RunEvent,
    Suspect,
    User,
    Withdrawal,
)
from labeling.review import decisions
from labeling.webhooks import endpoints
from tests.support.exam_reports import make_report
from tests.support.factories import (
    make_contribution,
    make_face_jpeg,
    make_photo,
    make_release,
    make_run,
    make_run_on,
    make_user,
    make_version,
    make_votes,
)

ROLES = ("stranger", "giver", "account", "reviewer", "trainer", "admin")
PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")
PHOTO = "photo"  # the one field that takes a file
ANYTHING = "x"

# What stands in an address where the world has nothing of that kind.
DUMMIES = {
    "ticket": "none",
    "key": "key",
    "app_label": "labeling",
    "url": "nothing",
}

# A form as somebody fills it in; other fields get `ANYTHING`.
FIELDS = {
    "act": "accept",
    "adult": "on",
    "agree": "on",
    "choice": "sad",
    "cluster": "12345678-1234-4234-8234-123456789012",
    "cursor": "",
    "email": "new@example.org",
    "emotion": "sad",
    "epochs": "3",
    "events": "run.failed",
    "url": "https://told.example/",
    "giver": "1",
    "hosts": "1",
    "guess": "sad",
    "in": "list",
    "instead_of": "",
    "keep": "on",
    "lang": "en",
    "language": "pl",
    "login": "account@example.org",
    "may_be_released": "on",
    "may_be_seen": "on",
    "limit": "2",
    "network": "",
    "oldpassword": "secret",
    "page": "1",
    "password": "wrong",
    "password1": "a-long-passphrase-77",
    "password2": "a-long-passphrase-77",
    "policy": "improves",
    "preset": "quick",
    "reason": "not_clear",
    "sample": "happy",
    "scopes": "read",
    "source": "site",
    "status": "waiting",
    "start": "",
    "show": "disputed",
    "skip": "",
    "sure": "yes",
    "weight": "1",
    "which": "some",
    "whole": "1",
}

# The same for programs, where JSON has another type for it.
IN_JSON = {
    **dict.fromkeys(("adult", "keep", "may_be_seen", "may_be_released"), True),
    **dict.fromkeys(("start", "network", "instead_of")),
    "count": 1,
    "epochs": 3,
    "events": [1],
    "giver": 1,
    "hosts": 1,
    "scopes": ["read"],
    "weight": 1.0,
}


def routes(patterns: Any = None, before: str = "") -> Iterator[tuple[str, str]]:
    """Each address of the site as `review/<uuid:pk>/`, with its name."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        pattern = before + _readable(str(entry.pattern))
        if isinstance(entry, URLPattern):
            yield pattern, entry.name or ""
        else:
            yield from routes(entry.url_patterns, pattern)


def _readable(pattern: str) -> str:
    """allauth and the admin have some addresses as regular expressions."""
    if "(?P<" in pattern:
        pattern = re.sub(r"\(\?P(<\w+>)[^()]*\)", r"\1", pattern).strip("^$")
    return pattern


class World:
    """A site with a champion, and `people`, of whom `giver` gave what is asked for."""

    def __init__(self) -> None:
        self.people = _people()
        self.face = make_contribution(
            giver=self.people["giver"], may_be_seen=True, screened_at=timezone.now()
        )
        self.shipped = ModelVersion.objects.get(is_champion=True)
        self.version = self._history()
        self.run = make_run(status="training", progress=0.4, seconds_left=90)
        self.tokens = {
            role: accounts.make_token(user, name="script")[1]
            for role, user in self.people.items()
        }
        self.release = make_release()
        self._others()
        self.values = {**self._given(), **FIELDS}
        self.in_json = {
            **self.values,
            **IN_JSON,
            "faces": [str(self.face.pk)],
            "links": [self.values["link"]],
        }

    def _history(self) -> ModelVersion:
        """A run that is over, with an exam of its version."""
        run = make_run_on(self.face)
        version = make_version("mien-1", run=run)
        Exam.objects.create(
            run=run,
            challenger=version,
            exam_hash="ab" * 32,
            policy="improves",
            outcome="kept",
            report=make_report(outcome="kept"),
        )
        RunEvent.objects.create(
            run=run, attempt=1, data={"event": "epoch", "epoch": 1, "epochs": 5}
        )
        return version

    def _others(self) -> None:
        """A row of everything else that the admin lists."""
        bystander = make_user("bystander")
        EmailAddress.objects.create(user=bystander, email=bystander.email)
        Authenticator.objects.create(user=bystander, type="totp", data={})
        face = make_contribution(giver=bystander, may_be_seen=True)
        make_votes(self.face, "sad", [bystander])
        endpoints.add("https://told.example/", [], by=self.people["admin"])
        self.suspect = Suspect.objects.create(role="voter", user=bystander, belief=0.9)
        decisions.accept(face, by=self.people["reviewer"])
        Withdrawal.objects.create(contribution_id=uuid4())
        Erasure.objects.create(user_key=uuid4())
        accounts.set_password(bystander, "a quiet evening", by=self.people["admin"])

    def _given(self) -> dict[str, str]:
        """What only this world knows: a face to give, and the link of one given."""
        face = photos.detect(make_photo(29), crops=True).faces[0]
        anonymous = offers.offer(
            make_face_jpeg(77), "sad", by=None, consent=consent.given(), claim=None
        )
        return {
            "crop": base64.b64encode(face.crop_jpeg).decode(),
            "token": face.token or "",
            "link": f"https://mien.example/withdraw/#{anonymous.secret}",
            "links": f"https://mien.example/withdraw/#{anonymous.secret}",
            "model": self.shipped.card["files"]["model.onnx"],
            "face": str(self.face.pk),
            "only": str(self.face.pk),
        }

    # --- asking

    def client(self, role: str, **options: Any) -> Client:
        """Somebody with a browser."""
        client = Client(raise_request_exception=False, **options)
        if role in self.people:
            client.force_login(self.people[role])
        return client

    def program(self, role: str) -> Client:
        """Somebody's program, with a token and nothing else."""
        secret = self.tokens.get(role, "mien_nobodys")
        return Client(
            raise_request_exception=False,
            headers={"authorization": f"Bearer {secret}"},
        )

    def url(self, route: str, **instead: str) -> str:
        """An address of that kind, of what `giver` gave where there is a choice."""
        known = {**self._arguments(route), **instead}

        def fill(place: re.Match[str]) -> str:
            return quote(known.get(place[1], "1"), safe="", errors="surrogatepass")

        return "/" + PLACEHOLDER.sub(fill, route)

    def _arguments(self, route: str) -> dict[str, str]:
        whole = {"pk": self.face.pk if "uuid:pk" in route else self.run.pk}
        if route == "training/<int:pk>/changed/":
            whole["pk"] = self.version.run_id
        if route.startswith(("data/releases/", "api/v1/releases/")):
            whole["pk"] = self.release.pk
        if route.startswith(("account/tokens/", "api/v1/tokens/")):
            whole["pk"] = self.people["giver"].api_tokens.get().pk
        if route.startswith("review/rings/<int:pk>"):
            whole["pk"] = self.suspect.pk
        whole["id"] = whole["object_id"] = self._row_in_admin(route)
        whole["name"] = self.version.name
        whole["sha256"] = self.shipped.card["files"]["model.onnx"]
        return DUMMIES | {name: str(value) for name, value in whole.items()}

    def _row_in_admin(self, route: str) -> object:
        parts = route.split("/")
        if "id>" not in route or parts[0] != "admin" or parts[1] == "r":
            return "1"
        row = apps.get_model(parts[1], parts[2])._default_manager.order_by("pk").last()
        return row.pk if row else "1"

    def fields(self, names: list[str], *, in_json: bool = False) -> dict[str, Any]:
        """A form filled in as somebody would, or JSON."""
        known = self.in_json if in_json else self.values
        sent = {name: known.get(name, ANYTHING) for name in names}
        return {**sent, PHOTO: _photo()} if PHOTO in names else sent


@contextmanager
def undone(client: Client) -> Iterator[None]:
    """Whatever is asked meanwhile has not happened; the browser forgets it as well."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    client.cookies = cookies


def _people() -> dict[str, User]:
    groups = {"reviewer": ["reviewer"], "trainer": ["trainer"]}
    rights = {"admin": {"is_staff": True, "is_superuser": True}}
    people = {
        role: make_user(role, *groups.get(role, ()), **rights.get(role, {}))
        for role in ROLES[1:]
    }
    for user in people.values():
        EmailAddress.objects.create(user=user, email=user.email, primary=True)
    return people


def _photo() -> SimpleUploadedFile:
    return SimpleUploadedFile("photo.jpg", make_photo(29), "image/jpeg")
