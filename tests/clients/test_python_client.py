"""The package `mien` against the real site, spoken to as over the network."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core import signals
from django.db import close_old_connections
from django.utils import timezone
from mien import command
from mien.client import Client
from mien.errors import Refused, Unreachable
from mien.release import Damaged

from labeling import accounts
from labeling.models import Contribution, TrainingRun, User
from labeling.training import training_runs
from tests.support import factories, image_files
from webapp.wsgi import application

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]

SITE = "http://testserver"


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The site's requests see what the test wrote: they share its transaction."""
    both = (signals.request_started, signals.request_finished)
    for signal in both:
        signal.disconnect(close_old_connections)
    yield
    for signal in both:
        signal.connect(close_old_connections)


def client(user: User | None = None, **more: Any) -> Client:
    token = accounts.make_token(user, name="laptop")[1] if user else None
    transport = httpx.WSGITransport(app=application)
    return Client(SITE, token=token, transport=transport, **more)


def answering(*answers: httpx.Response | Exception) -> tuple[Client, list[float]]:
    """A site that gives these answers, one after the other, and how long was waited."""
    left: Iterator[httpx.Response | Exception] = iter(answers)
    waits: list[float] = []

    def answer(_request: httpx.Request) -> httpx.Response:
        following = next(left)
        if isinstance(following, Exception):
            raise following
        return following

    transport = httpx.MockTransport(answer)
    return Client(SITE, transport=transport, sleep=waits.append), waits


@pytest.fixture
def mien(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: str, as_: User | None = None, **more: Any) -> tuple[int, str, str]:
        status = command.main([*words], client(as_, **more))
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "photo.jpg"
    file.write_bytes(factories.make_photo(29))
    return file


def test_a_photo_is_looked_at(photo: Path) -> None:
    seen = client().detect(photo, answer="raters", evidence=True)
    (face,) = seen.faces
    assert (seen.width, seen.answer) == (640, "raters")
    assert face.emotion == max(face.probabilities, key=face.probabilities.__getitem__)
    assert face.evidence and not face.crop
    assert client().detect(photo.read_bytes()).faces[0].box == face.box


def test_a_no_has_its_code_and_its_sentence() -> None:
    with pytest.raises(Refused) as refused:
        client().detect(b"no picture")
    assert (refused.value.code, refused.value.status) == ("not_a_picture", 415)
    assert "a picture" in str(refused.value)


def test_a_face_is_given_listed_and_taken_back(photo: Path) -> None:
    face = client().detect(photo, crops=True).faces[0]
    gift = client().give(face, "sad", adult=True, keep=True, may_be_seen=True)
    assert Contribution.objects.get().may_be_seen
    assert gift.withdrawal
    receipt = client().withdraw(gift.withdrawal)
    assert receipt.withdrawn == [gift.id]
    assert not Contribution.objects.exists()


def test_ones_own_faces_come_page_by_page() -> None:
    user = factories.make_user()
    given = {factories.make_contribution(giver=user).pk for _ in range(27)}
    assert {face.id for face in client(user).contributions()} == given
    assert not list(client(user).contributions(status="rejected"))


def test_a_reviewer_decides() -> None:
    face = factories.make_contribution()
    reviewer = client(factories.make_user("rita", "reviewer"))
    (waiting,) = reviewer.under_review()
    reviewer.decide(waiting, "reject", reason="not_a_face")
    face.refresh_from_db()
    assert face.status == "rejected"
    with pytest.raises(Refused) as refused:
        client(factories.make_user("bob")).decide(waiting, "accept")
    assert refused.value.code == "permission_denied"


def test_a_face_that_must_not_be_here_is_hidden() -> None:
    face = factories.make_contribution(may_be_seen=True, screened_at=timezone.now())
    client().report(str(face.pk), "child")
    face.refresh_from_db()
    assert face.status == "hidden"


def test_what_is_safe_is_sent_again_and_waits_as_long_as_asked() -> None:
    busy = httpx.Response(503, headers={"Retry-After": "7"})
    lost = httpx.ConnectError("no route")
    model = {
        "name": "base",
        "created_at": "2026-01-01T00:00:00Z",
        "emotions": [],
        "detector": "haar",
        "card": {},
    }
    site, waits = answering(busy, lost, httpx.Response(200, json=model))
    assert site.model().name == "base"
    assert waits[0] == 7
    assert 0.5 <= waits[1] <= 2


