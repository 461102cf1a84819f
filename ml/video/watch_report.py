"""The page that sums up a session: one HTML file, no script, light and dark."""

import base64
from pathlib import Path

from ml import html_page
from ml.emotions import BY_NAME
from ml.video.session_rules import RULES
from ml.video.session_summary import Moment, SessionSummary
from ml.vision.decode import encode_jpeg, fit

TEMPLATE = Path(__file__).parent / "templates" / "watch_report.html"
MOST_FACES = 12  # that get a line of their own, the longest in sight first


def write(
    path: Path, summary: SessionSummary, *, source: str, model: str, video: str
) -> None:
    """`video`: name of the annotated video beside the page, "" for none."""
    faces, spells = summary.faces[:MOST_FACES], summary.spells()
    page = html_page.render(
        TEMPLATE,
        source=source,
        model=model,
        video=video,
        seconds=summary.seconds,
        frames=summary.frames,
        face_count=len(summary.faces),
        was_any_face_seen=bool(spells),
        emotions=summary.emotions,
        timelines={face: [s for s in spells if s.face == face] for face in faces},
        shares={"All faces": summary.shares()}
        | {f"Face {face}": summary.shares(face) for face in faces},
        moments=[(moment, _picture(moment)) for moment in summary.strongest()],
        flashes=summary.flashes(),
        rules=RULES,
        clock=_clock,
        colour=_colour,
        emoji=_emoji,
    )
    path.write_text(page, encoding="utf-8")


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"


def _colour(emotion: str) -> str:
    return BY_NAME[emotion].colour if emotion in BY_NAME else "#777777"


def _emoji(emotion: str) -> str:
    return BY_NAME[emotion].emoji if emotion in BY_NAME else ""


def _picture(moment: Moment) -> str:
    """The face as the address of a JPEG that holds itself; "" without a crop."""
    if moment.crop is None:
        return ""
    jpeg = encode_jpeg(fit(moment.crop, 144), quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
