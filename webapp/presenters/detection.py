"""A photo looked at, made ready for people: preview, sentences, cards for the faces."""

import base64
import io
import json
from dataclasses import dataclass

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from numpy.typing import NDArray
from PIL import Image

from labeling.detection import photos
from labeling.emotions import Emotion
from ml.vision.decode import Note
from ml.vision.face_crop import Doubt
from webapp.http.error_responses import Problem

PREVIEW_SIDE = 1280  # px: sharp on a phone, and about 200 KB
HEATMAP_SIDE = 96  # px: smooth enough at the size of a card, about 4 KB
GLOW = (255, 120, 20)
STRONGEST = 0.78  # opacity; the face must still be seen


@dataclass(frozen=True)
class Badge:
    """Where the emoji sits on the photo: on the box's upper right corner."""

    x: float
    y: float
    size: float
    corner: float  # radius of the box's corners

    @classmethod
    def of(cls, box: tuple[int, int, int, int], width: int, height: int) -> "Badge":
        x, y, w, h = box
        size = max(0.36 * min(w, h), max(width, height) / 40)
        size = min(size, min(width, height) / 3)
        return cls(
            x=round(min(x + w - size / 6, width - size * 0.6), 1),
            y=round(max(y + size / 6, size * 0.6), 1),
            size=round(size, 1),
            corner=round(0.08 * min(w, h), 1),
        )


@dataclass(frozen=True)
class FaceCard:
    """One face as its card shows it."""

    number: int
    id: str
    seen: photos.DetectedFace
    emotion: Emotion
    headline: str
    kind_word: str
    crop: str  # base64, as it goes back with the token
    heat: str  # data: URL
    badge: Badge


@dataclass(frozen=True)
class Result:
    """What became of one photo: cards and a preview, or a problem."""

    id: str
    name: str
    problem: Problem | None = None
    detection: photos.Detection | None = None
    preview: str = ""  # data: URL
    cards: tuple[FaceCard, ...] = ()

    @property
    def summary(self) -> str:
        count = len(self.cards)
        if not count:
            return _("No face found")
        return ngettext("One face", "%(count)d faces", count) % {"count": count}

    @property
    def note(self) -> str:
        note = self.detection.note if self.detection else None
        return str(NOTES[note]) if note else ""

    @property
    def json(self) -> dict[str, object]:
        return as_json(self.detection) if self.detection else {}

    @property
    def download(self) -> str:
        text = json.dumps(self.json, indent=2)
        return data_url(text.encode(), "application/json")


def present(seen: photos.Detection, *, name: str, result_id: str) -> Result:
    return Result(
        result_id,
        name,
        detection=seen,
        preview=data_url(seen.preview_jpeg, "image/jpeg"),
        cards=tuple(_card(result_id, n, seen) for n in range(len(seen.faces))),
    )


def _card(result_id: str, place: int, seen: photos.Detection) -> FaceCard:
    face = seen.faces[place]
    heat = None if face.evidence is None else heatmap(face.evidence)
    return FaceCard(
        number=place + 1,
        id=f"{result_id}-face-{place + 1}",
        seen=face,
        emotion=Emotion(face.emotion),
        headline=headline(face.emotion, is_sure=face.is_sure, runner_up=face.runner_up),
        kind_word=kind_word(
            face.emotion, is_sure=face.is_sure, doubt=face.doubt, turn=place
        ),
        crop=base64.b64encode(face.crop_jpeg).decode(),
        heat=data_url(heat, "image/png") if heat else "",
        badge=Badge.of(face.box, seen.width, seen.height),
    )


