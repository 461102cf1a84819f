"""`python -m ml watch` and the live page say the same of the same frames.

The rules stand once, in ml/video/session.json; what follows from them is written in two
languages, and here both are given the same boxes and probabilities.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from ml.emotions import EMOTIONS
from ml.video import session_rules
from ml.video.session_summary import FaceInFrame, SessionSummary
from ml.video.tracking import Track, Tracks
from ml.vision.face_crop import Box
from tests.browser.session_frames import Frame, made

NAMES = tuple(str(emotion) for emotion in EMOTIONS)
NO_CROP = np.zeros((1, 1, 3), np.uint8)
# Of films of drawn people, as YuNet and base-6 saw them.
FILMS = json.loads(Path(__file__).with_name("session_films.json").read_text())


@pytest.fixture
def page(visit: Any) -> Page:
    opened: Page = visit("/about/")
    return opened


def face_of(x: int, y: int, w: int, h: int, *said: float) -> dict[str, Any]:
    return {
        "box": [x, y, w, h],
        "probabilities": dict(zip(NAMES, said, strict=True)),
    }


def in_python(frames: list[Frame]) -> dict[str, Any]:
    tracks, session = Tracks(), SessionSummary(NAMES)
    seen = []
    for time, faces in frames:
        looks = [
            (Box(*face["box"]), np.array(list(face["probabilities"].values())))
            for face in faces
        ]
        now = tracks.update(time, looks)
        said = [look_of(track, time) for track in now]
        session.add(time, said, [NO_CROP for _track in now])
        seen.append([[look.face, look.emotion, look.smooth] for look in said])
    return {
        "seen": seen,
        "faces": len(session.faces),
        "shares": session.shares(),
        "flashes": [
            [flash.face, flash.emotion, flash.start, 1000 * flash.seconds]
            for flash in session.flashes()
        ],
        "moments": [
            [moment.face, moment.emotion, moment.time, moment.probability]
            for moment in session.strongest()
        ],
    }


def look_of(track: Track, time: float) -> FaceInFrame:
    smooth, raw = (
        dict(zip(NAMES, map(float, values), strict=True))
        for values in (track.smooth, track.raw)
    )
    return FaceInFrame(time, track.number, track.box, NAMES[track.winner], smooth, raw)


def in_javascript(page: Page, frames: list[Frame]) -> Any:
    return page.evaluate(
        """async ([frames, emotions, rules]) => {
          const { Tracks } = await import("/static/js/tracks.js");
          const { Session, summarise } = await import("/static/js/session.js");
          const [tracks, session] = [new Tracks(rules), new Session()];
          const seen = frames.map(([time, faces]) => {
            const now = tracks.update(faces, time);
            session.add(now, time);
            return now.map(({ id, emotion, smooth }) => [id, emotion, { ...smooth }]);
          });
          const said = summarise(session, emotions, rules);
          const row = (name) => (one) => [one.face, one.emotion, one.t, one[name]];
          return {
            seen,
            faces: said.faces,
            shares: said.shares,
            flashes: said.flashes.map(row("ms")),
            moments: said.moments.map(row("share")),
          };
        }""",
        [frames, NAMES, session_rules.as_json()],
    )


def assert_same(ours: dict[str, Any], theirs: Any) -> None:
    for mine, other in zip(ours["seen"], theirs["seen"], strict=True):
        assert [look[:2] for look in mine] == [look[:2] for look in other]
        for (*_who, smooth), (*_other, same) in zip(mine, other, strict=True):
            assert same == pytest.approx(smooth, abs=1e-6)
    assert theirs["faces"] == ours["faces"]
    assert theirs["shares"] == pytest.approx(ours["shares"], abs=1e-6)
    for kind, within in (("flashes", 0.5), ("moments", 1e-6)):  # ms are whole ones
        assert [one[:2] for one in theirs[kind]] == [one[:2] for one in ours[kind]]
        for theirs_one, ours_one in zip(theirs[kind], ours[kind], strict=True):
            assert theirs_one[2] == pytest.approx(ours_one[2], abs=1e-6)
            assert theirs_one[3] == pytest.approx(ours_one[3], abs=within + 1e-6)


def test_of_made_up_sessions_both_say_the_same(page: Page) -> None:
    sessions = [made(seed) for seed in range(10)]
    found = [in_python(frames) for frames in sessions]
    assert sum(bool(said["flashes"]) for said in found) > 3
    assert max(said["faces"] for said in found) > 3  # somebody was lost and found
    for frames, ours in zip(sessions, found, strict=True):
        assert_same(ours, in_javascript(page, frames))


@pytest.mark.parametrize("name", FILMS)
def test_of_films_both_say_the_same(page: Page, name: str) -> None:
    frames = [(time, [face_of(*row) for row in rows]) for time, rows in FILMS[name]]
    assert_same(in_python(frames), in_javascript(page, frames))


def test_the_page_is_given_the_same_rules(visit: Any) -> None:
    page = visit("/live/")
    words = page.evaluate(
        "JSON.parse(document.getElementById('live-words').textContent)"
    )
    assert words["session"] == session_rules.as_json()
