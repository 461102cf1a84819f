"""The faces that changed from wrong to right, or back, between two versions."""

import base64
import hashlib
import io
import logging
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
from ml import faces, fer2013, images

log = logging.getLogger(__name__)

SHOWN = 48  # of each group; all of them stand in the report
KEPT = 24 * 3600  # seconds


@dataclass(frozen=True)
class Face:
    emotion: str
    picture: str  # data: URL


@dataclass(frozen=True)
class Group:
    title: str
    n: int
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
    refs = {name: [str(r) for r in changed.get(name) or []] for name in titles}
    shown = [ref for name in titles for ref in refs[name][:SHOWN]]
    found = _faces(shown)
    return [
        Group(
            title,
            len(refs[name]),
            [found[ref] for ref in refs[name][:SHOWN] if ref in found],
        )
        for name, title in titles.items()
    ]


def _faces(refs: list[str]) -> dict[str, Face]:
    """By reference; faces that have been withdrawn since are not there any more."""
    rows = [int(ref[8:]) for ref in refs if ref.startswith("fer2013:")]
    given = [ref[13:] for ref in refs if ref.startswith("contribution:")]
    return _of_fer2013(rows) | _given(given)


def _given(ids: Iterable[str]) -> dict[str, Face]:
    found = {}
    rows = Contribution.objects.filter(pk__in=[UUID(pk) for pk in ids])
    for face in rows.select_related("crop"):
        grey = faces.to_network(images.decode(bytes(face.crop.jpeg)))
        emotion = face.decided_emotion or face.emotion
        found[f"contribution:{face.pk}"] = Face(emotion, _picture(grey[..., 0]))
    return found


def _of_fer2013(rows: list[int]) -> dict[str, Face]:
    """Reading FER-2013 takes a moment, so what was found is kept for a day."""
    if not rows or not settings.FER2013 or not settings.FER2013.exists():
        return {}
    names = ",".join(map(str, rows))
    key = f"changed:{hashlib.sha256(names.encode()).hexdigest()}"
    if (kept := cache.get(key)) is None:
        try:
            data = fer2013.read(settings.FER2013, cache=settings.MIEN_DATA / "cache")
        except (fer2013.BadData, OSError) as why:
            log.warning("no pictures of changed faces: %s", why)
            return {}
        kept = {
            f"fer2013:{row}": Face(
                str(data.emotions[data.labels[row]]), _picture(data.pixels[row])
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
