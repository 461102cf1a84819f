"""The faces that changed from wrong to right, or back, between two versions.

The report holds ids and answers; the pictures are drawn when somebody looks, so that a
face withdrawn since is not there any more.
"""

import base64
import hashlib
import io
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _
from PIL import Image

from labeling.models import Contribution
from ml.data import arrays, fer2013
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


def groups(report: Mapping[str, Any]) -> list[Group]:
    changed = report.get("changed") or {}
    titles = {
        "fixed": _("From wrong to right"),
        "broken": _("From right to wrong"),
    }
    found = {name: _known(changed.get(name) or []) for name in titles}
    refs = [face["ref"] for name in titles for face in found[name][:SHOWN]]
    pictures = _pictures(refs)
    return [_group(title, found[name], pictures) for name, title in titles.items()]


def _known(faces: Iterable[Any]) -> list[dict[str, str]]:
    """Of each face its reference and answers; old reports have the first alone."""
    return [dict(f) if isinstance(f, Mapping) else {"ref": str(f)} for f in faces]


def _group(title: str, faces: list[dict[str, str]], pictures: Pictures) -> Group:
    answers = Counter(tuple(pair) for face in faces if (pair := _answers(face)))
    shown = []
    for face in faces[:SHOWN]:
        if face["ref"] in pictures:
            picture, label = pictures[face["ref"]]
            shown.append(Face(face.get("label", label), picture, _answers(face)))
    often = [Often(list(pair), n) for pair, n in answers.most_common(OFTEN) if n > 1]
    return Group(title, len(faces), often, shown)


def _answers(face: Mapping[str, str]) -> list[str]:
    return [face[side] for side in ("champion", "challenger") if side in face]


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


def _picture(grey: Any) -> str:
    file = io.BytesIO()
    Image.fromarray(np.rint(grey).astype(np.uint8)).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
