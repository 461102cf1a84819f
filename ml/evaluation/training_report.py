"""report.json and report.html of a trained version: what it learned, and how well.

The page stands alone (its pictures are inside it) and shows faces of FER-2013 only:
of contributions a report keeps nothing but counts.
"""

import base64
import html
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ml.config import Config
from ml.data.arrays import Floats, Rows
from ml.evaluation import charts, metrics

SHEET = (4, 8)  # rows and columns of the sheet of wrong faces
SCALE = 2

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem; color: #1c2430; background: #fff }
table { border-collapse: collapse; margin: 1rem 0 }
td, th { padding: .2rem .8rem; text-align: right; border-bottom: 1px solid #d9dee5 }
td:first-child, th:first-child { text-align: left }
svg, img { max-width: 100%; height: auto } figure { margin: 1.5rem 0 }
figcaption { color: #566171; font-size: .9rem }
"""


def write(
    out: Path,
    name: str,
    config: Config,
    tune: Rows,
    shipped: Any,
    history: list[dict[str, Any]],
    facts: dict[str, Any],
    *,
    faces: bool = True,
) -> None:
    """OUT/report.json and OUT/report.html. `shipped`: an ExportedModel. Without `faces`
    for a model that is passed on: FER-2013's pictures are not ours to give."""
    p: Floats = shipped.probabilities
    content = {
        "format": 1,
        "name": name,
        "emotions": list(config.emotions),
        "history": history,
        "tune": shipped.figures,
        "reliability": metrics.reliability(p, tune.labels) if len(tune) else [],
        "data": facts,
        "config": config.to_json(),
        "temperature": shipped.temperature,
        "certainty_threshold": shipped.threshold,
        "int8": shipped.is_int8,
        "multiply_adds": shipped.multiply_adds,
    }
    (out / "report.json").write_text(json.dumps(content, indent=1))
    parts = [_head(name, content)]
    if len(tune):
        parts += [_accuracy(content), _pictures(content)]
        parts += [_wrong(p, tune, config)] if faces else []
    parts += [_data(facts), _card(content)]
    page = f"<!doctype html><html lang=en><meta charset=utf-8><title>{_(name)}</title>"
    page += f"<style>{STYLE}</style><body>{''.join(parts)}</body></html>"
    (out / "report.html").write_text(page)


def _(text: object) -> str:
    return html.escape(str(text))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _head(name: str, content: dict[str, Any]) -> str:
    tune = content["tune"]
    if not tune:
        return f"<h1>{_(name)}</h1><p>There were no faces to measure it on.</p>"
    low, high = tune["accuracy_ci"]
    votes = tune["ferplus"]
    agree = (
        f" It agrees with the majority of FER+'s ten raters on "
        f"{_percent(votes['accuracy'])} of {votes['n']:,} faces."
        if votes
        else ""
    )
    return (
        f"<h1>{_(name)}</h1><p>Right on <strong>{_percent(tune['accuracy'])}</strong> "
        f"of {tune['n']:,} faces of Tune (95 % interval {_percent(low)} to "
        f"{_percent(high)}), among its first two on {_percent(tune['top2'])}; macro-F1 "
        f"{tune['macro_f1']:.3f}, calibration error {tune['ece']:.3f}.{agree}</p>"
    )


def _accuracy(content: dict[str, Any]) -> str:
    tune = content["tune"]
    rows = [
        f"<tr><td>{_(e)}</td>"
        + "".join(f"<td>{_percent(tune[k][e])}</td>" for k in KINDS)
        + f"<td>{sum(tune['confusion'][i])}</td></tr>"
        for i, e in enumerate(content["emotions"])
    ]
    head = "".join(f"<th>{k}</th>" for k in ("", *KINDS, "faces"))
    return f"<h2>Each emotion</h2><table><tr>{head}</tr>{''.join(rows)}</table>"


KINDS = ("precision", "recall", "f1")


def _pictures(content: dict[str, Any]) -> str:
    names, table = content["emotions"], np.array(content["tune"]["confusion"])
    shown = [
        (charts.curves(content["history"]), "Loss and accuracy, epoch by epoch"),
        (charts.confusion(table, names), "Truth in rows, answers in columns: counts"),
        (charts.confusion(table, names, rates=True), "The same in per cent of a row"),
        (
            charts.reliability(content["reliability"]),
            "How often it is right, by how sure it is; on the line it is honest",
        ),
    ]
    return "".join(
        f"<figure>{svg}<figcaption>{_(words)}</figcaption></figure>"
        for svg, words in shown
        if svg
    )


def _wrong(p: Floats, tune: Rows, config: Config) -> str:
    """The most confidently wrong faces of FER-2013, never a contributor's."""
    wrong = (p.argmax(1) != tune.labels) & (tune.index >= 0)
    order = [i for i in np.argsort(-p.max(1)) if wrong[i]][: SHEET[0] * SHEET[1]]
    if not order:
        return ""
    names = config.emotions
    cells = [
        f"row {tune.index[i]}: {names[p[i].argmax()]} {p[i].max():.0%}, labelled "
        f"{names[tune.labels[i]]}"
        for i in order
    ]
    picture = _sheet(tune.pixels[order])
    told = "".join(f"<li>{_(cell)}</li>" for cell in cells)
    return (
        "<h2>Most confidently wrong</h2><figure>"
        f'<img alt="Faces of FER-2013, in the order of the list" src="{picture}">'
        "</figure><details><summary>What it said, left to right</summary>"
        f"<ol>{told}</ol></details>"
    )


def _sheet(pixels: Any) -> str:
    side = pixels.shape[1] * SCALE
    sheet = np.full((SHEET[0] * side, SHEET[1] * side), 255, np.uint8)
    for i, face in enumerate(pixels):
        top, left = (i // SHEET[1]) * side, (i % SHEET[1]) * side
        large = cv2.resize(face, (side, side), interpolation=cv2.INTER_CUBIC)
        sheet[top : top + side, left : left + side] = large
    _ok, png = cv2.imencode(".png", sheet)
    return f"data:image/png;base64,{base64.b64encode(png.tobytes()).decode()}"


def _data(facts: dict[str, Any]) -> str:
    rows = [
        f"<tr><td>{_(name.replace('_', ' '))}</td><td>{count:,}</td></tr>"
        for name, count in facts.get("cleaning", {}).items()
    ]
    if "contributions" in facts:
        rows.append(
            f"<tr><td>contributions</td><td>{facts['contributions']:,}</td></tr>"
        )
    return f"<h2>The data, and what cleaning removed</h2><table>{''.join(rows)}</table>"


def _card(content: dict[str, Any]) -> str:
    seen = str(content["data"].get("hash") or "unknown")
    return CARD.format(
        emotions=_(", ".join(content["emotions"])),
        snapshot=_(seen[:16]),
        every=content["config"]["tune_every"],
        network=_(content["config"]["network"]),
        adds=content["multiply_adds"] / 1e6,
        kind="int8" if content["int8"] else "float32",
        temperature=content["temperature"],
        threshold=content["certainty_threshold"],
    )


CARD = """
<h2>Model card</h2>
<p><strong>For:</strong> saying how a face in a photo looks: one of {emotions}.
<strong>Not for:</strong> what a person feels, work, schools, or any decision about a
person.</p>
<p><strong>Limits:</strong> FER-2013's labels are noisy (its raters agree with them on
two thirds of the faces), its faces are posed or searched for on the web, and ages and
skin tones are uneven in it. A single picture shows a moment.</p>
<p><strong>Data:</strong> FER-2013's Training rows and accepted contributions, snapshot
<code>{snapshot}</code>; the figures above are of Tune, one in {every} of the
Training rows, always the same, which were not trained on.</p>
<p><strong>Network:</strong> {network}, {adds:.0f} M multiply-adds a face, {kind};
probabilities at temperature {temperature}; below {threshold} the answer is “hard to
say”.</p>
"""
