import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ml.artefact import card
from ml.emotions import EMOTIONS
from ml.errors import BadArtefact
from tests.support import tiny_model

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "models" / "base" / card.CARD
OLD = sorted((ROOT / "tests" / "before_the_rooms").rglob(card.CARD))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    written = tiny_model.make_artefact(
        tmp_path, name="first", snapshot={"hash": "abc"}, temperature=1.3
    )
    assert card.read(tmp_path) == card.parse(json.loads(written.as_json()))
    assert card.read(tmp_path).name == "first"
    assert card.read(tmp_path).emotions == EMOTIONS
    assert card.read(tmp_path).temperature == 1.3


def test_it_names_the_hash_of_every_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("<p>curves</p>")
    written = tiny_model.make_artefact(tmp_path)
    assert set(written.files) == {"model.onnx", "model.keras", "report.html"}
    for name, digest in written.files.items():
        content = (tmp_path / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
    assert card.verify(tmp_path) == card.read(tmp_path)


def test_a_folder_without_a_card_is_not_complete(tmp_path: Path) -> None:
    tiny_model.make_artefact(tmp_path)
    (tmp_path / card.CARD).unlink()
    with pytest.raises(BadArtefact, match="not a complete model"):
        card.verify(tmp_path)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "name": "x"}']
)
def test_a_card_that_says_too_little_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / card.CARD).write_text(content)
    with pytest.raises(BadArtefact):
        card.read(tmp_path)


def test_a_later_card_may_say_more(tmp_path: Path) -> None:
    tiny_model.make_artefact(tmp_path)
    content = json.loads((tmp_path / card.CARD).read_text())
    (tmp_path / card.CARD).write_text(json.dumps({**content, "mood": "sunny"}))
    assert card.read(tmp_path).name == "tiny"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"files": {"model.onnx": 3}}, "files.model.onnx: input should be a valid"),
        ({"golden": {"faces": "x"}}, "golden.probabilities: field required"),
        ({"golden": {"faces": "x", "probabilities": [["a"]]}}, "probabilities.0.0: "),
        ({"name": None}, "card.json: name: input should be a valid string"),
        ({"snapshot": {"cleaning": {"leaked": "?"}}}, "snapshot.cleaning.leaked: "),
        ({"metrics": {"tune": {"accuracy": "high"}}}, "metrics.tune.accuracy: "),
        ({"params": "many"}, "card.json: params: input should be a valid integer"),
        ({"format": 2}, "card.json: format: input should be 1"),
    ],
)
def test_what_is_wrong_in_a_card_is_named(wrong: Any, sentence: str) -> None:
    content = json.loads(SHIPPED.read_text())
    with pytest.raises(BadArtefact) as refusal:
        card.parse({**content, **wrong})
    assert sentence in str(refusal.value)


@pytest.mark.parametrize("field", ["name", "emotions", "files", "golden", "format"])
def test_what_a_card_lacks_is_named(field: str) -> None:
    content = json.loads(SHIPPED.read_text())
    del content[field]
    with pytest.raises(BadArtefact, match=f"card.json: {field}: field required"):
        card.parse(content)


@pytest.mark.parametrize("file", [SHIPPED, *OLD], ids=lambda file: file.parent.name)
def test_a_card_that_was_read_is_written_as_it_was(file: Path) -> None:
    assert json.loads(card.read(file.parent).as_json()) == json.loads(file.read_text())


def test_the_shipped_card_is_written_again_to_the_letter() -> None:
    assert card.read(SHIPPED.parent).as_json() + "\n" == SHIPPED.read_text()


def test_a_card_holds_what_it_was_given_and_no_figure_that_nobody_measured(
    tmp_path: Path,
) -> None:
    given = {"snapshot": {"hash": "abc", "mood": "sunny"}, "metrics": {"x": {"n": 3}}}
    tiny_model.make_artefact(tmp_path, **given)
    content = json.loads((tmp_path / card.CARD).read_text())
    assert {name: content[name] for name in given} == given
    assert (content["config"], content["temperature"]) == ({}, 1.0)
    with pytest.raises(TypeError, match="weather"):
        tiny_model.make_artefact(tmp_path, weather="fine")


@pytest.mark.parametrize("content", [None, [], "card", {}, {"name": 3, "golden": []}])
def test_of_a_stored_card_what_is_odd_is_empty(content: object) -> None:
    assert card.StoredCard.read(content) == card.StoredCard()


def test_what_is_sound_in_an_odd_card_is_read() -> None:
    snapshot = {"hash": "abc", "fer2013": 3, "cleaning": {"leaked": 7, "tune": "?"}}
    odd = card.StoredCard.read({"params": 12, "files": "none", "snapshot": snapshot})
    assert (odd.params, odd.files, odd.snapshot.hash) == (12, {}, "abc")
    assert odd.snapshot.fer2013.rows == odd.snapshot.cleaning.tune == 0
    assert odd.snapshot.cleaning.leaked == 7


def test_a_missing_and_a_changed_file_are_noticed(tmp_path: Path) -> None:
    tiny_model.make_artefact(tmp_path)
    (tmp_path / "model.keras").write_bytes(b"changed")
    with pytest.raises(BadArtefact, match="damaged"):
        card.verify(tmp_path)
    (tmp_path / "model.keras").unlink()
    with pytest.raises(BadArtefact, match="missing"):
        card.verify(tmp_path)
    assert card.verify(tmp_path, names=[card.MODEL])


def test_the_golden_faces_are_the_same_for_ever() -> None:
    """Their hash is in every card ever shipped: changing them breaks old models."""
    faces = card.golden_faces()
    assert faces.shape == (4, 48, 48, 1)
    assert hashlib.sha256(faces.tobytes()).hexdigest() == GOLDEN


GOLDEN = "cefe0d01308873f7bd4f1b68ae0200150eb88670eb1bbf738aebfe81e6143cd3"


def test_each_answer_has_its_own_facts_and_one_head_those_of_the_mix(
    tmp_path: Path,
) -> None:
    figures = {"tune": {"n": 9, "accuracy": 0.5}}
    given = {"label": {"certainty_threshold": 0.6, "metrics": figures}}
    one = tiny_model.make_artefact(tmp_path / "one", certainty_threshold=0.3)
    two = tiny_model.make_artefact(
        tmp_path / "two", certainty_threshold=0.3, heads=2, answers=given
    )
    assert [one.of(a).certainty_threshold for a in ("mix", "label")] == [0.3, 0.3]
    assert [two.of(a).certainty_threshold for a in ("mix", "label")] == [0.3, 0.6]
    assert "answers" not in one.to_json()
    assert card.read(tmp_path / "two").to_json()["answers"] == given
    stored = card.StoredCard.read(two.to_json())
    assert stored.figures("label").accuracy == 0.5
    assert stored.figures().accuracy is None
