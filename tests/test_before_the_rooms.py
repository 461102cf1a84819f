"""What a site wrote before its modules moved into rooms is still read: its dump, its
data folder, and what it handed out. What lies there: tests/before_the_rooms/README."""

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import pytest
from django.apps import apps
from django.db import IntegrityError
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from labeling.contributions import holdout, imports
from labeling.datasets import dataset_release, snapshots
from labeling.detection import photos
from labeling.models import (
    Checkpoint,
    Contribution,
    Crop,
    ModelFile,
    ModelVersion,
    Snapshot,
    User,
    Vote,
)
from labeling.registry import lineage, model_files, model_versions
from labeling.voting import vote_weights
from ml.artefact import card as cards
from ml.artefact.predictor import Predictor
from ml.data.labelled_folders import survey
from tests.support import before_the_rooms, tiny_model
from tests.support.before_the_rooms import FACTS, KEY, OLD, Restored
from tests.support.factories import make_user
from webapp.config import service_paths
from workers.retrain import workspace

ROWS: dict[str, list[dict[str, Any]]] = json.loads((OLD / "rows.json").read_text())
RENAMED = {  # table: former name -> today's
    "labeling_contribution": {"side": "split", "worth": "priority"},
    "labeling_crop": {"side": "edge"},
    "labeling_modelversion": {"tainted_at": "contaminated_at"},
    "labeling_user": {"side": "split"},
}
# Consents of faces that came by the API, since 0007: not given until given anew.
IN_DOUBT = {"may_be_seen": False, "may_be_released": False, "screened_at": None}
# Names of accounts, some of them erased: only the audit log's keys are kept today.
FORGOTTEN = {"django_admin_log": {"object_repr": ""}}
FACE = "b06f07eb-e00b-444a-bcb1-da9b3ca85984"  # alice's, accepted and trained on
PAGES = {
    "alice": ["/my/", "/my/download/", f"/faces/{FACE}.jpg", "/account/"],
    "rita": ["/review/", "/review/grid/", f"/review/{FACE}/"],
    "theo": [
        *("/training/", "/training/1/", "/training/2/", "/training/3/"),
        *("/training/2/changed/", "/training/2/log/"),
        *("/models/", "/models/mien-2/", "/models/tiny/", "/models/figures/"),
        *("/models/mien-2/rows.csv", "/data/", "/data/numbers.json"),
    ],
    "admin": ["/admin/labeling/contribution/", "/admin/labeling/exam/"],
}

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture(scope="module", autouse=True)
def site(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Restored]:
    """Restored once: what a test changes is rolled back."""
    home = tmp_path_factory.mktemp("before_the_rooms")
    with django_db_blocker.unblock(), before_the_rooms.restored(home) as site:
        yield site


# --- the dump


def test_what_was_withdrawn_after_the_dump_is_withdrawn_again(site: Restored) -> None:
    gone = FACTS["withdrawn"]
    assert list(site.taken_back) == FACTS["taken_back"]
    assert not Contribution.objects.filter(pk__in=gone["faces"]).exists()
    assert not User.objects.filter(key__in=gone["accounts"]).exists()


@pytest.mark.parametrize("table", ROWS)
def test_every_row_says_what_it_said(table: str) -> None:
    today = RENAMED.get(table, {})
    before = [{today.get(k, k): v for k, v in row.items()} for row in ROWS[table]]
    if table == "labeling_contribution":
        before = [row | IN_DOUBT if row["source"] == "api" else row for row in before]
    before = [row | FORGOTTEN.get(table, {}) for row in before]
    models = {model._meta.db_table: model for model in apps.get_models()}
    rows = models[table]._default_manager.order_by("pk").values(*before[0])
    assert json.loads(json.dumps(list(rows), default=plain)) == before


