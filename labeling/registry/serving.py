"""The champion in this process: who serves, and how the next one takes over.

A request asks `predictor()` once and keeps what it got, so nobody ever sees half of one
model and half of another. At most once a second one of the askers checks the champion's
row. If it is another one, a thread loads it while all go on with the former; only a
process that nobody has asked for a while loads it before it answers.
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

CHECK_EVERY = 1.0  # seconds between two looks at the champion's row
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


class _Loader:
    """One a process: what serves here, and the checks that keep it the champion.

    One check at a time: it begins and ends in `current`, or in the thread that loads
    aside. The condition's lock guards only who may begin one; nobody keeps it while
    looking or loading.
    """

    def __init__(self) -> None:
        self.serving: LoadedModel | None = None
        self.problem: Problem | None = None
        self.checked_at = -CHECK_EVERY
        self._refused: dict[int, float] = {}  # version -> when it was found damaged
        self._is_checking = False
        self._loading: threading.Thread | None = None
        self._turn = threading.Condition()

    def current(self) -> LoadedModel | None:
        """What serves, after a check if one is due."""
        if not self._is_due() or not self._begin_check():
            return self.serving
        try:
            is_idle = time.monotonic() - self.checked_at >= IDLE
            champion = self._to_load()
            if champion and self.serving and not is_idle:
                self._loading = threading.Thread(
                    target=self._load_aside, args=(champion,)
                )
                self._loading.start()
            elif champion:
                self._load(champion)
        finally:
            self._end_check()
        return self.serving

    def _is_due(self) -> bool:
        return time.monotonic() - self.checked_at >= CHECK_EVERY

    def _begin_check(self) -> bool:
        """Whether this asker is the one to check. While nothing serves yet, the first
        one checks and loads, and the others wait for what it finds."""
        with self._turn:
            if self.serving is None:
                self._turn.wait_for(lambda: not self._is_checking)
            is_loading = self._loading is not None and self._loading.is_alive()
            if self._is_checking or is_loading or not self._is_due():
                return False
            self._is_checking = True
            return True

    def _end_check(self) -> None:
        with self._turn:
            self._is_checking = False
            self.checked_at = time.monotonic()
            self._turn.notify_all()

    def _to_load(self) -> ModelVersion | None:
        """The champion on record, if it neither serves nor was refused just now."""
        versions = ModelVersion.objects.filter(is_champion=True).defer("card")
        try:
            champion = versions.first()
        except DatabaseError:
            if self.serving is None:
                raise
            log.warning(
                "the champion's row cannot be read; %s goes on", self.serving.name
            )
            return None
        if champion is None:
            self.serving = self.problem = None
        elif self.serving and self.serving.version_id == champion.pk:
            self.problem = None
        elif not self._was_refused_lately(champion):
            return champion
        return None

    def _was_refused_lately(self, version: ModelVersion) -> bool:
        refused_at = self._refused.get(version.pk)
        return refused_at is not None and time.monotonic() - refused_at <= RETRY_AFTER

    def _load_aside(self, champion: ModelVersion) -> None:
        try:
            self._load(champion)
        finally:
            self.checked_at = time.monotonic()
            connection.close()

    def _load(self, champion: ModelVersion) -> None:
        try:
            self.serving = _loaded(champion)
            self.problem = None
            self._refused.clear()
            log.info("%s serves now", champion.name)
        except (BadArtefact, OSError) as why:
            self._refuse(champion, why)
        except DatabaseError:
            if self.serving is None:
                raise
            log.exception("champion %s cannot be loaded just now", champion.name)

    def _refuse(self, champion: ModelVersion, why: Exception) -> None:
        """Whoever serves goes on; in a fresh process a former champion stands in."""
        log.error("champion %s refused: %s", champion.name, why)
        self._refused[champion.pk] = time.monotonic()
        if self.serving is None:
            self.serving = next(_stand_ins(champion), None)
        sentence = _refusal_sentence(champion, self.serving, str(why))
        self.problem = Problem("champion_refused", sentence)


_loader = _Loader()


def predictor() -> LoadedModel | None:
    """The champion, loaded and proven; None while there is none."""
    return _loader.current()


def problems() -> list[Problem]:
    """What stands between the champion on record and the one that serves here."""
    _loader.current()
    return [_loader.problem] if _loader.problem else []


def forget() -> None:
    """Start anew, as a fresh process would: for tests."""
    global _loader
    _loader = _Loader()


def _loaded(version: ModelVersion) -> LoadedModel:
    """Load a version from the cache; a cache gone bad is filled once more."""
    folder = model_files.fetch(version, names=model_files.SERVED)
    try:
        return LoadedModel(version.pk, version.name, Predictor.load(folder))
    except BadArtefact:
        model_files.discard(folder)
    folder = model_files.fetch(version, names=model_files.SERVED)
    return LoadedModel(version.pk, version.name, Predictor.load(folder))


def _stand_ins(champion: ModelVersion) -> Iterator[LoadedModel]:
    """The former champions that can be loaded, latest first."""
    former = Promotion.objects.exclude(version=champion).order_by("-pk")
    seen: set[int] = set()
    for promotion in former.select_related("version").iterator():
        version = promotion.version
        if version.pk in seen or version.contaminated_at:
            continue
        seen.add(version.pk)
        try:
            yield _loaded(version)
        except (BadArtefact, OSError) as why:
            log.error("%s refused as well: %s", version.name, why)


def _refusal_sentence(
    champion: ModelVersion, serving: LoadedModel | None, reason: str
) -> Promise:
    if serving is None:
        sentence = _("The model {name} cannot be used, and no other can: {reason}")
    else:
        sentence = _("The model {name} cannot be used, so {other} is in use: {reason}")
    return format_lazy(
        sentence,
        name=champion.name,
        other=serving.name if serving else "",
        reason=reason,
    )
