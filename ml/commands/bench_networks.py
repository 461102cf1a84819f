"""`python -m ml bench-networks`: the named networks, the same split and budget."""

import argparse
import json
from pathlib import Path

from ml import html_page
from ml.artefact.card import Card
from ml.commands.train import add_data_arguments
from ml.errors import BadInput
from ml.json_model import JsonModel

TEMPLATE = Path(__file__).parent / "templates" / "networks.html"
QUICK = {"rows": 2000, "epochs": 2, "warm_up": 0.2, "decay": 0.8, "ema": 0.9}
DEFAULT = "vgg-lean,vgg-small,resnet-small,relu-cnn,elu-cnn,mini-xception,"
DEFAULT += "mobilenetv2-96,efficientnet-b0"


class Row(JsonModel):
    """One network's figures on Tune; one whose weights cannot be had says so."""

    network: str
    not_run: str = ""
    weights: str = ""
    accuracy: float | None = None
    ferplus: float | None = None  # agreement with the raters' majority
    macro_f1: float | None = None
    bytes: int = 0
    params: int = 0
    multiply_adds: int = 0
    ms: float = 0.0  # a face, one thread


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
    rows = []
    for name in names:
        rows.append(_row(name, args))
        shown = json.dumps(rows[-1].to_json()) if args.json else _line(rows[-1])
        print(shown, flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "networks.json").write_text(
        json.dumps([row.to_json() for row in rows], indent=1)
    )
    (args.out / "networks.html").write_text(_page(rows))
    return 0


def _row(name: str, args: argparse.Namespace) -> Row:
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
        done = pipeline.run(
            sources, out, preset("full", **knobs), tell=_ignore, name=name
        )
    except BadInput as error:
        if not is_pretrained:
            raise
        return Row(network=name, not_run=str(error))
    return _measured(name, weights, out, done)


def _ignore(_event: object) -> None:
    return


def _measured(name: str, weights: str, out: Path, done: Card) -> Row:
    import numpy as np

    from ml.artefact import card
    from ml.artefact.predictor import Predictor
    from ml.evaluation import exam_data

    face = np.asarray(card.golden_faces()[:1, :, :, 0], np.uint8)
    tune = done.metrics["tune"]
    return Row(
        network=name,
        weights=weights,
        accuracy=tune.accuracy,
        ferplus=tune.ferplus.accuracy if tune.ferplus else None,
        macro_f1=tune.macro_f1,
        bytes=(out / card.MODEL).stat().st_size,
        params=done.params,
        multiply_adds=done.multiply_adds,
        ms=round(exam_data.median_latency(Predictor.load(out), face), 3),
    )


def _line(row: Row) -> str:
    if row.not_run:
        return f"{row.network:<16} not run: {row.not_run}"
    size = f"{row.bytes / 1e6:5.2f} MB  {row.ms:.2f} ms a face"
    return (
        f"{row.network:<16} {row.accuracy:6.1%} on Tune  macro-F1 "
        f"{row.macro_f1:.3f}  {size}"
    )


def _page(rows: list[Row]) -> str:
    from ml.evaluation import charts

    ran = [row for row in rows if not row.not_run]
    names = [row.network for row in ran]
    drawn = [
        charts.bar_chart(names, values, title=title, percent=percent)
        for title, values, percent in (
            ("Accuracy on Tune", [row.accuracy or 0 for row in ran], True),
            ("Macro-F1 on Tune", [row.macro_f1 or 0 for row in ran], False),
            ("Milliseconds a face, one thread", [row.ms for row in ran], False),
        )
        if ran
    ]
    return html_page.render(TEMPLATE, lines=map(_line, rows), charts=drawn)
