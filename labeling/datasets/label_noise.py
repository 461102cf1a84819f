"""Accepted faces whose label confident learning doubts: they count for less.

It needs the opinion of a model that had not learned from the face. A face from the site
brings it along: what the champion said when it was given. Any other is shown to the
champion before its first training, and what it says then stays on record.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db.models import Exists, OuterRef

from labeling.db import plan_for_all_rows
from labeling.models import Contribution, Crop, DatasetSplit, ModelVersion, SnapshotRow
from labeling.models.contribution import ContributionQuerySet
from labeling.registry import model_files, model_versions
from ml.artefact.predictor import Predictor
from ml.data import label_noise
from ml.emotions import EMOTIONS
from ml.vision import decode, face_crop

MOST_ASKED = 5_000  # opinions asked for at one snapshot: half a minute
BATCH = 200
# So many faces say as much as all do about what a class looks like to the model, and
# memory stays constant. Taken by their ids, they are any faces.
PART_SIZE = 50_000

GoOn = Callable[[], None]  # raises when the run is to stop


def ask_champion(go_on: GoOn) -> None:
    """What it says of faces that came without an opinion and taught nobody yet."""
    champion = model_versions.current()
    if champion is None or settings.DOUBT_PERCENT >= 100:
        return
    taught = SnapshotRow.objects.filter(contribution_id=OuterRef("pk"))
    silent = _candidates().filter(~Exists(taught), model_probabilities={})
    ids = list(silent.order_by("-created_at").values_list("pk", flat=True)[:MOST_ASKED])
    if not ids:
        return
    predictor = Predictor.load(model_files.fetch(champion, names=model_files.SERVED))
    for start in range(0, len(ids), BATCH):
        go_on()
        _store_opinions(champion, predictor, ids[start : start + BATCH])


def find(go_on: GoOn) -> Iterator[set[UUID]]:
    """The accepted faces of the training split whose label is doubted, part by part.
    Needs a transaction."""
    if settings.DOUBT_PERCENT >= 100:
        return
    known = _candidates().exclude(model_probabilities={}).order_by("pk")
    rows = known.values_list("pk", "decided_emotion", "model_probabilities")
    count = known.count()
    parts = -(-count // PART_SIZE) or 1
    plan_for_all_rows()
    left = rows.iterator(chunk_size=2_000)
    while part := list(islice(left, -(-count // parts))):
        go_on()
        yield _doubted(part)


def _doubted(part: list[tuple[UUID, str, dict[str, float]]]) -> set[UUID]:
    labels = np.array([EMOTIONS.index(emotion) for _pk, emotion, _said in part])
    said = [[opinion.get(e, 0.0) for e in EMOTIONS] for _pk, _emotion, opinion in part]
    found = label_noise.find_issues(labels, np.array(said, np.float32))
    return {part[place][0] for place in np.flatnonzero(found)}


def _candidates() -> ContributionQuerySet:
    return Contribution.objects.accepted().filter(split=DatasetSplit.TRAIN)


def _store_opinions(
    champion: ModelVersion, predictor: Predictor, ids: list[UUID]
) -> None:
    crops = dict(Crop.objects.filter(pk__in=ids).values_list("pk", "jpeg"))
    shown = list(Contribution.objects.filter(pk__in=list(crops)))
    seen = [
        face_crop.to_network(decode.decode(bytes(crops[face.pk]))) for face in shown
    ]
    said = predictor.predict(np.stack(seen).astype(np.float32)).probabilities
    for face, p in zip(shown, said, strict=True):
        face.model_version = champion
        face.model_emotion = predictor.emotions[int(p.argmax())]
        face.model_probabilities = predictor.by_emotion(p)
    fields = ["model_version", "model_emotion", "model_probabilities"]
    Contribution.objects.bulk_update(shown, fields)
