import hashlib
import json
from pathlib import Path

import pytest

from ml.artefact import card
from ml.emotions import EMOTIONS
from ml.errors import BadArtefact
from tests.support import tiny_model


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
