"""Everything that a site does, from Python.

from mien.client import Client

with Client("https://mien.example", token="…") as site:
    for face in site.detect("party.jpg").faces:
        print(face.emotion, face.probabilities)
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx

from mien import release
from mien.http import Http
from mien.shapes import (
    Face,
    FaceUnderReview,
    Gift,
    GivenFace,
    Model,
    Photo,
    Receipt,
    Training,
)

API = "api/v1/"
HERE = "http://127.0.0.1:8000"
BETWEEN_LOOKS = 2.0  # seconds, at a training

Picture = str | os.PathLike[str] | bytes


class Client:
    """One site, as one account or as nobody.

    Every method raises `mien.errors.Refused` where the site says no, and
    `mien.errors.Unreachable` where it does not answer. What is safe to send again is,
    up to five times, and after as long as the site asks for.
    """

    def __init__(
        self,
        site: str = HERE,
        *,
        token: str | None = None,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._sleep = sleep
        self._http = Http(
            site, token=token, timeout=timeout, transport=transport, sleep=sleep
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.__exit__()

    # --- detection

    def detect(
        self,
        picture: Picture,
        *,
        answer: str | None = None,
        crops: bool = False,
        evidence: bool = False,
    ) -> Photo:
        """The faces of a photo, the largest first. `picture`: a path, or file's bytes.
        `answer`: mix, label or raters; without, the site's own. Nothing is kept."""
        data = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
        asked: dict[str, Any] = {"answer": answer} if answer else {}
        asked |= {"crops": 1} if crops else {}
        asked |= {"evidence": 1} if evidence else {}
        said = self._http.ask(
            "POST",
            API + "detect",
            params=asked,
            content=data,
            headers={"Content-Type": "application/octet-stream"},
            is_safe=True,
        )
        return Photo.model_validate(said.json())

    def model(self) -> Model:
        """The one in use, and its card."""
        return Model.model_validate(self._http.get(API + "model"))

    # --- giving

    def give(
        self,
        face: Face,
        emotion: str,
        *,
        adult: bool,
        keep: bool,
        may_be_seen: bool = False,
        may_be_released: bool = False,
    ) -> Gift:
        """Give a face that `detect(…, crops=True)` found within the last hour.

        All four consents are its giver's own: `adult`, that it shows an adult who gives
        it or has agreed; `keep`, that models may learn from it. Both have to be true.
        """
        body = {
            "crop": face.crop,
            "token": face.token,
            "emotion": emotion,
            "adult": adult,
            "keep": keep,
            "may_be_seen": may_be_seen,
            "may_be_released": may_be_released,
        }
        return Gift.model_validate(self._http.create(API + "contributions", body))

    def contributions(self, *, status: str | None = None) -> Iterator[GivenFace]:
        """One's own, the latest first."""
        found = self._http.pages(API + "contributions", status=status)
        return map(GivenFace.model_validate, found)

    def withdraw(self, *links: str) -> Receipt:
        """Take faces back by their private links. They are gone at once."""
        said = self._http.ask(
            "POST", API + "withdrawals", json={"links": links}, is_safe=True
        )
        return Receipt.model_validate(said.json())

    def report(self, face: str, reason: str) -> None:
        """A face that must not be here, by its number: it is hidden at once. `reason`:
        child, not_agreed or abuse."""
        self._http.create(API + "reports", {"face": face, "reason": reason})

    # --- review

    def under_review(
        self, *, emotion: str | None = None, source: str | None = None
    ) -> Iterator[FaceUnderReview]:
        """Faces that wait for a reviewer, the most worth first."""
        found = self._http.pages(API + "review", emotion=emotion, source=source)
        return map(FaceUnderReview.model_validate, found)

    def decide(
        self,
        face: FaceUnderReview,
        act: str,
        *,
        emotion: str | None = None,
        reason: str | None = None,
        note: str = "",
    ) -> None:
        """`act`: accept, reject (with `reason`), relabel (with `emotion`), screen."""
        body = {"act": act, "emotion": emotion, "reason": reason, "note": note}
        said = {name: value for name, value in body.items() if value}
        self._http.create(f"{API}review/{face.id}/decisions", said)

    # --- training

    def train(self, preset: str, **options: Any) -> Training:
        """Ask for a retraining. Options: start, policy, weight, network, epochs."""
        said = {name: value for name, value in options.items() if value is not None}
        return Training.model_validate(
            self._http.create(API + "trainings", {"preset": preset} | said)
        )

    def training(self, number: int) -> Training:
        return Training.model_validate(self._http.get(f"{API}trainings/{number}"))

    def wait_for(
        self,
        training: Training,
        *,
        on_progress: Callable[[Training], object] = lambda training: None,
    ) -> Training:
        """As it is when it has ended, whichever way."""
        while not training.is_over:
            on_progress(training)
            self._sleep(BETWEEN_LOOKS)
            training = self.training(training.id)
        return training

    # --- releases

    def download_release(
        self,
        url: str,
        folder: Path,
        *,
        on_file: Callable[[str, int, int], object] = lambda name, number, count: None,
    ) -> int:
        """All files of the release published at `url`, checked; how many."""
        return release.download(self._http, url, folder, on_file=on_file)
