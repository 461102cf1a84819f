import csv
import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

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
        "not_a_picture": 1,
        "too_small": 1,
        "no_picture": 1,
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


def test_a_zip_is_read_in_place(folder, tmp_path):
    packed = shutil.make_archive(str(tmp_path / "faces"), "zip", folder)
    assert run(Path(packed)) == {"kept": 4}
    assert run(folder) == {"known": 4}


def test_a_phones_formats_come_in(tmp_path):
    pillow_heif.register_heif_opener()
    home = tmp_path / "happy"
    home.mkdir()
    for number, (name, kind) in enumerate(
        {"a.HEIC": "HEIF", "b.avif": "AVIF", "c.gif": "GIF", "d.jfif": "JPEG"}.items()
    ):
        picture = Image.fromarray(make_face(number))
        picture.save(home / name, kind)
    assert run(tmp_path) == {"kept": 4}


def test_a_trial_keeps_nothing_and_says_what_would_be(folder):
    assert run(folder, "--dry-run") == {"kept": 4}
    assert not Contribution.objects.exists()
    assert run(folder) == {"kept": 4}


def test_every_file_stands_in_the_list(folder, tmp_path):
    (folder / "some" / "happy" / "notes.txt").write_text("not looked at")
    (folder / "some" / "happy" / "broken.jpg").write_bytes(b"no picture")
    table = tmp_path / "list.csv"
    run(folder, "--csv", str(table))
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert {row["file"]: row["outcome"] for row in rows} == {
        "some/happy/0.jpg": "kept",
        "some/Sadness/1.jpg": "kept",
        "some/fear/2.jpg": "kept",
        "some/fear/3.jpg": "kept",
        "some/happy/notes.txt": "no_picture",
        "some/happy/broken.jpg": "not_a_picture",
    }
    assert next(r for r in rows if r["file"].endswith("1.jpg"))["emotion"] == "sad"


def test_nothing_is_kept_where_a_folder_says_nothing(folder):
    (folder / "Ahegao").mkdir()
    (folder / "Ahegao" / "1.jpg").write_bytes(make_face_jpeg(7))
    with pytest.raises(CommandError, match="'Ahegao' is no emotion"):
        run(folder)
    assert not Contribution.objects.exists()
    assert run(folder, "--skip-unknown") == {"kept": 4, "no_label": 1}


def test_numbers_need_a_layout(tmp_path):
    (tmp_path / "train" / "1").mkdir(parents=True)
    (tmp_path / "train" / "1" / "a.jpg").write_bytes(make_face_jpeg(8))
    with pytest.raises(CommandError, match="bare numbers"):
        run(tmp_path)
    run(tmp_path, "--layout", "rafdb")
    assert Contribution.objects.get().emotion == "surprise"


def test_a_packed_bomb_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("happy/bomb.jpg", bytes(decode.MAX_BYTES + 1))
        archive.writestr("happy/face.jpg", make_face_jpeg(3))
    assert run(tmp_path / "b.zip") == {"kept": 1, "too_large": 1}