def plain(value: Any) -> str:
    if isinstance(value, memoryview):
        return f"sha256:{hashlib.sha256(value).hexdigest()}"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def test_people_sign_in_as_who_they_were(client: Client, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    known = {"login": "theo@example.org", "password": "secret"}
    assert client.post("/accounts/login/", known).status_code == 302
    assert client.get("/training/").status_code == 200
    roles = {
        user.username: [r for r in ("reviewer", "trainer") if getattr(user, f"is_{r}")]
        for user in User.objects.all()
    }
    assert roles == FACTS["roles"]


@pytest.mark.parametrize(
    ("name", "address"), [(name, page) for name in PAGES for page in PAGES[name]]
)
def test_pages_show_what_was_there(client: Client, name: str, address: str) -> None:
    client.force_login(User.objects.get(username=name))
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.getvalue()


def test_an_exams_report_is_read_with_the_face_that_changed(client: Client) -> None:
    client.force_login(User.objects.get(username="theo"))
    page = client.get("/training/2/").text
    assert "700 faces, the same for both" in page
    assert "1 from wrong to right, 0 from right to wrong" in page
    assert "data:image/" in client.get("/training/2/changed/").text


def test_votes_are_weighed_and_cannot_be_changed() -> None:
    faces = Contribution.objects.values_list("pk", flat=True)
    weighed = vote_weights.weighed_votes(list(faces))
    said = {str(pk): votes for pk, votes in weighed.items() if votes}
    assert said.keys() == FACTS["weighed_votes"].keys()
    for face, votes in FACTS["weighed_votes"].items():  # since then: of untested ones
        assert said[face].keys() == votes.keys()
        assert 0 < sum(said[face].values()) < sum(votes.values())
    with pytest.raises(IntegrityError, match="append-only"):
        Vote.objects.update(choice="sad")


def test_it_is_known_which_versions_saw_a_face() -> None:
    for face, names in FACTS["versions_that_saw"].items():
        saw = lineage.versions_that_saw([face])
        assert sorted(saw.values_list("name", flat=True)) == names


def test_a_snapshot_holds_to_its_hash_and_is_written_again(tmp_path: Path) -> None:
    snapshot = Snapshot.objects.get()
    assert snapshots.verify(snapshot)
    snapshots.write(snapshot, tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest.keys() >= set(FACTS["manifest_keys"])
    [shard] = manifest["shards"]
    ids = parquet.read_table(tmp_path / shard)["id"].to_pylist()
    rows = snapshot.rows.exclude(label=None).values_list("contribution_id", flat=True)
    assert sorted(ids) == sorted(map(str, rows))


def test_a_row_of_a_snapshot_that_was_changed_is_noticed() -> None:
    snapshot = Snapshot.objects.get()
    assert snapshot.rows.filter(contribution_id=FACE).update(weight=9)
    assert not snapshots.verify(snapshot)


def test_a_run_under_way_finds_its_checkpoint(tmp_path: Path) -> None:
    workspace.unpack(bytes(Checkpoint.objects.get().content), tmp_path)
    state = json.loads((tmp_path / "checkpoint" / "state.json").read_text())
    assert state == FACTS["checkpoint"]


def test_versions_come_whole_out_of_the_database() -> None:
    for version in ModelVersion.objects.all():
        card = cards.verify(model_files.fetch(version))
        assert card.name == version.name
        assert json.loads(card.as_json()).keys() >= set(FACTS["card_keys"])


def test_a_release_has_the_files_and_keys_that_others_read(tmp_path: Path) -> None:
    known, folder = FACTS["release"], tmp_path / "release"
    dataset_release.write(folder, name="again")
    assert {path.name for path in folder.iterdir()} >= set(known["names"])
    about = json.loads((folder / "release.json").read_text())
    assert about.keys() >= set(known["release_json_keys"])
    [shard] = about["files"]
    assert set(parquet.read_schema(folder / shard).names) >= set(known["columns"])
    gone = json.loads((folder / "withdrawn.json").read_text())
    assert gone.keys() >= set(known["withdrawn_json_keys"])
    assert gone["withdrawn"][0].keys() >= set(known["withdrawn_keys"])
    released = [r for r in ROWS["labeling_withdrawal"] if r["was_released"]]
    listed = {row["id"] for row in gone["withdrawn"]}
    assert listed == {row["contribution_id"] for row in released}


# --- what was handed out, signed and drawn


def test_a_private_link_takes_its_face_back(client: Client) -> None:
    link = FACTS["private_link"]
    page = client.post("/withdraw/", {"links": link["secret"], "sure": "yes"})
    assert link["face"] in page.text
    assert not Contribution.objects.filter(pk=link["face"]).exists()


def test_an_api_token_opens_the_api(client: Client) -> None:
    for secret, status in ((FACTS["api_token"], 200), ("mien_of-nobody", 401)):
        headers = {"Authorization": f"Bearer {secret}"}
        assert client.get("/api/v1/model", headers=headers).status_code == status


def test_a_browsers_cookies_say_which_face_it_may_see(client: Client) -> None:
    shown = FACTS["vote_ticket"]
    address = f"/faces/seen/{shown['ticket']}.jpg"
    assert client.get(address).status_code == 404
    client.cookies["mien_device"] = FACTS["cookies"]["mien_device"]
    jpeg = bytes(Crop.objects.get(pk=shown["face"]).jpeg)
    assert client.get(address).content == jpeg
    client.cookies["mien_given"] = FACTS["cookies"]["mien_given"]  # it is its own
    assert client.get(address).status_code == 404


def test_a_face_token_says_what_was_seen() -> None:
    token, crop = FACTS["face_token"], (OLD / "crop.jpg").read_bytes()
    claim = dataclasses.asdict(photos.open_token(token["signed_in_2100"], crop))
    claim |= {"nonce": claim["nonce"].hex(), "box": list(claim["box"])}
    assert claim.pop("shown") == claim["emotion"]  # which only later tokens tell apart
    assert {**claim, "expires": claim["expires"].isoformat()} == token["says"]


def test_who_examines_and_who_trains_is_drawn_as_before() -> None:
    keys = FACTS["holdout"]
    assert {key: holdout.split_of(make_user(key, key=key)) for key in keys} == keys


def test_a_file_that_was_imported_before_is_known(tmp_path: Path) -> None:
    source = imports.Source("drawn", "Drawn by a program.", is_cropped=True)
    (tmp_path / "neutral").mkdir()
    shutil.copy(OLD / "import.jpg", tmp_path / "neutral")
    [outcome] = imports.take_all(survey(tmp_path).pictures, source)
    assert outcome.code == "known"


# --- the data folder


def test_settings_find_key_and_services_in_the_data_folder(site: Restored) -> None:
    tell = """
import json
from webapp.config import settings
host = settings.DATABASES["default"]["HOST"]
print(json.dumps([settings.SECRET_KEY, host, settings.REDIS_URL]))
"""
    set_by_tests = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
    kept = {k: v for k, v in os.environ.items() if k not in set_by_tests}
    said = subprocess.run(
        [sys.executable, "-c", tell],
        env={**kept, "MIEN_DATA": str(site.data)},
        cwd=OLD.parents[1],
        capture_output=True,
        check=True,
    )
    host = FACTS["services"]["sockets"]
    assert json.loads(said.stdout) == [KEY, host, FACTS["redis_url"]]
    assert service_paths.of(site.data).database_url == FACTS["database_url"]


def test_the_cached_model_serves_as_it_did(site: Restored) -> None:
    ModelFile.objects.update(content=b"not needed")
    champion, known = model_versions.current(), FACTS["cached_model"]
    assert champion is not None
    folder = model_files.fetch(champion, names=model_files.SERVED)
    assert folder == site.data / known["folder"]
    faces = np.stack([tiny_model.face(emotion) for emotion in ("happy", "sad")])
    said = Predictor.load(folder).predict(faces[..., None].astype(np.float32))
    expected = [known["says"][f"{emotion}, seed 0"] for emotion in ("happy", "sad")]
    assert said.probabilities == pytest.approx(np.array(expected), abs=1e-4)
