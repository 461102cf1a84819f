import json
import threading
from pathlib import Path

import numpy as np
import pytest

from ml.artefact import card
from ml.artefact.predictor import Predictor, evidence_map
from ml.emotions import EMOTIONS
from ml.errors import BadArtefact
from tests.support import tiny_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_model.make_artefact(tmp_path / "model")
    return tmp_path / "model"


def some_faces(each: int = 5) -> np.ndarray:  # type: ignore[type-arg]
    drawn = [tiny_model.face(e, seed=seed) for e in EMOTIONS for seed in range(each)]
    return np.stack(drawn).astype(np.float32)[..., None]


def test_it_gives_probabilities_and_evidence_for_any_number_of_faces(
    folder: Path,
) -> None:
    predictor = Predictor.load(folder)
    for count in (0, 1, 2, 35):
        said = predictor.predict(some_faces()[:count])
        assert said.probabilities.shape == (count, 7)
        assert said.evidence.shape[0] == count
        assert said.evidence.shape[3] == 7
        np.testing.assert_allclose(said.probabilities.sum(axis=1), 1, rtol=1e-5)


def test_it_recognises_what_its_network_knows(folder: Path) -> None:
    said = Predictor.load(folder).predict(some_faces()).probabilities
    assert (said.argmax(axis=1) == np.repeat(np.arange(7), 5)).all()


def test_a_face_gets_the_same_answer_alone_and_in_a_large_batch(folder: Path) -> None:
    predictor = Predictor.load(folder)
    many = some_faces(each=20)
    together = predictor.predict(many).probabilities
    alone = [predictor.predict(face[None]).probabilities[0] for face in many[::13]]
    np.testing.assert_allclose(together[::13], alone, atol=1e-6)


def test_many_threads_may_share_it(folder: Path) -> None:
    predictor = Predictor.load(folder)
    many = some_faces()
    expected = predictor.predict(many).probabilities
    wrong = []

    def ask() -> None:
        for _turn in range(50):
            said = predictor.predict(many).probabilities
            if not np.array_equal(said, expected):
                wrong.append(said)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_only_the_network_and_the_card_need_to_be_there(folder: Path) -> None:
    (folder / "model.keras").unlink()
    assert Predictor.load(folder).emotions == EMOTIONS


def test_a_damaged_network_is_refused(folder: Path) -> None:
    model = folder / card.MODEL
    model.write_bytes(model.read_bytes()[:-1] + b"x")
    with pytest.raises(BadArtefact, match="damaged"):
        Predictor.load(folder)


def test_another_network_under_the_same_card_is_refused(folder: Path) -> None:
    """Even where somebody has put the hash right: the golden faces tell."""
    other = folder.parent / "other"
    tiny_model.make_artefact(other, knows=2)
    ours, theirs = card.read(folder), card.read(other)
    (folder / card.MODEL).write_bytes((other / card.MODEL).read_bytes())
    text = (folder / card.CARD).read_text()
    (folder / card.CARD).write_text(
        text.replace(ours.files[card.MODEL], theirs.files[card.MODEL])
    )
    with pytest.raises(BadArtefact, match="golden faces"):
        Predictor.load(folder)


@pytest.mark.parametrize("rows", [[], [[0.5, 0.5]] * 4, [[0.1] * 7] * 3 + [[1.0]]])
def test_a_card_that_tells_of_other_outputs_is_refused(
    folder: Path, rows: list[list[float]]
) -> None:
    content = json.loads((folder / card.CARD).read_text())
    content["golden"]["probabilities"] = rows
    (folder / card.CARD).write_text(json.dumps(content))
    with pytest.raises(BadArtefact, match="outputs of its card"):
        Predictor.load(folder)


def test_something_that_is_no_network_is_refused(folder: Path) -> None:
    (folder / card.MODEL).write_bytes(b"no network")
    text = (folder / card.CARD).read_text()
    former = card.read(folder).files[card.MODEL]
    (folder / card.CARD).write_text(
        text.replace(former, card.sha256(folder / card.MODEL))
    )
    with pytest.raises(BadArtefact, match="cannot run"):
        Predictor.load(folder)


def test_probabilities_go_by_the_names_of_the_emotions(folder: Path) -> None:
    predictor = Predictor.load(folder)
    said = predictor.predict(some_faces()[:1]).probabilities[0]
    named = predictor.by_emotion(said)
    assert tuple(named) == predictor.emotions
    assert list(named.values()) == [round(float(p), 4) for p in said]


def test_the_evidence_map_is_what_speaks_for_the_winner_alone() -> None:
    maps = np.zeros((2, 2, 3), np.float32)
    maps[0, 0] = 5  # for all alike: decides nothing
    maps[0, 1] = (0, 3, 0)
    maps[1, 0] = (0, 1.5, 0)
    maps[1, 1] = (3, 0, 0)
    assert evidence_map(maps, 1).tolist() == [[0, 255], [128, 0]]
    assert evidence_map(maps * 0, 1).tolist() == [[0, 0], [0, 0]]


def test_two_heads_have_an_answer_each_beside_the_mix(tmp_path: Path) -> None:
    tiny_model.make_artefact(tmp_path, heads=2)
    said = Predictor.load(tmp_path).predict(some_faces()).answers
    winners = {answer: p.argmax(axis=1) for answer, p in said.items()}
    assert list(winners) == ["mix", "label", "raters"]
    np.testing.assert_array_equal(said["label"], said["mix"])
    np.testing.assert_array_equal(winners["raters"], (winners["mix"] + 1) % 7)


def test_of_one_head_all_answers_are_the_same(folder: Path) -> None:
    for count in (0, 3, 35):
        said = Predictor.load(folder).predict(some_faces()[:count]).answers
        assert list(said) == ["mix", "label", "raters"]
        assert {p.shape for p in said.values()} == {(count, 7)}
        for p in said.values():
            np.testing.assert_array_equal(p, said["mix"])


def test_a_swapped_head_is_refused(tmp_path: Path) -> None:
    tiny_model.make_artefact(tmp_path, heads=2)
    content = json.loads((tmp_path / card.CARD).read_text())
    golden = content["golden"]
    golden["rater_probabilities"] = golden["label_probabilities"]
    (tmp_path / card.CARD).write_text(json.dumps(content))
    with pytest.raises(BadArtefact, match="golden faces"):
        Predictor.load(tmp_path)
