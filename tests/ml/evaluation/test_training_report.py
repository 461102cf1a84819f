"""report.html and report.json: everything inside, and no contributor's face."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ml.artefact.answers import ANSWERS, Answer
from ml.artefact.exported_model import ExportedModel, MeasuredAnswer
from ml.config import Config
from ml.data.arrays import Rows
from ml.evaluation import charts, evaluate, training_report
from ml.training_events import EpochFigures
from tests.support import training_data

EMOTIONS = Config().emotions


def make_tune(n: int = 70, *, index: int = 0) -> Rows:
    pixels, labels = training_data.faces(n)
    hard = np.eye(7, dtype=np.float32)[labels]
    return Rows(
        pixels,
        np.stack([hard, hard], 1),
        np.ones(n, np.float32),
        labels,
        labels.copy(),
        np.arange(n) + index if index >= 0 else np.full(n, -1),
    )


def write(out: Path, tune: Rows, answers: Sequence[Answer] = ("mix",)) -> str:
    p = np.full((len(tune), 7), 0.05, np.float32)
    p[np.arange(len(tune)), (tune.labels + (np.arange(len(tune)) % 5 == 0)) % 7] = 0.7
    measured = MeasuredAnswer(
        probabilities=p,
        figures=evaluate.figures(p, tune, EMOTIONS),
        temperature=1.1,
        certainty_threshold=0.4,
    )
    shipped = ExportedModel(
        answers=dict.fromkeys(answers, measured),
        multiply_adds=1_000_000,
        is_int8=True,
    )
    history = [
        EpochFigures(
            epoch=e,
            epochs=3,
            loss=2 / e,
            accuracy=1 - 1 / e,
            tune_loss=2.1 / e,
            tune_accuracy=1 - 1.1 / e,
        )
        for e in (1, 2, 3)
    ]
    facts = {"hash": "ab" * 32, "cleaning": {"leaked": 703}, "contributions": 12}
    training_report.write(
        out,
        shipped,
        tune,
        name="mien <7>",
        config=Config(),
        history=history,
        facts=facts,
    )
    return (out / "report.html").read_text()


def test_the_page_stands_alone(tmp_path: Path) -> None:
    page = write(tmp_path, make_tune())
    assert page.count("<svg") == 4
    assert "<script" not in page
    assert 'src="http' not in page
    assert 'href="http' not in page
    assert "mien &lt;7&gt;" in page


def test_no_id_stands_twice_though_every_chart_has_its_own(tmp_path: Path) -> None:
    ids = re.findall(r' id="([^"]+)"', write(tmp_path, make_tune()))
    assert ids
    assert len(ids) == len(set(ids))


def test_it_tells_figures_cleaning_and_limits(tmp_path: Path) -> None:
    page = write(tmp_path, make_tune())
    for words in ("80.0%", "95 % interval", "leaked", "703", "Not for", "hard to"):
        assert words in page
    content = json.loads((tmp_path / "report.json").read_text())
    assert content["tune"]["accuracy"] == 0.8
    assert content["history"][2]["epoch"] == 3
    assert content["reliability"][0]["n"] == 70


def test_faces_of_fer2013_are_shown_and_contributed_ones_never(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert "<img" in write(tmp_path / "a", make_tune())
    assert "<img" not in write(tmp_path / "b", make_tune(index=-1))


def test_the_same_figures_draw_the_same_bytes() -> None:
    table = np.diag([5, 6, 7])
    names = ["angry", "happy", "sad"]
    assert charts.confusion_matrix(table, names) == charts.confusion_matrix(
        table, names
    )
    assert charts.training_curves([]) == charts.reliability_diagram([]) == ""


def test_three_answers_stand_side_by_side(tmp_path: Path) -> None:
    assert "Its three answers" not in write(tmp_path, make_tune())
    page = write(tmp_path, make_tune(), ANSWERS)
    assert "Its three answers" in page
    assert re.findall(r"<td>(mix|label|raters)</td><td>80.0%</td>", page) == [*ANSWERS]
    content = json.loads((tmp_path / "report.json").read_text())
    assert set(content["answers"]) == {"label", "raters"}