def heatmap(evidence: NDArray[np.uint8]) -> bytes:
    """uint8 [h, w] to a square PNG, to lay over a face: its opacity is the evidence."""
    size = (HEATMAP_SIDE, HEATMAP_SIDE)
    opacity = Image.fromarray(evidence).resize(size, Image.Resampling.BICUBIC)
    picture = Image.new("RGBA", size, GLOW)
    picture.putalpha(opacity.point(lambda value: int(value * STRONGEST)))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def data_url(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def as_json(
    seen: photos.Detection, *, crops: bool = False, evidence: bool = False
) -> dict[str, object]:
    """The answer of the API, and of the download: pixels of the upright photo."""
    return {
        "model": seen.model,
        "detector": seen.detector,
        "width": seen.width,
        "height": seen.height,
        "note": seen.note,
        "faces": [_face_json(face, crops, evidence) for face in seen.faces],
    }


def _face_json(
    face: photos.DetectedFace, crops: bool, evidence: bool
) -> dict[str, object]:
    answer: dict[str, object] = {
        "box": list(face.box),
        "score": round(face.score, 4),
        "emotion": face.emotion,
        "is_sure": face.is_sure,
        "runner_up": face.runner_up,
        "doubt": face.doubt,
        "probabilities": {
            name: round(value, 4) for name, value in face.probabilities.items()
        },
    }
    if crops:
        answer["crop"] = base64.b64encode(face.crop_jpeg).decode()
        answer["token"] = face.token
    if evidence and face.evidence is not None:
        answer["evidence"] = face.evidence.tolist()
    return answer


# --- what is said about a face. Never a diagnosis: the model sees an expression, not a
# feeling. Where the expression looks hard the word is a question, where it looks happy
# a congratulation.

# As said of a face: "looks surprised".
LOOKS: dict[str, Promise] = {
    Emotion.ANGRY: gettext_lazy("angry"),
    Emotion.DISGUST: gettext_lazy("disgusted"),
    Emotion.FEAR: gettext_lazy("afraid"),
    Emotion.HAPPY: gettext_lazy("happy"),
    Emotion.SAD: gettext_lazy("sad"),
    Emotion.SURPRISE: gettext_lazy("surprised"),
    Emotion.NEUTRAL: gettext_lazy("neutral"),
}

KIND_WORDS: dict[str, tuple[Promise, ...]] = {
    Emotion.ANGRY: (
        gettext_lazy("Did something cross you? Or is it just the sun in your eyes?"),
        gettext_lazy("Is something bothering you? A slow breath sometimes helps."),
        gettext_lazy("A stern look. Is there a story behind it?"),
    ),
    Emotion.DISGUST: (
        gettext_lazy("Was it the smell, the taste, or the idea?"),
        gettext_lazy("Something not to your liking?"),
        gettext_lazy("A lemon, perhaps?"),
    ),
    Emotion.FEAR: (
        gettext_lazy("Did something startle you? We hope that it has passed."),
        gettext_lazy("Is something worrying you? It can help to tell someone."),
        gettext_lazy("Wide eyes. What did they see?"),
    ),
    Emotion.HAPPY: (
        gettext_lazy("Lovely. Whatever it was, may there be more of it."),
        gettext_lazy("Congratulations on a good moment."),
        gettext_lazy("That smile is worth keeping."),
    ),
    Emotion.SAD: (
        gettext_lazy("Is something on your mind? Is there someone to share it with?"),
        gettext_lazy("A heavy moment, or only a quiet one?"),
        gettext_lazy("Would a walk, or a friend, do you good?"),
    ),
    Emotion.SURPRISE: (
        gettext_lazy("What happened? We are curious."),
        gettext_lazy("Good news, we hope?"),
        gettext_lazy("Who came through the door?"),
    ),
    Emotion.NEUTRAL: (
        gettext_lazy("Calm as a lake in the morning."),
        gettext_lazy("A face that gives nothing away. Good for cards."),
        gettext_lazy("At ease, by the look of it."),
    ),
}

NOT_SURE = gettext_lazy("The model can't tell. You can surely do better.")

WHY_NOT_SURE: dict[Doubt, Promise] = {
    "looks_away": gettext_lazy(
        "This face is turned far to the side, so the model can't tell."
    ),
    "too_small": gettext_lazy("This face is too small for the model to read."),
    "too_dark": gettext_lazy("This face is too dark for the model to read."),
    "blurred": gettext_lazy("This face is too blurred for the model to read."),
}


NOTES: dict[Note, Promise] = {
    "no_end": gettext_lazy(
        "This file stops a little early, but the whole picture is there."
    ),
}


def headline(emotion: str, *, is_sure: bool, runner_up: str | None) -> str:
    first = LOOKS[emotion]
    if not is_sure and runner_up:
        return _("Hard to say: %(first)s, or %(second)s?") % {
            "first": first,
            "second": LOOKS[runner_up],
        }
    if not is_sure:
        return _("Hard to say: %(first)s?") % {"first": first}
    if runner_up:
        return _("Looks %(first)s, or perhaps %(second)s.") % {
            "first": first,
            "second": LOOKS[runner_up],
        }
    return _("Looks %(first)s.") % {"first": first}


def kind_word(
    emotion: str, *, is_sure: bool, doubt: Doubt | None = None, turn: int = 0
) -> str:
    """One of a few sentences; `turn` so that a group does not hear the same one."""
    if doubt:
        return str(WHY_NOT_SURE[doubt])
    if not is_sure:
        return str(NOT_SURE)
    words = KIND_WORDS[emotion]
    return str(words[turn % len(words)])
