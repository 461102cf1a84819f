import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ml import __version__
from tests.support import image_files, tiny_model
from tests.support.real_data import (
    FACE_DETECTOR,
    PHOTOS,
    needs_face_detector,
    needs_photos,
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    tiny_model.make_artefact(tmp_path / "model")
    return tmp_path / "model"


ML = (sys.executable, "-m", "ml")


def ml(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ML, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


@needs_photos
@needs_face_detector
def test_it_prints_a_json_object_for_every_photo(model: Path) -> None:
    assert PHOTOS
    done = ml(
        *("detect", PHOTOS / "trio_outdoor.jpg", PHOTOS / "cat.png", "--json"),
        *("--model", model, "--detector", FACE_DETECTOR),
    )
    assert done.returncode == 0, done.stderr
    trio, cat = (json.loads(line) for line in done.stdout.splitlines())
    assert (trio["model"], trio["detector"]) == ("tiny", "yunet")
    assert (trio["width"], trio["height"]) == (500, 375)
    assert [len(photo["faces"]) for photo in (trio, cat)] == [3, 0]
    face = trio["faces"][0]
    assert face["emotion"] == max(face["probabilities"], key=face["probabilities"].get)
    areas = [face["box"][2] * face["box"][3] for face in trio["faces"]]
    assert areas == sorted(areas, reverse=True)


@needs_photos
@needs_face_detector
def test_another_answer_may_be_asked_for(tmp_path: Path) -> None:
    assert PHOTOS
    tiny_model.make_artefact(tmp_path, heads=2)
    options = ["--model", tmp_path, "--detector", FACE_DETECTOR, "--json"]
    mix, raters = (
        json.loads(ml("detect", PHOTOS / "obama.jpg", *options, *more).stdout)
        for more in ([], ["--answer", "raters"])
    )
    assert (mix["answer"], raters["answer"]) == ("mix", "raters")
    assert mix["faces"][0]["emotion"] != raters["faces"][0]["emotion"]


@needs_photos
@needs_face_detector
def test_without_json_it_speaks_to_people(model: Path) -> None:
    assert PHOTOS
    done = ml(
        *("detect", PHOTOS / "trio_outdoor.jpg", PHOTOS / "cat.png"),
        *("--model", model, "--detector", FACE_DETECTOR),
    )
    assert ": 3 faces\n" in done.stdout
    assert ": no faces\n" in done.stdout


def test_a_bad_photo_is_named_and_the_others_go_on(model: Path, tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_bytes(image_files.BAD["page.jpg"].make())
    (tmp_path / "good.jpg").write_bytes(image_files.GOOD["photo.jpg"]())
    strange = tmp_path / os.fsdecode(b"caf\xe9.jpg")  # no UTF-8, as in an old archive
    strange.write_bytes(image_files.GOOD["photo.jpg"]())
    done = ml(
        *("detect", tmp_path / "page.jpg", tmp_path / "none.jpg"),
        *(strange, tmp_path / "good.jpg", "--model", model),
    )
    assert done.returncode == 4
    assert f"{tmp_path / 'page.jpg'}: The file is not a picture." in done.stderr
    assert f"{tmp_path / 'none.jpg'}: cannot be read" in done.stderr
    assert f"{tmp_path}/caf\\xe9.jpg: no faces" in done.stdout
    assert f"{tmp_path / 'good.jpg'}: no faces" in done.stdout


def test_a_folder_is_looked_through_and_standard_input_is_a_photo(
    model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "photos" / "2026"
    folder.mkdir(parents=True)
    photo = image_files.GOOD["photo.jpg"]()
    (folder / "a.jpg").write_bytes(photo)
    (folder / "notes.txt").write_text("no photo")
    (folder / ".hidden.jpg").write_bytes(photo)
    done = subprocess.run(
        [*ML, "detect", tmp_path / "photos", "-", "--json", "--model", model],
        input=photo,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = [json.loads(line)["photo"] for line in done.stdout.splitlines()]
    assert seen == [str(folder / "a.jpg"), "-"]


def test_a_photo_that_cannot_be_read_has_a_code_for_programs(
    model: Path, tmp_path: Path
) -> None:
    (tmp_path / "page.jpg").write_bytes(image_files.BAD["page.jpg"].make())
    done = ml("detect", tmp_path / "page.jpg", "--json", "--model", model)
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "not_a_picture"


@pytest.mark.parametrize("what", ["detector", "model", "folder"])
def test_what_was_named_has_to_be_there(model: Path, tmp_path: Path, what: str) -> None:
    (tmp_path / "empty").mkdir()
    words = {
        "detector": ["photo.jpg", "--model", model, "--detector", tmp_path / "none"],
        "model": ["photo.jpg", "--model", tmp_path / "none"],
        "folder": [tmp_path / "empty", "--model", model],
    }[what]
    done = ml("detect", *words)
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1


def test_it_tells_its_version_and_a_wrong_call_from_bad_input() -> None:
    assert ml("--version").stdout == f"mien-ml {__version__}\n"
    assert ml("detect").returncode == 2


def test_without_a_model_it_says_so_in_one_sentence(tmp_path: Path) -> None:
    done = ml("detect", "photo.jpg", "--model", tmp_path)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("detect: ")
    assert "not a complete model" in done.stderr


def test_an_unknown_command_lists_those_there_are() -> None:
    done = ml("divine")
    assert done.returncode == 2
    assert "There is no command 'divine'." in done.stderr
    assert "detect" in done.stderr
    assert ml("--help").returncode == 0


def test_looking_at_photos_loads_neither_tensorflow_nor_django(model: Path) -> None:
    program = f"""
import sys
from ml.__main__ import main
main(["detect", "none.jpg", "--model", {str(model)!r}])
print(sorted({{"tensorflow", "keras", "onnx", "django"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
