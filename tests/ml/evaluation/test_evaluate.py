"""`python -m ml evaluate`: the figures of a model on a split, as it is served."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml import __main__ as ml
from ml.artefact.predictor import Predictor
from ml.data import splits
from ml.emotions import EMOTIONS
from ml.evaluation import evaluate, metrics
from tests.support import tiny_model, training_data
from tests.support.real_data import FER2013, FERPLUS, needs_fer2013, needs_ferplus

SHIPPED = Path(__file__).resolve().parents[3] / "models" / "base"


def banded(path: Path) -> Path:
    """A CSV of faces that tests/support/tiny_model.py's networks can read."""
    lines = ["emotion,pixels,Usage"]
    for usage, n in zip(training_data.USAGES, (70, 28, 28), strict=True):
        pixels, labels = training_data.bands(n)
        if usage != "Training":
            pixels[1:] = np.roll(pixels[1:], 1, axis=2)
        lines += [
            training_data.line(e, p, usage) for e, p in zip(labels, pixels, strict=True)
        ]
    path.write_text("\n".join(lines))
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    capsys.readouterr()
    assert ml.main(["evaluate", *map(str, arguments), "--json"]) == 0
    found: dict = json.loads(capsys.readouterr().out)
    return found


def test_it_gives_every_figure_of_the_contract(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_model.make_artefact(tmp_path / "tiny")
    csv = banded(tmp_path / "fer2013.csv")
    found = run(capsys, tmp_path / "tiny", "--fer2013", csv, "--split", "private")
    assert {
        *("n", "accuracy", "accuracy_without_leaked", "top2", "macro_f1", "ece"),
        *("recall", "confusion", "ferplus"),
    } <= set(found)
    assert (found["n"], found["leaked"], found["ferplus"]) == (28, 1, None)
    assert found["accuracy"] > 0.9
    assert list(found["recall"]) == list(EMOTIONS)


def test_copies_in_training_are_found_though_their_pixels_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_model.make_artefact(tmp_path / "tiny")
    dice = np.random.default_rng(1)
    noise = dice.normal(0, 60, (30, 48, 48)).astype(np.float32)
    faces = [cv2.GaussianBlur(face, (0, 0), 2.5) * 6 + 128 for face in noise]
    seen = np.clip(faces, 0, 255).astype(np.uint8)
    lines = ["emotion,pixels,Usage"]
    lines += [
        training_data.line(i % 7, face, "Training") for i, face in enumerate(seen[:20])
    ]
    asked = [seen[3][:, ::-1], seen[4] // 2 + 40, *seen[20:]]
    for i, face in enumerate(asked):
        lines += [training_data.line(i % 7, face, "PrivateTest")]
    csv = tmp_path / "fer2013.csv"
    csv.write_text("\n".join(lines))
    options = ["--fer2013", csv, "--split", "private", "--copies"]
    found = run(capsys, tmp_path / "tiny", *options)
    assert (found["n"], found["leaked"], found["copies"]) == (12, 0, 2)


def test_each_answer_has_figures_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_model.make_artefact(tmp_path / "two", heads=2)
    csv = banded(tmp_path / "fer2013.csv")
    options = [tmp_path / "two", "--fer2013", csv, "--split", "private", "--answer"]
    mix, label, raters = (
        run(capsys, *options, answer) for answer in ("mix", "label", "raters")
    )
    assert label == mix
    assert raters["accuracy"] < 0.1 < 0.9 < mix["accuracy"]


def test_a_poor_network_is_seen_to_be_poor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_model.make_artefact(tmp_path / "poor", knows=3)
    csv = banded(tmp_path / "fer2013.csv")
    found = run(capsys, tmp_path / "poor", "--fer2013", csv, "--split", "public")
    assert found["accuracy"] < 0.7


def test_votes_are_measured_against_where_they_are_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_model.make_artefact(tmp_path / "tiny")
    csv = banded(tmp_path / "fer2013.csv")
    usages = [
        u
        for u, n in zip(training_data.USAGES, (70, 28, 28), strict=True)
        for _ in range(n)
    ]
    labels = np.concatenate([np.arange(n) % 7 for n in (70, 28, 28)])
    votes = training_data.ferplus(tmp_path / "fer2013new.csv", usages, labels)
    options = ["--fer2013", csv, "--ferplus", votes, "--split", "tune"]
    found = run(capsys, tmp_path / "tiny", *options)
    assert found["ferplus"]["n"] == found["n"]


def test_what_cannot_be_measured_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_model.make_artefact(tmp_path / "tiny")
    assert ml.main(["evaluate", str(tmp_path / "tiny"), "--split", "public"]) == 3
    assert "--fer2013 PATH is needed" in capsys.readouterr().err
    missing = ["--fer2013", str(tmp_path / "none.csv"), "--split", "public"]
    assert ml.main(["evaluate", str(tmp_path / "tiny"), *missing]) == 3
    assert "there is no file" in capsys.readouterr().err


def test_calibration_error_is_the_gap_between_sure_and_right() -> None:
    p = np.tile([0.8, 0.2], (10, 1))
    assert metrics.ece(p, np.zeros(10, int)) == pytest.approx(0.2)
    assert metrics.ece(p, np.array([0] * 8 + [1] * 2)) == pytest.approx(0)


def test_macro_f1_and_top_two_are_scikit_learns() -> None:
    from sklearn.metrics import f1_score, top_k_accuracy_score

    random = np.random.default_rng(0)
    p, truth = random.dirichlet(np.ones(7), 500), random.integers(0, 7, 500)
    names = list(EMOTIONS)
    found = metrics.figures(p, truth, names)
    expected = f1_score(truth, p.argmax(1), average="macro")
    assert found.macro_f1 == pytest.approx(expected, abs=1e-4)
    top2 = top_k_accuracy_score(truth, p, k=2)
    assert found.top2 == pytest.approx(top2, abs=1e-4)


@pytest.mark.slow
@needs_fer2013
@needs_ferplus
def test_the_shipped_champion_keeps_its_promises_on_tune(fer2013_cache: Path) -> None:
    assert FER2013 is not None
    predictor = Predictor.load(SHIPPED)
    rows, _leaked = splits.load_split(
        *("tune", predictor.emotions),
        fer=FER2013,
        votes=FERPLUS,
        cache=fer2013_cache,
        tune_every=predictor.card.config.get("tune_every", 10),
    )
    part = rows.take(np.arange(0, len(rows), 4))
    p = evaluate.predict(predictor, part)
    accuracy = float((p.argmax(1) == part.labels).mean())
    promised = predictor.card.metrics["tune"].accuracy
    assert accuracy == pytest.approx(promised, abs=0.06)
