"""A photo looked at, made ready for people: preview, sentences, cards for the faces."""

import base64
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from numpy.typing import NDArray
from PIL import Image

from labeling.detection import photos
from labeling.emotions import Emotion
from labeling.figures import percent
from ml.vision.decode import WORK_SIDE, Note
from webapp.http.error_responses import Problem
from webapp.presenters import box_labels, face_words
from webapp.presenters.box_labels import Label, Words

PREVIEW_SIDE = 1280  # px: sharp on a phone, and about 200 KB
HEATMAP_SIDE = 96  # px: smooth enough at the size of a card, about 4 KB
GLOW = (255, 120, 20)
STRONGEST = 0.78  # opacity; the face must still be seen


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
    label: Label

    @property
    def share(self) -> float:
        return self.seen.probabilities[self.emotion]

    @property
    def corner(self) -> float:
        """The radius of the box's corners."""
        return round(0.08 * min(self.seen.box[2:]), 1)


@dataclass(frozen=True)
class Result:
    """What became of one photo: cards and a preview, or a problem."""

    id: str
    name: str
    problem: Problem | None = None
    detection: photos.Detection | None = None
    preview: str = ""  # data: URL
    cards: tuple[FaceCard, ...] = ()
    is_blank: bool = False

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
    def tally(self) -> str:
        """What a group shows: "11 happy, 3 neutral"."""
        return face_words.tally(card.seen for card in self.cards)

    @property
    def json(self) -> dict[str, object]:
        return self.detection.to_json() if self.detection else {}

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
        cards=tuple(_cards(result_id, seen)),
    )


def _cards(result_id: str, seen: photos.Detection) -> Iterator[FaceCard]:
    """From left to right, as people count."""
    faces = sorted(seen.faces, key=lambda face: face.box[0] + face.box[2] / 2)
    labels = box_labels.place(
        [(face.box, _words(n, face, len(faces))) for n, face in enumerate(faces, 1)],
        width=seen.width,
        height=seen.height,
    )
    kind_words = face_words.kind_words(faces)
    for place, (face, label) in enumerate(zip(faces, labels, strict=True)):
        heat = None if face.evidence is None else heatmap(face.evidence)
        yield FaceCard(
            number=place + 1,
            id=f"{result_id}-face-{place + 1}",
            seen=face,
            emotion=Emotion(face.emotion),
            headline=face_words.headline(
                face.emotion, is_sure=face.is_sure, runner_up=face.runner_up
            ),
            kind_word=kind_words[place],
            crop=base64.b64encode(face.crop_jpeg).decode(),
            heat=data_url(heat, "image/png") if heat else "",
            label=label,
        )


def _words(number: int, face: photos.DetectedFace, faces: int) -> Words:
    emotion = Emotion(face.emotion)
    share = percent(face.probabilities[emotion])
    rest = f"{emotion.label} {share}"
    return Words(number if faces > 1 else None, emotion.emoji, rest)


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


NOTES: dict[Note, Promise] = {
    "no_end": gettext_lazy(
        "This file stops a little early, but the whole picture is there."
    ),
}


def blanks() -> list[Result]:
    """Results of nobody, which a browser that looks by itself fills in
    (static/js/on_device/result.js): one with two faces, one with none."""
    probabilities = {emotion.value: 1 / len(Emotion) for emotion in Emotion}
    face = photos.DetectedFace(
        box=(0, 0, 1, 1),
        score=0.0,
        emotion=Emotion.NEUTRAL.value,
        is_sure=False,
        runner_up=Emotion.SAD.value,
        probabilities=probabilities,
        evidence=np.zeros((1, 1), np.uint8),
    )
    return [_blank("faces", [face, face]), _blank("no-face", [])]


def _blank(kind: str, faces: list[photos.DetectedFace]) -> Result:
    nobody = photos.Detection(
        width=1,
        height=1,
        model="",
        version_id=0,
        answer="mix",
        detector="",
        certainty_threshold=0.0,
        faces=faces,
    )
    return replace(present(nobody, name="", result_id=kind), is_blank=True)


def for_scripts() -> dict[str, object]:
    """What a browser that looks by itself has to say and to draw as this site does."""
    heat = {"side": HEATMAP_SIDE, "glow": GLOW, "strongest": STRONGEST}
    return {
        "preview_side": PREVIEW_SIDE,
        "most_side": WORK_SIDE,
        "heat": heat,
        "labels": box_labels.for_scripts(),
        "emotions": [
            {"name": one.value, "word": str(one.label), "emoji": one.emoji}
            for one in Emotion
        ],
        **face_words.for_scripts(),
    }
