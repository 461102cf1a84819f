"""The champion in this process: who serves, and how the next one takes over.

A request asks `predictor()` once and keeps what it got, so nobody ever sees half of one
model and half of another. At most once a second one of the askers looks at the
champion's row. If it is another one, a thread loads it while all go on with the former;
only a process that nobody has asked for a while loads it before it answers.
"""

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DatabaseError, connection
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from labeling.models import ModelVersion, Promotion
from labeling.registry import model_files
from ml.artefact.predictor import Predictor
from ml.errors import BadArtefact

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds between two looks at the champion's row
IDLE = 2.0  # seconds unasked after which nobody else can be kept waiting
RETRY_AFTER = 15.0  # seconds before a refused artefact is tried again


@dataclass(frozen=True)
class LoadedModel:
    version_id: int
    name: str
    predictor: Predictor


@dataclass(frozen=True)
class Problem:
    code: str
    message: "str | Promise"


class _Stage:
    """One a process. `lock` is held by whoever looks and loads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.serving: LoadedModel | None = None
        self.looked_at = -LOOK_EVERY
        self.refused: dict[int, float] = {}  # version -> when it was found damaged
        self.problem: Problem | None = None


_stage = _Stage()


def predictor() -> LoadedModel | None:
    """The champion, loaded and proven; None while there is none."""
    stage = _stage
    if time.monotonic() - stage.looked_at < LOOK_EVERY:
        return stage.serving
    # Only the first asker of a process has to wait; later ones go on with the former.
    if not stage.lock.acquire(blocking=stage.serving is None):
        return stage.serving
    hands_over = False
    try:
        idle = time.monotonic() - stage.looked_at
        champion = _look(stage) if idle >= LOOK_EVERY else None
        if champion and stage.serving and idle < IDLE:
            hands_over = True
            threading.Thread(target=_swap_aside, args=(stage, champion)).start()
        elif champion:
            _swap(stage, champion)
    finally:
        if not hands_over:
            _done(stage)
    return stage.serving


def problems() -> list[Problem]:
    """What stands between the champion on record and the one that serves here."""
    predictor()
    return [_stage.problem] if _stage.problem else []


def forget() -> None:
    """Start anew: for tests, and after a restore."""
    global _stage
    _stage = _Stage()


def _done(stage: _Stage) -> None:
    stage.looked_at = time.monotonic()
    stage.lock.release()


def _swap_aside(stage: _Stage, champion: ModelVersion) -> None:
    try:
        _swap(stage, champion)
    finally:
        connection.close()
        _done(stage)


def _look(stage: _Stage) -> ModelVersion | None:
    """The champion on record if it has to be loaded."""
    try:
        champion = ModelVersion.objects.filter(is_champion=True).defer("card").first()
        if champion is None:
            stage.serving = stage.problem = None
        elif stage.serving and stage.serving.version_id == champion.pk:
            stage.problem = None
        elif _may_try(stage, champion):
            return champion
    except DatabaseError:
        if stage.serving is None:
            raise
        log.warning("the champion's row cannot be read; %s goes on", stage.serving.name)
    return None


def _may_try(stage: _Stage, champion: ModelVersion) -> bool:
    refused_at = stage.refused.get(champion.pk)
    return refused_at is None or time.monotonic() - refused_at > RETRY_AFTER


def _swap(stage: _Stage, champion: ModelVersion) -> None:
    try:
        stage.serving = _load(champion)
        stage.problem = None
        stage.refused.clear()
        log.info("%s serves now", champion.name)
        return
    except (BadArtefact, OSError) as why:
        log.error("champion %s refused: %s", champion.name, why)
        stage.refused[champion.pk] = time.monotonic()
        reason = str(why)
    except DatabaseError:
        if stage.serving is None:
            raise
        log.exception("champion %s cannot be loaded just now", champion.name)
        return
    if stage.serving is None:
        stage.serving = next(_stand_ins(champion), None)
    stage.problem = Problem(
        "champion_refused", _sentence(champion, stage.serving, reason)
    )


def _sentence(
    champion: ModelVersion, serving: LoadedModel | None, reason: str
) -> Promise:
    if serving is None:
        sentence = _("The champion {name} cannot be used, and no other can: {reason}")
    else:
        sentence = _("The champion {name} cannot be used, so {other} serves: {reason}")
    return format_lazy(
        sentence,
        name=champion.name,
        other=serving.name if serving else "",
        reason=reason,
    )


def _load(version: ModelVersion) -> LoadedModel:
    """Load a version from the cache; a cache gone bad is filled once more."""
    folder = model_files.fetch(version, names=model_files.SERVED)
    try:
        return LoadedModel(version.pk, version.name, Predictor.load(folder))
    except BadArtefact:
        model_files.forget(folder)
    folder = model_files.fetch(version, names=model_files.SERVED)
    return LoadedModel(version.pk, version.name, Predictor.load(folder))


def _stand_ins(champion: ModelVersion) -> Iterator[LoadedModel]:
    """Whoever can serve in a fresh process when the champion cannot: the former ones,
    latest first."""
    former = Promotion.objects.exclude(version=champion).order_by("-pk")
    seen: set[int] = set()
    for promotion in former.select_related("version").iterator():
        version = promotion.version
        if version.pk in seen or version.contaminated_at:
            continue
        seen.add(version.pk)
        try:
            yield _load(version)
        except (BadArtefact, OSError) as why:
            log.error("%s refused as well: %s", version.name, why)
