import base64
import hashlib
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from labeling.contributions import device_model
from labeling.models import ModelVersion
from tests.support.factories import make_user
from tests.support.real_data import needs_face_detector
from webapp.downloads import engine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]


@pytest.fixture(autouse=True)
def engine_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "is_served", lambda: True)
    device_model._givers_agreed.cache_clear()


def address(champion: ModelVersion, kind: str) -> str:
    return f"/engine/models/{device_model.sha256(champion)}{kind}"


@needs_face_detector
def test_what_is_offered_is_there_and_is_what_its_hash_says(client: Client) -> None:
    offer = client.get("/engine/").json()
    card = client.get(offer["card"]).json()
    for file in (offer["detector"], card["model"]):
        content = b"".join(client.get(file["url"]))
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        assert file["integrity"] == f"sha256-{digest}"


def test_a_model_is_kept_by_its_browser_alone(
    client: Client, champion: ModelVersion
) -> None:
    signed_in = Client()
    signed_in.force_login(make_user())  # whose pages nobody keeps
    for somebody in (client, signed_in):
        said = somebody.get(address(champion, ".onnx"))["Cache-Control"]
        assert "private" in said
        assert "max-age" in said


@pytest.mark.parametrize("kind", [".onnx", ".json"])
def test_a_model_that_is_not_handed_out_does_not_exist(
    client: Client, champion: ModelVersion, kind: str
) -> None:
    assert client.get(address(champion, kind)).status_code == 200
    assert client.get(f"/engine/models/{'0' * 64}{kind}").status_code == 404
    ModelVersion.objects.update(contaminated_at=timezone.now())
    assert client.get(address(champion, kind)).status_code == 404
    assert client.post(address(champion, "/trouble/")).status_code == 404


@needs_face_detector
@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"contaminated_at": timezone.now()}, "withdrawn"),
        ({"is_champion": False}, "no_model"),
    ],
)
def test_where_none_is_the_offer_says_why_and_so_does_the_page(
    client: Client, what: dict[str, Any], why: str
) -> None:
    assert "none is sent" in client.get("/live/").text
    ModelVersion.objects.update(**what)
    assert client.get("/engine/").json() == {"why": why}
    html = client.get("/live/").text
    assert "pictures are sent to this site" in html
    assert str(device_model.WHY_NOT[why]) in html


def test_without_the_engine_the_page_says_where_pictures_go(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "is_served", lambda: False)
    assert client.get("/engine/").json() == {"why": "no_engine"}
    assert "pictures are sent to this site" in client.get("/live/").text


def test_a_wrong_answer_is_told_but_takes_nothing_down(
    client: Client, champion: ModelVersion
) -> None:
    client.post(address(champion, "/trouble/"))
    told = client.get("/health").json()["champion"]
    assert told["problems"] == ["wrong_on_devices"]
    assert told["ok"]


def test_no_page_may_compile_webassembly_but_the_thread_may(client: Client) -> None:
    page = client.get("/live/")["Content-Security-Policy"]
    assert "unsafe-eval" not in page
    assert "worker-src 'self'" in page
    thread = client.get("/engine/worker.js")
    assert "'wasm-unsafe-eval'" in thread["Content-Security-Policy"]
    assert thread["Content-Type"] == "text/javascript"


def test_the_lock_names_no_registry_and_holds_hashes() -> None:
    lock = json.loads((engine.WANTED / "package-lock.json").read_text())
    packages = [one for name, one in lock["packages"].items() if name]
    assert packages
    assert all(one["integrity"].startswith("sha512-") for one in packages)
    assert not any("resolved" in one for one in packages)
