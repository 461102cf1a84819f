"""report.json and report.html of a trained version: what it learned, and how well.

The page stands alone (its pictures are inside it) and shows faces of FER-2013 only:
of contributions a report keeps nothing but counts.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ml import html_page
from ml.artefact.answers import Answer
from ml.artefact.card import AnswerFacts, DataFacts, Knob
from ml.artefact.exported_model import ExportedModel
from ml.artefact.figures import ReliabilityBin, SplitFigures
from ml.config import Config
from ml.data.arrays import Bytes, Floats, Rows
from ml.evaluation import charts, metrics
from ml.json_model import JsonModel
from ml.training_events import EpochFigures

TEMPLATE = Path(__file__).parent / "templates" / "training_report.html"
SHEET = (4, 8)  # rows and columns of the sheet of wrong faces
SCALE = 2


class TrainingReport(JsonModel):
    """report.json. `tune` is empty where there were no faces to measure it on; it is of
    the mix, as is all that `answers` does not name."""

    format: int
    name: str
    emotions: tuple[str, ...]
    history: tuple[EpochFigures, ...]  # epoch by epoch
    tune: SplitFigures
    reliability: tuple[ReliabilityBin, ...]
    data: DataFacts
    config: Mapping[str, Knob]
    temperature: float
    certainty_threshold: float
    answers: Mapping[Answer, AnswerFacts] = {}  # of two heads
    int8: bool
    multiply_adds: int


@dataclass(frozen=True)
class WrongFaces:
    sheet: str  # the address of a PNG that holds itself
    answers: list[str]  # of each face, left to right


def write(
    out: Path,
    shipped: ExportedModel,
    tune: Rows,
    *,
    name: str,
    config: Config,
    history: Sequence[EpochFigures],
    facts: Mapping[str, object],
    faces: bool = True,
) -> None:
    """OUT/report.json and OUT/report.html. `facts`: of the data, as in the card.
    Without `faces` for a model that is passed on: FER-2013's pictures are not ours to
    give."""
    p = shipped.mix.probabilities
    report = TrainingReport(
        format=1,
        name=name,
        emotions=config.emotions,
        history=tuple(history),
        tune=shipped.mix.figures or SplitFigures(),
        reliability=tuple(metrics.reliability(p, tune.labels) if len(tune) else ()),
        data=DataFacts.model_validate(facts),
        config=config.to_json(),
        temperature=shipped.mix.temperature,
        certainty_threshold=shipped.mix.certainty_threshold,
        answers={
            answer: said.facts({"tune": said.figures})
            for answer, said in shipped.answers.items()
            if answer != "mix" and said.figures
        },
        int8=shipped.is_int8,
        multiply_adds=shipped.multiply_adds,
    )
    (out / "report.json").write_text(json.dumps(report.to_json(), indent=1))
    page = html_page.render(
        TEMPLATE,
        report=report,
        charts=_charts(report) if len(tune) else [],
        wrong_faces=_wrong_faces(p, tune, config) if faces else None,
        data_counts=_data_counts(report.data),
    )
    (out / "report.html").write_text(page)


def _charts(report: TrainingReport) -> list[tuple[str, str]]:
    """(SVG, caption) of each chart that there are figures for."""
    names, table = report.emotions, np.array(report.tune.confusion)
    drawn = [
        (charts.training_curves(report.history), "Loss and accuracy, epoch by epoch"),
        (
            charts.confusion_matrix(table, names),
            "Truth in rows, answers in columns: counts",
        ),
        (
            charts.confusion_matrix(table, names, rates=True),
            "The same in per cent of a row",
        ),
        (
            charts.reliability_diagram(report.reliability),
            "How often it is right, by how sure it is; on the line it is honest",
        ),
    ]
    return [(svg, caption) for svg, caption in drawn if svg]


def _wrong_faces(p: Floats, tune: Rows, config: Config) -> WrongFaces | None:
    """The most confidently wrong faces of FER-2013, never a contributor's."""
    if not len(tune):
        return None
    wrong = (p.argmax(1) != tune.labels) & (tune.index >= 0)
    order = [i for i in np.argsort(-p.max(1)) if wrong[i]][: SHEET[0] * SHEET[1]]
    if not order:
        return None
    names = config.emotions
    answers = [
        f"row {tune.index[i]}: {names[p[i].argmax()]} {p[i].max():.0%}, labelled "
        f"{names[tune.labels[i]]}"
        for i in order
    ]
    return WrongFaces(_sheet(tune.pixels[order]), answers)


def _sheet(pixels: Bytes) -> str:
    """Faces uint8 [n, s, s] side by side, as the address of a PNG that holds itself."""
    side = pixels.shape[1] * SCALE
    sheet = np.full((SHEET[0] * side, SHEET[1] * side), 255, np.uint8)
    for i, face in enumerate(pixels):
        top, left = (i // SHEET[1]) * side, (i % SHEET[1]) * side
        large = cv2.resize(face, (side, side), interpolation=cv2.INTER_CUBIC)
        sheet[top : top + side, left : left + side] = large
    _ok, png = cv2.imencode(".png", sheet)
    return f"data:image/png;base64,{base64.b64encode(png.tobytes()).decode()}"


def _data_counts(facts: DataFacts) -> dict[str, object]:
    counts = facts.cleaning.to_json()
    if facts.contributions is not None:
        counts["contributions"] = facts.contributions
    return counts
