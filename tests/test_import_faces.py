import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from labeling import contributions, serving
from labeling.models import Contribution, Crop
from ml import images
from tests.make import make_face, make_face_jpeg

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
    faces = Contribution.objects.order_by("emotion")
    assert [f.emotion for f in faces] == ["fear", "fear", "happy", "sad"]
    for face in faces:
        assert (face.source, face.source_name, face.status) == (
            *("import", "shop", "waiting"),
        )
        assert face.consent_version == "import"
        assert "contract 7" in face.consent_basis
        assert (face.giver, face.side, face.may_be_seen) == (None, "train", False)
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
    contributions.withdraw(Contribution.objects.filter(emotion="happy").get())
    assert run(folder) == {"known": 3, "withdrawn": 1}
    assert not Contribution.objects.filter(emotion="happy").exists()


def test_the_checks_hold_here_too(folder):
    home = folder / "some" / "happy"
    (home / "dark.png").write_bytes(images.encode_jpeg(make_face(20) // 9))
    (home / "broken.jpg").write_bytes(b"no picture")
    (home / "small.jpg").write_bytes(images.encode_jpeg(make_face(21, side=40)))
    (home / "notes.txt").write_text("not looked at")
    assert run(folder, "-v", "2") == {
        "kept": 4,
        "too_dark": 1,
        "broken": 1,
        "too_small": 1,
    }


def test_pictures_that_are_not_cut_out_need_exactly_one_face(folder):
    out = io.StringIO()
    call_command(
        "import_faces", folder, "--source", "shop", "--basis", "mine", stdout=out
    )
    assert Contribution.objects.count() <= 4
    assert "4 of 4" in out.getvalue()


def test_large_and_oblong_pictures_are_cut_to_a_crop(folder):
    home = folder / "some" / "sadness"
    home.mkdir(exist_ok=True)
    wide = make_face(30, side=700)[:600]
    (home / "wide.png").write_bytes(images.encode_jpeg(wide))
    run(folder)
    assert set(Crop.objects.values_list("side", flat=True)) == {128, 256}


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
