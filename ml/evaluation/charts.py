"""The pictures of reports, as SVG that stands in an HTML page."""

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from matplotlib.figure import Figure

from ml.artefact.figures import ReliabilityBin
from ml.training_events import EpochFigures

mpl.use("svg")
INK, GRID, FIRST, SECOND = "#1c2430", "#d9dee5", "#0072b2", "#d55e00"
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text
    "font.family": "sans-serif",
    "axes.edgecolor": GRID,
    "axes.grid": True,
    "grid.color": GRID,
    "text.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def training_curves(history: Sequence[EpochFigures]) -> Markup:
    """Loss and accuracy of training and Tune over the epochs; "" without a history."""
    if not history:
        return Markup()
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(9, 3.2), layout="constrained")
        for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
            for key, colour, label in (
                (name, FIRST, "training"),
                (f"tune_{name}", SECOND, "Tune"),
            ):
                values = [(e.epoch, getattr(e, key)) for e in history]
                points = [point for point in values if point[1] is not None]
                if points:
                    axes.plot(*zip(*points, strict=True), color=colour, label=label)
            axes.set(xlabel="epoch", title=name)
            axes.legend(frameon=False)
        return _svg(figure, "curves")


def confusion_matrix(
    table: npt.NDArray[np.int64], names: Sequence[str], *, rates: bool = False
) -> Markup:
    """Of int64 [k, k], labels in rows: the counts, or per cent of each row's faces."""
    share = table / np.maximum(table.sum(1, keepdims=True), 1)
    with mpl.rc_context(SETTINGS | {"axes.grid": False}):
        figure = Figure(figsize=(6, 5), layout="constrained")
        axes = figure.subplots()
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for i, j in np.ndindex(*table.shape):
            text = f"{100 * share[i, j]:.0f}" if rates else str(table[i, j])
            colour = "white" if share[i, j] > 0.5 else INK
            axes.text(j, i, text, ha="center", va="center", color=colour)
        axes.set_xticks(range(len(names)), names, rotation=40, ha="right")
        axes.set_yticks(range(len(names)), names)
        axes.set(xlabel="answer", ylabel="label")
        return _svg(figure, "rates" if rates else "counts")


def reliability_diagram(bins: Sequence[ReliabilityBin]) -> Markup:
    """Accuracy over mean probability of `metrics.reliability`'s bins, and below it the
    number of faces; "" without bins."""
    if not bins:
        return Markup()
    confidence = [b.confidence for b in bins]
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(5, 4.6), layout="constrained")
        top, bottom = figure.subplots(2, 1, height_ratios=[3, 1], sharex=True)
        top.plot([0, 1], [0, 1], color=GRID)
        top.plot(confidence, [b.accuracy for b in bins], "o-", color=FIRST)
        top.set(ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
        bottom.bar(confidence, [b.n for b in bins], width=0.05, color=SECOND)
        bottom.set(xlabel="probability of the winner", ylabel="faces")
        return _svg(figure, "reliability")


def bar_chart(
    names: Sequence[str], values: Sequence[float], *, title: str, percent: bool = False
) -> Markup:
    """One horizontal bar for each of n names; `percent`: the values are shares."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(7, 0.5 + 0.35 * len(names)), layout="constrained")
        axes = figure.subplots()
        drawn = axes.barh(list(names), list(values), color=FIRST)
        axes.bar_label(drawn, fmt="{:.1%}" if percent else "{:.3g}", padding=3)
        axes.invert_yaxis()
        axes.set_title(title)
        return _svg(figure, title)


# Else each SVG would repeat a block of RDF that HTML does not know.
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def _svg(figure: Figure, salt: str) -> Markup:
    """The one place where text becomes markup unescaped: Matplotlib has escaped it.

    The same figures give the same bytes. With a `salt` of its own each chart of a page
    has its own ids; those of groups, which would be alike and are used by nobody, go.
    """
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": salt}):
        figure.savefig(out, format="svg", metadata=NO_METADATA, transparent=True)
    text = out.getvalue()
    text = re.sub(r'<g id="[a-z0-9.]+_\d+">', "<g>", text[text.index("<svg") :])
    return Markup(text)  # noqa: S704
