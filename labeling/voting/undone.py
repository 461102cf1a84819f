"""Faces on which a voter took a vote back.

With a vote comes what others said, so that a second one would be no blind one: the face
goes to other people.
"""

import logging
from collections.abc import Collection
from uuid import UUID

import redis
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from labeling.errors import Refused
from labeling.models import User

log = logging.getLogger(__name__)

MONTH = 30 * 24 * 3600  # seconds; by then a face mostly has all its votes


def remember(face: UUID, *, by: User | None, device: str | None) -> None:
    """By account and device: one of them is enough to know the voter again.
    Raises Refused where it cannot be remembered."""
    try:
        cache.set_many(dict.fromkeys(_keys([face], by, device), 1), MONTH)
    except redis.RedisError:
        text = _("This cannot be taken back just now. Please try again in a moment.")
        raise Refused("not_now", text) from None


def among(faces: Collection[UUID], *, by: User | None, device: str | None) -> set[UUID]:
    """Those of the faces that are not for this voter any more."""
    keys = _keys(faces, by, device)
    try:
        return {keys[key] for key in cache.get_many(keys)}
    except redis.RedisError:
        log.warning("votes taken back are not known: Redis does not answer")
        return set()


def _keys(
    faces: Collection[UUID], by: User | None, device: str | None
) -> dict[str, UUID]:
    names = [f"user:{by.pk}" if by else "", device or ""]
    return {f"undone:{face}:{name}": face for face in faces for name in names if name}