def test_it_gives_up_in_the_end() -> None:
    site, waits = answering(*[httpx.ConnectError("no route")] * 5)
    with pytest.raises(Unreachable, match="no route"):
        site.model()
    assert len(waits) == 4


def test_what_is_no_mien_site_is_said_so() -> None:
    site, _waits = answering(httpx.Response(404, text="<h1>Not found</h1>"))
    with pytest.raises(Unreachable, match="404"):
        site.model()


def test_a_gift_whose_answer_was_lost_is_not_given_twice(photo: Path) -> None:
    real = httpx.WSGITransport(app=application)
    lost: list[httpx.Response] = []

    def answer(request: httpx.Request) -> httpx.Response:
        done = real.handle_request(request)
        if (
            request.method == "POST"
            and "contributions" in request.url.path
            and not lost
        ):
            lost.append(done)
            raise httpx.ReadError("the line broke")
        return httpx.Response(done.status_code, content=b"".join(done.stream))  # type: ignore[arg-type]

    site = Client(
        SITE, transport=httpx.MockTransport(answer), sleep=lambda seconds: None
    )
    face = site.detect(photo, crops=True).faces[0]
    gift = site.give(face, "sad", adult=True, keep=True)
    assert lost
    assert Contribution.objects.get().pk == gift.id
    assert client().withdraw(str(gift.withdrawal)).withdrawn == [gift.id]


def test_the_command_detects(mien: Any, photo: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(image_files.BAD["page.jpg"].make())
    status, out, _err = mien("--json", "detect", str(photo))
    assert (status, json.loads(out)["photo"]) == (0, str(photo))
    status, out, err = mien("detect", str(photo), str(bad), str(tmp_path / "none.jpg"))
    assert status == 4
    assert f"{photo}: 1 face" in out
    assert f"{bad}: This file" in err
    assert f"{tmp_path / 'none.jpg'}: No such file" in err
    assert mien("detect", str(bad))[0] == 3


def test_the_command_gives_and_takes_back(mien: Any, photo: Path) -> None:
    give = ("give", str(photo), "--emotion", "sad")
    status, _out, err = mien(*give)
    assert status == 3
    assert not Contribution.objects.exists()
    assert "adult" in err
    status, out, _err = mien(*give, "--adult", "--keep")
    assert (status, Contribution.objects.count()) == (0, 1)
    link = out.split()[-1]
    assert mien("withdraw", link)[0] == 0
    assert mien("withdraw", link)[0] == 3


def test_the_command_exports_what_waits(mien: Any) -> None:
    faces = [factories.make_contribution() for _ in range(3)]
    rita = factories.make_user("rita", "reviewer")
    status, out, _err = mien("review", "export", as_=rita)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (status, {row["id"] for row in rows}) == (0, {str(f.pk) for f in faces})


def test_the_command_waits_for_a_training(
    mien: Any, settings: Any, django_capture_on_commit_callbacks: Any, tmp_path: Path
) -> None:
    settings.FER2013 = tmp_path / "fer2013.csv"
    settings.FER2013.touch()

    def end(_seconds: float) -> None:
        run = TrainingRun.objects.get()
        training_runs.cancel(run, by=None)

    trainer = factories.make_user("tom", "trainer")
    status, out, _err = mien("train", "quick", "--wait", as_=trainer, sleep=end)
    assert TrainingRun.objects.get().preset == "quick"
    assert (status, "cancelled" in out) == (6, True)


def test_a_release_is_fetched_and_checked(tmp_path: Path) -> None:
    files = {"faces-00000.parquet": b"faces", "release.json": b"{}"}
    sums = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in files.items()
    )
    files["SHA256SUMS"] = sums.encode()

    def answer(files: dict[str, bytes], request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=files[request.url.path.rsplit("/", 1)[1]])

    def fetch(files: dict[str, bytes]) -> int:
        site = Client(SITE, transport=httpx.MockTransport(partial(answer, files)))
        return site.download_release("https://there.example/faces", tmp_path / "out")

    with pytest.raises(Damaged, match="release.json"):
        fetch({**files, "release.json": b"{ }"})
    assert not (tmp_path / "out" / "release.json").exists()
    assert fetch(files) == 2
    assert (tmp_path / "out" / "faces-00000.parquet").read_bytes() == b"faces"


def test_no_file_of_a_release_lies_outside_of_it(tmp_path: Path) -> None:
    sums = f"{'0' * 64}  ../elsewhere\n"
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=sums))
    site = Client(SITE, transport=transport)
    with pytest.raises(Damaged, match="outside"):
        site.download_release("https://there.example/faces", tmp_path / "out")
