"""What was seen in a session, in figures: shares, spells, strongest moments, flashes.

Fed a frame at a time, it keeps how each face looked and for how long, and one crop for
each face and emotion: its size grows with the changes, not with the frames. The live
page's `session.js` does the same, and `test_session_parity` holds the two together.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ml.video.session_rules import RULES, FlashRules, SessionRules
from ml.vision.face_crop import Box

INSTANT = 1e-6  # seconds: below it two times are the same


@dataclass(frozen=True)
class FaceInFrame:
    time: float  # seconds from the start
    face: int  # number of its track
    box: Box
    emotion: str  # the steady one
    smooth: dict[str, float]
    raw: dict[str, float]  # of this frame alone


@dataclass(frozen=True)
class Segment:
    """A face in one emotion from `start` to `end` (seconds)."""

    face: int
    emotion: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Moment:
    time: float
    face: int
    emotion: str
    probability: float
    crop: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Run:
    """Looks in a row at one face, each of which by itself said the same."""

    emotion: str
    start: float
    end: float  # where the next one begins
    looks: int
    probabilities: float  # their sum

    def joined(self, later: "Run") -> "Run":
        return replace(
            self,
            end=later.end,
            looks=self.looks + later.looks,
            probabilities=self.probabilities + later.probabilities,
        )


@dataclass
class SessionSummary:
    emotions: tuple[str, ...]
    rules: SessionRules = RULES
    frames: int = 0
    seconds: float = 0.0  # the time of the latest frame
    _step: float = 0.0  # seconds from the frame before to the latest one
    _in_sight: list[int] = field(default_factory=list)  # faces of the latest frame
    _spells: dict[int, list[Segment]] = field(default_factory=dict)
    _runs: dict[int, list[Run]] = field(default_factory=dict)
    _peaks: dict[tuple[int, str], Moment] = field(default_factory=dict)

    def add(
        self, time: float, looks: list[FaceInFrame], crops: list[NDArray[np.uint8]]
    ) -> None:
        """One frame with its faces, and their crops in the same order."""
        self._end_step(time)
        for look, crop in zip(looks, crops, strict=True):
            self._extend_spells(look)
            self._extend_runs(look)
            self._keep_peak(look, crop)
        self.frames, self.seconds = self.frames + 1, time
        self._in_sight = [look.face for look in looks]

    @property
    def faces(self) -> list[int]:
        """Numbers of the faces that count, the longest in sight first."""
        time = {
            face: sum(spell.seconds for spell in own)
            for face, own in self._spells.items()
        }
        least = self.rules.least_seconds_of_a_face - INSTANT
        counted = [face for face, seconds in time.items() if seconds >= least]
        return sorted(counted, key=lambda face: (-time[face], face))

    def shares(self, face: int | None = None) -> dict[str, float]:
        """Of the time that faces (or one) were in sight, how much in each emotion."""
        time = dict.fromkeys(self.emotions, 0.0)
        for spell in self.spells():
            if face is None or spell.face == face:
                time[spell.emotion] += spell.seconds
        total = sum(time.values())
        return {name: value / total if total else 0.0 for name, value in time.items()}

    def spells(self) -> list[Segment]:
        """Face by face. A look lasts until the next frame, the last one as long as the
        one before."""
        return [spell for own in self._spells.values() for spell in own]

    def strongest(self) -> list[Moment]:
        """The peaks of every face and emotion but the resting one, the surest first."""
        counted = set(self.faces)
        peaks = [
            peak
            for peak in self._peaks.values()
            if peak.face in counted and peak.emotion != self.rules.resting_emotion
        ]
        peaks.sort(key=lambda peak: -peak.probability)
        return peaks[: self.rules.moments.most]

    def flashes(self) -> list[Segment]:
        """Expressions of single frames that come and go within half a second.

        Candidates only: the camera's rate limits what can be seen, and a network that
        was trained on single pictures errs in single frames.
        """
        found = [
            Segment(face, run.emotion, run.start, run.end)
            for face, own in self._runs.items()
            for run in flashes_among(own, self.rules.flash)
            if run.emotion != self.rules.resting_emotion
        ]
        return sorted(found, key=lambda flash: (flash.start, flash.face))

    def _end_step(self, time: float) -> None:
        """The looks of the latest frame have lasted until now, or as long as counts."""
        if not self.frames:
            return
        self._step = min(time - self.seconds, self.rules.longest_step_seconds)
        for face in self._in_sight:
            own = self._spells[face]
            own[-1] = replace(own[-1], end=self.seconds + self._step)

    def _extend_spells(self, look: FaceInFrame) -> None:
        own = self._spells.setdefault(look.face, [])
        spell = Segment(look.face, look.emotion, look.time, look.time + self._step)
        last = own[-1] if own else None
        follows = last is not None and look.time - last.end < INSTANT
        if last and follows and last.emotion == look.emotion:
            own[-1] = replace(last, end=spell.end)
        else:
            own.append(spell)

    def _extend_runs(self, look: FaceInFrame) -> None:
        own = self._runs.setdefault(look.face, [])
        said = max(look.raw, key=lambda name: look.raw[name])
        run = Run(said, look.time, look.time, 1, look.raw[said])
        if own:
            own[-1] = replace(own[-1], end=look.time)
        if own and own[-1].emotion == said:
            own[-1] = own[-1].joined(run)
        else:
            own.append(run)

    def _keep_peak(self, look: FaceInFrame, crop: NDArray[np.uint8]) -> None:
        key, probability = (look.face, look.emotion), look.smooth[look.emotion]
        if key not in self._peaks or probability > self._peaks[key].probability:
            self._peaks[key] = Moment(look.time, *key, probability, crop)


def flashes_among(runs: list[Run], rules: FlashRules) -> list[Run]:
    """Those that are brief and sure, between two runs of the same emotion."""
    kept = without_noise(runs, rules.least_looks)
    return [
        run
        for before, run, after in zip(kept, kept[1:], kept[2:], strict=False)
        if before.emotion == after.emotion
        and run.end - run.start < rules.longest_seconds
        and run.probabilities / run.looks >= rules.least_probability
    ]


def without_noise(runs: list[Run], least_looks: int) -> list[Run]:
    """Runs of fewer looks left out, and what they interrupted made whole again."""
    kept: list[Run] = []
    for run in runs:
        if run.looks < least_looks:
            continue
        if kept and kept[-1].emotion == run.emotion:
            kept[-1] = kept[-1].joined(run)
        else:
            kept.append(run)
    return kept
