import io
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from labeling.contributions import withdrawals
from labeling.detection import photos
from labeling.models import AuditEntry, Contribution, Crop
from labeling.registry import serving
from ml.vision import decode, face_crop
from tests.support.drawn_people import portrait
from tests.support.factories import make_face, make_face_jpeg, make_photo
from tests.support.real_data import FACE_DETECTOR, needs_face_detector

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_fer2013(settings, tmp_path):
    settings.FER2013, settings.MIEN_DATA = None, tmp_path / "mien"
    serving.forget()


@pytest.fixture
def folder(tmp_path) -> Path:
    for i, name in enumerate(["happy", "Sadness", "fear", "fear"]):
        file = tmp_path / "faces" / "some" / name / f"{i}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(make_face_jpeg(i))
    return tmp_path / "faces"


def run(folder: Path, *more: str) -> dict[str, int]:
    out = io.StringIO()
    basis = "Bought with written consent, contract 7"
    call_command(
        "import_faces",
        *(folder, "--source", "shop", "--basis", basis, "--cropped", *more),
        stdout=out,
        stderr=out,
    )
    lines = [line.split(": ") for line in out.getvalue().splitlines() if ": " in line]
    return {line[0]: int(line[1]) for line in lines if line[1].isdigit()}


def test_labelled_folders_come_in_with_source_and_basis(folder):
    assert run(folder) == {"kept": 4}
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.details["source"]) == ("import", "shop")
    assert entry.details["pictures"] == 4
    faces = Contribution.objects.order_by("emotion")
    assert [f.emotion for f in faces] == ["fear", "fear", "happy", "sad"]
    for face in faces:
        assert (face.source, face.source_name, face.status) == (
            *("import", "shop", "waiting"),
        )
        assert face.consent_version == "import"
        assert "contract 7" in face.consent_basis
        assert (face.giver, face.split, face.may_be_seen) == (None, "train", False)
        assert face.crop.signature


def test_it_may_say_what_else_was_agreed_to(folder):
    run(folder, "--may-be-seen", "--may-be-released")
    face = Contribution.objects.first()
    assert face.may_be_seen
    assert face.may_be_released


def test_a_second_run_takes_only_what_is_new(folder):
    run(folder)
    (folder / "some" / "fear" / "9.jpg").write_bytes(make_face_jpeg(9))
    (folder / "some" / "fear" / "renamed.jpg").write_bytes(make_face_jpeg(2))
    assert run(folder) == {"kept": 1, "known": 5}
    assert Contribution.objects.count() == 5


def test_it_still_knows_its_files_after_the_secret_key_changed(folder, settings):
    run(folder)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert run(folder) == {"known": 4}


def test_a_withdrawn_face_does_not_come_back(folder):
    run(folder)
    withdrawals.withdraw(Contribution.objects.filter(emotion="happy").get())
    assert run(folder) == {"known": 3, "withdrawn": 1}
    assert not Contribution.objects.filter(emotion="happy").exists()


def test_the_checks_hold_here_too(folder):
    home = folder / "some" / "happy"
    (home / "dark.png").write_bytes(decode.encode_jpeg(make_face(20) // 9))
    (home / "broken.jpg").write_bytes(b"no picture")
    (home / "small.jpg").write_bytes(decode.encode_jpeg(make_face(21, side=40)))
    (home / "notes.txt").write_text("not looked at")
    assert run(folder, "-v", "2") == {
        "kept": 4,
        "too_dark": 1,
        "broken": 1,
        "too_small": 1,
    }


def uncut(folder: Path) -> str:
    """What the command says of whole photographs."""
    out = io.StringIO()
    where = (folder, "--source", "shop", "--basis", "mine", "-v", "2")
    call_command("import_faces", *where, stdout=out, stderr=out)
    return out.getvalue()


def put(folder: Path, **files: bytes) -> Path:
    home = folder / "happy"
    home.mkdir()
    for name, photo in files.items():
        (home / f"{name}.jpg").write_bytes(photo)
    return folder


def test_a_photograph_is_kept_as_the_one_face_that_it_shows(tmp_path, settings):
    settings.FACE_DETECTOR = None
    photo = make_photo(29)
    said = uncut(put(tmp_path, one=photo, none=make_photo(), two=make_photo(29, 2)))
    assert "none.jpg: No face was found in it." in said
    assert "two.jpg: It shows 2 faces" in said
    assert said.endswith("kept: 1\nno_face: 1\nseveral_faces: 1\n")
    rgb = decode.load(photo).rgb
    found = photos.detector().find(rgb)
    kept = decode.decode(Crop.objects.get().jpeg)
    assert np.abs(kept - face_crop.crop(rgb, found[0].box).astype(int)).mean() < 3


@needs_face_detector
def test_drawn_portraits_are_cut_out_by_yunet(tmp_path, settings):
    settings.FACE_DETECTOR = FACE_DETECTOR
    drawn = {
        "one": portrait("happy"),
        "pair": portrait("happy", "sad"),
        "room": np.full((600, 800, 3), 200, np.uint8),
    }
    photographs = {name: decode.encode_jpeg(rgb) for name, rgb in drawn.items()}
    said = uncut(put(tmp_path, **photographs))
    assert "pair.jpg: It shows 2 faces" in said
    assert "room.jpg: No face was found" in said
    assert Crop.objects.get().edge == face_crop.CROP_SIDE


def test_large_and_oblong_pictures_are_cut_to_a_crop(folder):
    home = folder / "some" / "sadness"
    home.mkdir(exist_ok=True)
    wide = make_face(30, side=700)[:600]
    (home / "wide.png").write_bytes(decode.encode_jpeg(wide))
    run(folder)
    assert set(Crop.objects.values_list("edge", flat=True)) == {128, 256}


def test_it_says_what_is_wrong_with_the_call(folder, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for where, basis in ((tmp_path / "nowhere", "b"), (empty, "b"), (folder, " ")):
        with pytest.raises(CommandError):
            call_command("import_faces", where, "--source", "s", "--basis", basis)
    assert not Contribution.objects.exists()


def test_hostile_names_stay_text(folder):
    out = io.StringIO()
    hostile = "'; DROP TABLE labeling_vote; --<script>"
    call_command(
        *("import_faces", folder, "--source", hostile, "--basis", hostile),
        "--cropped",
        stdout=out,
    )
    assert Contribution.objects.first().source_name == hostile
