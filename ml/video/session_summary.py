"""What was seen over a period, in figures: shares, spells, strongest moments, flashes.

Fed a frame at a time, it keeps two words for each face and frame, and one crop for
each face and emotion: a day of one face at ten frames a second is 40 MB.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.vision.face_crop import Box

LONGEST_STEP = 1.0  # seconds: a longer gap between two looks at a face is not counted
FLASH = 0.5  # seconds: a shorter expression is a flash …
FLASH_CERTAINTY = 0.5  # … if single frames are this sure of it
STRONGEST = 8  # moments in a summary


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


@dataclass(frozen=True)
class Moment:
    time: float
    face: int
    emotion: str
    probability: float
    crop: NDArray[np.uint8] | None = None


class _Note(NamedTuple):
    time: float
    face: int
    steady: str
    single: str  # of the frame alone, where it was sure; else ""


@dataclass
class SessionSummary:
    emotions: tuple[str, ...]
    frames: int = 0
    seconds: float = 0.0
    _notes: list[_Note] = field(default_factory=list)
    _peaks: dict[tuple[int, str], Moment] = field(default_factory=dict)

    def add(
        self, time: float, looks: list[FaceInFrame], crops: list[NDArray[np.uint8]]
    ) -> None:
        """One frame with its faces, and their crops in the same order."""
        self.frames += 1
        self.seconds = max(self.seconds, time)
        self._notes += [
            _Note(look.time, look.face, look.emotion, _certain(look)) for look in looks
        ]
        for look, crop in zip(looks, crops, strict=True):
            key, probability = (look.face, look.emotion), look.smooth[look.emotion]
            if key not in self._peaks or probability > self._peaks[key].probability:
                self._peaks[key] = Moment(
                    look.time, look.face, look.emotion, probability, crop
                )

    @property
    def faces(self) -> list[int]:
        """Numbers of all faces, the longest in sight first."""
        frames: dict[int, int] = {}
        for note in self._notes:
            frames[note.face] = frames.get(note.face, 0) + 1
        return sorted(frames, key=lambda face: (-frames[face], face))

    def shares(self, face: int | None = None) -> dict[str, float]:
        """Of the time that faces (or one) were in sight, how much in each emotion."""
        time = dict.fromkeys(self.emotions, 0.0)
        for spell in self.spells():
            if face is None or spell.face == face:
                time[spell.emotion] += spell.end - spell.start
        total = sum(time.values())
        return {name: value / total if total else 0.0 for name, value in time.items()}

    def spells(self) -> list[Segment]:
        return _spells([(n.time, n.face, n.steady) for n in self._notes])

    def strongest(self) -> list[Moment]:
        """The peaks of every face and emotion but neutral, the surest first."""
        peaks = [peak for peak in self._peaks.values() if peak.emotion != "neutral"]
        return sorted(peaks, key=lambda peak: -peak.probability)[:STRONGEST]

    def flashes(self) -> list[Segment]:
        """Expressions of single frames that come and go within half a second.

        Candidates only: the camera's rate limits what can be seen, and a network that
        was trained on single pictures errs in single frames.
        """
        spells = _spells([(n.time, n.face, n.single) for n in self._notes])
        return [
            spell
            for before, spell, after in zip(
                spells, spells[1:], spells[2:], strict=False
            )
            if before.face == spell.face == after.face
            and spell.emotion not in {"neutral", ""}
            and spell.end - spell.start < FLASH
            and before.emotion != spell.emotion != after.emotion
        ]


def _certain(look: FaceInFrame) -> str:
    best = max(look.raw, key=lambda name: look.raw[name])
    return best if look.raw[best] >= FLASH_CERTAINTY else ""


def _spells(notes: list[tuple[float, int, str]]) -> list[Segment]:
    """Runs of the same word, face by face; each look lasts until the face's next."""
    by_face: dict[int, list[tuple[float, str]]] = {}
    for time, face, word in notes:
        by_face.setdefault(face, []).append((time, word))
    spells: list[Segment] = []
    for face, own in by_face.items():
        steps = [b[0] - a[0] for a, b in zip(own, own[1:], strict=False)]
        usual = float(np.median(steps)) if steps else 0.0
        first = len(spells)
        for (time, word), step in zip(own, [*steps, usual], strict=True):
            end = time + (step if step <= LONGEST_STEP else usual)
            last = spells[-1] if len(spells) > first else None
            if last and last.emotion == word and time - last.end < 1e-6:
                spells[-1] = Segment(face, word, last.start, end)
            else:
                spells.append(Segment(face, word, time, end))
    return spells
