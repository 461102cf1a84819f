"""Objects for tests, made by plain functions. Faces are drawn, never photographs."""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from labeling.contributions import consent
from labeling.models import (
    Contribution,
    Crop,
    DatasetRelease,
    ModelVersion,
    Snapshot,
    SnapshotRow,
    TrainingRun,
    User,
    Vote,
)
from labeling.registry import digests
from ml.emotions import EMOTIONS
from ml.vision import decode
from tests.support import tiny_model

_numbers = itertools.count(1)


def make_user(name: str = "alice", *groups: str, **fields: Any) -> User:
    """An account; `groups` are "reviewer" and "trainer". The password is "secret"."""
    user = User.objects.create_user(
        username=name, email=f"{name}@example.org", password="secret", **fields
    )
    user.groups.set(_group(name) for name in groups)
    return user


def _group(name: str) -> Group:
    """The migration's group; a test with transactions empties its table too."""
    group, is_new = Group.objects.get_or_create(name=name)
    if is_new:
        codename = {"reviewer": "review", "trainer": "train"}[name]
        mine = Permission.objects.filter(content_type__app_label="labeling")
        group.permissions.set(mine.filter(codename=codename))
    return group


def make_version(name: str = "", *, is_champion: bool = False, **fields: Any):
    """A version without files, for what only needs its row."""
    return ModelVersion.objects.create(
        name=name or f"version-{next(_numbers)}",
        is_champion=is_champion,
        **{"origin": ModelVersion.Origin.TRAINED, "card": {}, **fields},
    )


def make_contribution(
    *, jpeg: bytes | None = None, signature: bytes | None = None, **fields: Any
) -> Contribution:
    """One row with its crop; anonymous and waiting unless `fields` say otherwise."""
    number = next(_numbers)
    fields.setdefault("emotion", "happy")
    if fields.get("status") in ("accepted", "rejected"):
        fields.setdefault("decided_at", timezone.now())
    if fields.get("status") == "accepted":
        fields.setdefault("decided_emotion", fields["emotion"])
    if not fields.get("giver") and fields.get("source") != "import":
        fields.setdefault("withdrawal_hash", f"{number:064x}")
    contribution = Contribution.objects.create(
        **{"consent_version": consent.VERSION, "consent_language": "en", **fields},
        digest_key=number.to_bytes(32),
        digest=number.to_bytes(32),
    )
    jpeg = make_face_jpeg(number) if jpeg is None else jpeg
    Crop.objects.create(
        contribution=contribution, jpeg=jpeg, edge=128, signature=signature
    )
    return contribution


@functools.cache
def make_face_jpeg(seed: int = 0, *, side: int = 128) -> bytes:
    """A drawn face, another one for each seed, sharp and well lit."""
    return decode.encode_jpeg(make_face(seed, side=side))


def make_face(seed: int = 0, *, side: int = 128) -> np.ndarray:
    """The same as uint8 [side, side, 3] RGB."""
    dice = np.random.default_rng(seed)
    canvas = cv2.resize(
        dice.integers(40, 216, (4, 4, 3), np.uint8), (256, 256), interpolation=2
    )

    def spot(x: float, y: float, w: float, h: float, tone: int, start: int = 0) -> None:
        shift = dice.normal(0, 5, 2)
        centre = (int(x + shift[0]), int(y + shift[1]))
        axes = (
            max(2, int(w * dice.uniform(0.7, 1.3))),
            int(h * dice.uniform(0.7, 1.3)),
        )
        cv2.ellipse(
            canvas,
            centre,
            axes,
            dice.uniform(-12, 12),
            start,
            360 - start,
            [tone] * 3,
            -1,
        )

    skin = int(dice.integers(150, 225))
    spot(128, 132, 92, 112, skin)
    for x in (88, 168):
        spot(x, 104, 20, 10, 250)
        spot(x, 104, 8, 8, 25)
        spot(x, 80, 24, 4, 45)
    spot(128, 140, 10, 18, skin - 35)
    spot(128, 186, 38, 14, 90)
    spot(128, 188, 26, 6, 235)
    noise = dice.normal(0, 6, canvas.shape)
    canvas = np.clip(canvas + noise, 0, 255).astype(np.uint8)
    return cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA)


@functools.cache
def make_tiny_jpeg(emotion: str, seed: int = 0) -> bytes:
    """A face that the networks of `tests/support/tiny_model.py` know, as a crop."""
    grey = tiny_model.face(emotion, seed=seed)
    return decode.encode_jpeg(np.repeat(grey[..., None], 3, axis=2), quality=95)


def make_release(name: str = "faces-1", **fields: Any) -> DatasetRelease:
    """One that was finished, without files."""
    made = {"variant": "all", "form": "parquet", "made_at": timezone.now()}
    emotions = dict.fromkeys(EMOTIONS, 2)
    return DatasetRelease.objects.create(
        name=name, **{**made, "emotions": emotions, **fields}
    )


def make_votes(contribution: Contribution, choice: str, voters: list[User]) -> None:
    for voter in voters:
        Vote.objects.create(contribution=contribution, choice=choice, voter=voter)


def make_accepted_crowd(
    *,
    train: int = 70,
    exam: int = 35,
    make_jpeg: Callable[[str, int], bytes] = make_tiny_jpeg,
) -> list[Contribution]:
    """Accepted faces of as many givers; those for the exam are agreed on by voters.

    `make_jpeg` draws one for an emotion and a number.
    """
    voters = [make_user(f"voter{number}") for number in range(4)]  # new ones
    faces = []
    for number in range(train + exam):
        emotion = EMOTIONS[number % len(EMOTIONS)]
        is_for_exam = number >= train
        face = make_contribution(
            jpeg=make_jpeg(emotion, number),
            giver=make_user(f"giver{number}"),
            emotion=emotion,
            status="accepted",
            split="exam" if is_for_exam else "train",
        )
        if is_for_exam:
            make_votes(face, emotion, voters)
        faces.append(face)
    return faces


def make_photo(*faces: int, width: int = 640) -> bytes:
    """A JPEG with drawn faces side by side; 29 and 2 are found by either detector."""
    canvas = np.full((480, width, 3), (196, 190, 180), np.uint8)
    for place, seed in enumerate(faces):
        left = 192 if len(faces) == 1 else 40 + 320 * place
        canvas[112:368, left : left + 256] = make_face(seed, side=256)
    return decode.encode_jpeg(canvas)


def make_run(**fields: Any) -> TrainingRun:
    """One that a worker is at, in its first attempt."""
    return TrainingRun.objects.create(
        **{"preset": "quick", "status": "snapshot", "attempt": 1, **fields}
    )


def make_run_on(*faces: Contribution, status: str = "done", split: str = "train"):
    """A run whose snapshot holds these faces."""
    run = TrainingRun.objects.create(preset="quick", status=status)
    snapshot = Snapshot.objects.create(run=run, hash=f"{run.pk:064}", manifest={})
    label, weight = [0, 0, 0, 1, 0, 0, 0], 1
    SnapshotRow.objects.bulk_create(
        SnapshotRow(
            snapshot=snapshot,
            contribution_id=face.pk,
            label=label,
            weight=weight,
            split=split,
            source=face.source,
            digest=digests.row_digest(
                face.digest_key,
                *(face.pk, label, weight, split, face.source),
                crop_digest=face.digest,
            ),
        )
        for face in faces
    )
    return run
