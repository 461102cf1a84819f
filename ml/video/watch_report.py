"""The page that sums up a watched period: one HTML file, no script, light and dark."""

import base64
from html import escape
from pathlib import Path

from ml.emotions import EMOTIONS, Emotion
from ml.video.session_summary import Moment, Segment, SessionSummary
from ml.vision.decode import encode_jpeg, fit

MOST_FACES = 12  # that get a line of their own, the longest in sight first
WIDTH, ROW, LABEL = 1000, 26, 90  # of the timeline's SVG

STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6475; --paper: #fbfaf8;
  --line: #dcdad4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9e7e2; --soft: #a4abb8;
  --paper: #171a21; --line: #333947; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); max-width: 66rem; margin: 2rem auto; padding: 0 1rem; }
svg { width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 13px; }
table { border-collapse: collapse; } td, th { padding: .25rem .75rem .25rem 0;
  text-align: left; border-bottom: 1px solid var(--line); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.moments { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; }
figure img { border-radius: 8px; display: block; } figcaption, p.soft {
  color: var(--soft); font-size: .875rem; } video { max-width: 100%; }
"""


def write(
    path: Path, period: SessionSummary, *, source: str, model: str, video: str
) -> None:
    """`video`: name of the annotated video beside the page, "" for none."""
    faces = period.faces
    body = [
        f"<h1>{escape(source)}</h1>",
        f'<p class="soft">{_clock(period.seconds)} · {period.frames} frames · '
        f"{len(faces)} faces · model {escape(model)}. The model guesses how a face "
        "<em>looks</em>; it cannot know what anybody feels.</p>",
    ]
    if not faces:
        body.append("<p>No face was seen.</p>")
    else:
        body += [
            "<h2>Timeline</h2>",
            _timeline(period),
            "<h2>Share of the time</h2>",
            _shares(period),
            "<h2>Strongest moments</h2>",
            _moments(period.strongest()),
            "<h2>Flashes</h2>",
            _flashes(period.flashes()),
        ]
    if video:
        body.append(
            f'<h2>Video</h2><video controls preload="metadata" src="{escape(video)}">'
            "</video>"
        )
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(source)}</title><style>{STYLE}</style>" + "\n".join(body)
    )
    path.write_text(page, encoding="utf-8")


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"


def _colour(emotion: str) -> str:
    return Emotion(emotion).colour if emotion in EMOTIONS else "#777777"


def _emoji(emotion: str) -> str:
    return Emotion(emotion).emoji if emotion in EMOTIONS else ""


def _timeline(period: SessionSummary) -> str:
    """One row a face, coloured by emotion; times below."""
    faces = period.faces[:MOST_FACES]
    width = WIDTH - LABEL
    scale = width / max(period.seconds, 1e-3)
    parts = []
    for row, face in enumerate(faces):
        y = row * ROW
        parts.append(f'<text x="0" y="{y + 16}">Face {face}</text>')
        parts += [
            f'<rect x="{LABEL + spell.start * scale:.1f}" y="{y}" '
            f'width="{max(0.5, (spell.end - spell.start) * scale):.1f}" '
            f'height="{ROW - 6}" fill="{_colour(spell.emotion)}"><title>'
            f"{escape(spell.emotion)}, {_clock(spell.start)} to {_clock(spell.end)}"
            "</title></rect>"
            for spell in period.spells()
            if spell.face == face
        ]
    height = len(faces) * ROW + 20
    for step in range(5):
        seconds = period.seconds * step / 4
        anchor = ("start", "middle", "middle", "middle", "end")[step]
        parts.append(
            f'<text x="{LABEL + seconds * scale:.0f}" y="{height - 4}" '
            f'text-anchor="{anchor}">{_clock(seconds)}</text>'
        )
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Emotion of each '
        f'face over time; the table below gives the shares">{"".join(parts)}</svg>'
        f"<p>{_legend(period)}</p>"
    )


def _legend(period: SessionSummary) -> str:
    return " &ensp; ".join(
        f'<svg viewBox="0 0 12 12" style="width:.75em"><rect width="12" height="12" '
        f'fill="{_colour(name)}"/></svg> {escape(name)} {_emoji(name)}'
        for name in period.emotions
    )


def _shares(period: SessionSummary) -> str:
    rows = [("All faces", period.shares())]
    rows += [
        (f"Face {face}", period.shares(face)) for face in period.faces[:MOST_FACES]
    ]
    head = "".join(f"<th>{escape(name)}</th>" for name in period.emotions)
    lines = [
        f"<tr><th>{title}</th>"
        + "".join(f'<td class="number">{share:.0%}</td>' for share in shares.values())
        for title, shares in rows
    ]
    return f"<table><tr><th></th>{head}</tr>{''.join(lines)}</table>"


def _moments(moments: list[Moment]) -> str:
    if not moments:
        return "<p>Calm throughout: nothing but neutral was seen.</p>"
    figures = []
    for moment in moments:
        picture = ""
        if moment.crop is not None:
            jpeg = encode_jpeg(fit(moment.crop, 144), quality=85)
            picture = (
                '<img width="144" height="144" alt="" src="data:image/jpeg;base64,'
                f'{base64.b64encode(jpeg).decode()}">'
            )
        figures.append(
            f"<figure>{picture}<figcaption>{_emoji(moment.emotion)} "
            f"{escape(moment.emotion)} {moment.probability:.0%}<br>"
            f"{_clock(moment.time)}, face {moment.face}</figcaption></figure>"
        )
    return f'<div class="moments">{"".join(figures)}</div>'


def _flashes(flashes: list[Segment]) -> str:
    if not flashes:
        return "<p>None.</p>"
    rows = "".join(
        f"<tr><td>{_clock(flash.start)}</td><td>face {flash.face}</td>"
        f"<td>{_emoji(flash.emotion)} {escape(flash.emotion)}</td>"
        f'<td class="number">{(flash.end - flash.start) * 1000:.0f} ms</td>'
        for flash in flashes
    )
    return (
        '<p class="soft">Expressions of under half a second. Candidates only: the '
        "camera's rate limits what can be seen, and single frames mislead.</p>"
        f"<table>{rows}</table>"
    )
