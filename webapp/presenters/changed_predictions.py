"""The faces that changed from wrong to right, or back, between two versions.

The report holds ids and answers; the pictures are drawn when somebody looks, so that a
face withdrawn since is not there any more.
"""

import base64
import hashlib
import io
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _
from PIL import Image

from labeling.models import Contribution
from ml.data import arrays, fer2013
from ml.data.arrays import Bytes, Floats
from ml.evaluation.exam_report import ChangedFace, StoredReport
from ml.vision import decode, face_crop

log = logging.getLogger(__name__)

SHOWN = 48  # of each group; all of them stand in the report
OFTEN = 3  # changes of answer that a group names
KEPT = 24 * 3600  # seconds

Pictures = dict[str, tuple[str, str]]  # by reference: data: URL and label


@dataclass(frozen=True)
class Face:
    label: str
    picture: str
    answers: list[str]  # the champion's, then the challenger's


@dataclass(frozen=True)
class Often:
    """A change of answer that many faces share."""

    answers: list[str]
    n: int


@dataclass(frozen=True)
class Group:
    title: str
    n: int
    often: list[Often]
    faces: list[Face]

    @property
    def more(self) -> int:
        return self.n - len(self.faces)


def groups(report: object) -> list[Group]:
    """Of a report as it is stored; an old one knows no answers, only the faces."""
    changed = StoredReport.read(report).changed
    titled = (
        (_("From wrong to right"), changed.fixed),
        (_("From right to wrong"), changed.broken),
    )
    refs = [face.ref for _title, faces in titled for face in faces[:SHOWN]]
    pictures = _pictures(refs)
    return [_group(title, faces, pictures) for title, faces in titled]


def _group(title: str, faces: Sequence[ChangedFace], pictures: Pictures) -> Group:
    answers = Counter(tuple(face.answers) for face in faces if face.answers)
    shown = []
    for face in faces[:SHOWN]:
        if face.ref in pictures:
            picture, label = pictures[face.ref]
            shown.append(Face(face.label or label, picture, face.answers))
    often = [Often(list(pair), n) for pair, n in answers.most_common(OFTEN) if n > 1]
    return Group(title, len(faces), often, shown)


def _pictures(refs: list[str]) -> Pictures:
    rows = [int(ref[8:]) for ref in refs if ref.startswith("fer2013:")]
    given = [ref[13:] for ref in refs if ref.startswith("contribution:")]
    return _of_fer2013(rows) | _given(given)


def _given(ids: Iterable[str]) -> Pictures:
    found = {}
    rows = Contribution.objects.filter(pk__in=[UUID(pk) for pk in ids])
    for face in rows.select_related("crop"):
        grey = face_crop.to_network(decode.decode(bytes(face.crop.jpeg)))
        label = face.decided_emotion or face.emotion
        found[f"contribution:{face.pk}"] = (_picture(grey[..., 0]), label)
    return found


def _of_fer2013(rows: list[int]) -> Pictures:
    """Reading FER-2013 takes a moment, so what was found is kept for a day."""
    if not rows or not settings.FER2013 or not settings.FER2013.exists():
        return {}
    names = ",".join(map(str, rows))
    key = f"pictures:{hashlib.sha256(names.encode()).hexdigest()}"
    if (kept := cache.get(key)) is None:
        try:
            data = fer2013.read(settings.FER2013, cache=settings.MIEN_DATA / "cache")
        except (arrays.BadData, OSError) as why:
            log.warning("no pictures of changed faces: %s", why)
            return {}
        kept = {
            f"fer2013:{row}": (
                _picture(data.pixels[row]),
                str(data.emotions[data.labels[row]]),
            )
            for row in rows
            if row < len(data)
        }
        cache.set(key, kept, KEPT)
    return dict(kept)


def _picture(grey: Floats | Bytes) -> str:
    file = io.BytesIO()
    Image.fromarray(np.rint(grey).astype(np.uint8)).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
