"""`python -m ml bench-networks`: the named networks, the same split and budget."""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ml import html_page
from ml.artefact import card
from ml.commands.train import add_data_arguments
from ml.errors import BadInput
from ml.training_events import ignore

TEMPLATE = Path(__file__).parent / "templates" / "networks.html"
QUICK = {"rows": 2000, "epochs": 2, "warm_up": 0.2, "decay": 0.8, "ema": 0.9}
DEFAULT = "vgg-lean,vgg-small,resnet-small,relu-cnn,elu-cnn,mini-xception,"
DEFAULT += "mobilenetv2-96,efficientnet-b0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--networks", default=DEFAULT, help="names, with commas between")
    add("--epochs", type=int, default=40, help="the budget of each")
    add("--quick", action="store_true", help="two epochs of 2,000 faces: a rehearsal")
    add("--weights", choices=("imagenet", "none"), default="imagenet")
    add("--out", type=Path, default=Path(".data/bench-networks"))
    add_data_arguments(parser)
    add("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    from ml.training import networks

    if args.fer2013 is None:
        raise BadInput("--fer2013 PATH is needed: the networks learn from it")
    names = args.networks.split(",")
    for name in names:
        if name not in networks.NAMES:
            known = ", ".join(networks.NAMES)
            raise BadInput(f"no network {name!r}; there are {known}")
    rows: list[Measured | NotRun] = []
    for name in names:
        rows.append(_row(name, args))
        print(json.dumps(asdict(rows[-1])) if args.json else rows[-1], flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "networks.json").write_text(
        json.dumps([asdict(row) for row in rows], indent=1)
    )
    (args.out / "networks.html").write_text(_page(rows))
    return 0


@dataclass(frozen=True)
class Measured:
    """A network's figures on Tune."""

    network: str
    weights: str
    accuracy: float
    ferplus: float | None
    macro_f1: float
    bytes: int
    params: int
    multiply_adds: int
    ms: float  # a face

    def __str__(self) -> str:
        return (
            f"{self.network:<16} {self.accuracy:6.1%} on Tune  macro-F1 "
            f"{self.macro_f1:.3f}  {self.bytes / 1e6:5.2f} MB  {self.ms:.2f} ms a face"
        )


@dataclass(frozen=True)
class NotRun:
    """A network whose weights cannot be had."""

    network: str
    not_run: str  # why

    def __str__(self) -> str:
        return f"{self.network:<16} not run: {self.not_run}"


def _row(name: str, args: argparse.Namespace) -> Measured | NotRun:
    from ml.config import preset
    from ml.training import baselines, pipeline

    is_pretrained = name in baselines.PRETRAINED and args.weights == "imagenet"
    weights = "imagenet" if is_pretrained else "none"
    knobs: dict[str, object] = {"network": name, "weights": weights}
    knobs |= baselines.HYPERPARAMETERS.get(name, {}) | {"epochs": args.epochs}
    knobs |= QUICK if args.quick else {}
    out = args.out / name
    sources = pipeline.Sources(args.fer2013, None, args.ferplus, cache=args.cache)
    try:
        pipeline.run(sources, out, preset("full", **knobs), on_event=ignore, name=name)
    except BadInput as error:
        if not is_pretrained:
            raise
        return NotRun(name, str(error))
    return _measured(name, weights, out, card.read(out))


def _measured(name: str, weights: str, out: Path, done: card.Card) -> Measured:
    import numpy as np

    from ml.artefact.predictor import Predictor
    from ml.evaluation import exam_data

    face = np.asarray(card.golden_faces()[:1, :, :, 0], np.uint8)
    tune = done.metrics["tune"]
    return Measured(
        network=name,
        weights=weights,
        accuracy=tune.accuracy or 0.0,
        ferplus=tune.ferplus.accuracy if tune.ferplus else None,
        macro_f1=tune.macro_f1 or 0.0,
        bytes=(out / card.MODEL).stat().st_size,
        params=done.params,
        multiply_adds=done.multiply_adds,
        ms=round(exam_data.median_latency(Predictor.load(out), face), 3),
    )


def _page(rows: list[Measured | NotRun]) -> str:
    from ml.evaluation import charts

    ran = [row for row in rows if isinstance(row, Measured)]
    names = [row.network for row in ran]
    drawn = [
        charts.bar_chart(names, values, title=title, percent=percent)
        for values, title, percent in (
            ([row.accuracy for row in ran], "Accuracy on Tune", True),
            ([row.macro_f1 for row in ran], "Macro-F1 on Tune", False),
            ([row.ms for row in ran], "Milliseconds a face, one thread", False),
        )
        if ran
    ]
    return html_page.render(TEMPLATE, lines=map(str, rows), charts=drawn)
