"""What a retraining goes through. Its row is the truth; whoever works on it carries the
attempt as a fencing token, and all times are the database's. Its sentences are kept in
the site's language, LANGUAGE_CODE: a worker has no visitor to ask for his."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum
from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Concat, Now, Right
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from labeling import audit
from labeling.db import AdvisoryLock, check_room, hold_lock
from labeling.errors import Refused
from labeling.models import Checkpoint, ModelVersion, RunEvent, TrainingRun, User
from labeling.training import run_options
from labeling.webhooks import deliveries
from ml.training_events import Epoch

Status = TrainingRun.Status

ATTEMPTS = 2  # workers that may get lost over one run
LOG_LENGTH = 20_000  # characters kept, the latest


class Lost(Exception):
    """The run is no longer this attempt's: another one, or nobody, works on it."""


class HeartbeatReply(Enum):
    """What a heartbeat brings back."""

    GO_ON = "go on"
    CANCEL = "cancel"
    LOST = "lost"


class Changes(TypedDict, total=False):
    """What `note` may change of a run; what is left out stays."""

    status: Status
    message: str
    progress: float
    seconds_left: float
    parent: ModelVersion | None


def request(
    *,
    preset: str,
    by: User | None = None,
    trigger: str = "person",
    options: Mapping[str, object] | None = None,
) -> TrainingRun:
    """A new run in the queue. Refused while another is active, without data or room."""
    check_room()
    wishes = run_options.clean(preset, options or {})
    run_options.check_data()
    try:
        with transaction.atomic():
            # One after the other, and looked at first: a row that is refused only when
            # it is there has used up a number, and runs and versions are named by it.
            hold_lock(AdvisoryLock.RUN_REQUESTS)
            if TrainingRun.objects.active().exists():
                raise _already_running()
            run = TrainingRun.objects.create(
                preset=preset, requested_by=by, trigger=trigger, options=wishes.stored()
            )
            _record_start(run, by)
            return run
    except IntegrityError:
        raise _already_running() from None


def _already_running() -> Refused:
    active = TrainingRun.objects.active().first()
    return Refused(
        "already_running",
        format_lazy(
            _("Run {number} is on already; one retraining at a time."),
            number=active.pk if active else "?",
        ),
        run=active,
    )


def _record_start(run: TrainingRun, by: User | None) -> None:
    if run.trigger == TrainingRun.Trigger.SCHEDULE:  # nobody's act
        return
    details = {"preset": run.preset, "trigger": run.trigger, "options": run.options}
    audit.record(audit.Act.RUN_STARTED, by=by, subject=run, details=details)


def claim(run_id: int, worker: str) -> int | None:
    """Take a queued run; the attempt number is the token for every later write.

    None when it is not waiting: a message that came twice or too late does nothing.
    """
    with transaction.atomic():
        taken = TrainingRun.objects.filter(pk=run_id, status=Status.QUEUED).update(
            status=Status.SNAPSHOT,
            attempt=F("attempt") + 1,
            heartbeat_at=Now(),
            started_at=Coalesce("started_at", Now()),
            seconds_left=None,
            message=gettext("Taken by a worker."),
            log=_appended(f"taken by {worker}"),
        )
        if not taken:
            return None
        row = TrainingRun.objects.filter(pk=run_id).values_list("attempt", flat=True)
        return row.get()


def heartbeat(run_id: int, attempt: int) -> HeartbeatReply:
    """Still alive. Learn at the same time whether to go on."""
    mine = _mine(run_id, attempt)
    if not mine.update(heartbeat_at=Now()):
        return HeartbeatReply.LOST
    asked = mine.filter(cancel_asked_at__isnull=False).exists()
    return HeartbeatReply.CANCEL if asked else HeartbeatReply.GO_ON


@contextmanager
def fenced(run_id: int, attempt: int) -> Iterator[TrainingRun]:
    """A transaction in which the run stays this attempt's. Raises Lost."""
    with transaction.atomic():
        run = _mine(run_id, attempt).select_for_update(of=("self",)).first()
        if run is None:
            raise Lost(f"run {run_id}, attempt {attempt}")
        yield run


def enter(run_id: int, attempt: int, status: Status, message: str) -> None:
    """The next stage."""
    note(run_id, attempt, status=status, message=message, log=message)


def note(
    run_id: int, attempt: int, *, log: str = "", **changes: Unpack[Changes]
) -> None:
    """Progress, and a line of log. Raises Lost."""
    columns = {**changes, **({"log": _appended(log)} if log else {})}
    mine = _mine(run_id, attempt)
    if not (mine.update(**columns) if columns else mine.exists()):
        raise Lost(f"run {run_id}, attempt {attempt}")


def record(run_id: int, attempt: int, epoch: Epoch, *, message: str, log: str) -> None:
    """An epoch is over: its figures are kept for the curves. Raises Lost."""
    with transaction.atomic():
        note(
            run_id,
            attempt,
            log=log,
            message=message,
            progress=epoch.epoch / max(epoch.epochs, 1),
            seconds_left=epoch.seconds_left,
        )
        RunEvent.objects.create(run_id=run_id, attempt=attempt, data=epoch.model_dump())


def save_checkpoint(run_id: int, attempt: int, *, epoch: int, content: bytes) -> None:
    with fenced(run_id, attempt) as run:
        Checkpoint.objects.update_or_create(
            run=run, defaults={"attempt": attempt, "epoch": epoch, "content": content}
        )


def finish(run_id: int, attempt: int, *, message: str) -> None:
    """Done. Call it in the transaction that records the exam."""
    _end(_mine(run_id, attempt), Status.DONE, message, progress=1.0)


def fail(run_id: int, attempt: int, *, reason: str) -> bool:
    return _end(_mine(run_id, attempt), Status.FAILED, reason)


def stop(run_id: int, attempt: int) -> bool:
    """The worker has stopped as it was asked to."""
    return _end(_mine(run_id, attempt), Status.CANCELLED, gettext("Cancelled."))


def hand_back(run_id: int, attempt: int, *, message: str) -> bool:
    """A worker that is told to end puts its run back; the next one resumes it."""
    return _queue_again(_mine(run_id, attempt), message)


def lose(run_id: int, attempt: int, *, reason: str) -> bool:
    """An attempt that came to harm: once more, or the end."""
    return _lose(_mine(run_id, attempt), reason)


@transaction.atomic
def cancel(run: TrainingRun, *, by: User | None = None) -> None:
    """Ask a run to end. One that waits ends at once; a running one within seconds."""
    if _ask_to_end(run, by):
        audit.record(audit.Act.RUN_CANCELLED, by=by, subject=run)


def _ask_to_end(run: TrainingRun, by: User | None) -> bool:
    """False: it was asked before."""
    # By whom, the audit log tells: this one would keep the name of who has left.
    who = "cancelled by a person" if by else "cancelled"
    waiting = TrainingRun.objects.filter(pk=run.pk, status=Status.QUEUED)
    asked = {"cancel_asked_at": Now(), "log": _appended(who)}
    if _end(waiting, Status.CANCELLED, gettext("Cancelled."), **asked):
        return True
    running = TrainingRun.objects.filter(pk=run.pk, status__in=TrainingRun.RUNNING)
    is_first = bool(running.filter(cancel_asked_at=None).update(**asked))
    if not running.exists():
        raise Refused("not_active", _("This run has ended already."))
    return is_first


def sweep() -> list[int]:
    """Find runs whose worker is lost, and the queued ones to send (again).

    Returns the ids to send. At most one run is active, so this is quick.
    """
    for run in TrainingRun.objects.filter(_stale(settings.RETRAIN_LOST_AFTER)):
        mine = _mine(run.pk, run.attempt).filter(_stale(settings.RETRAIN_LOST_AFTER))
        if run.cancel_asked_at:
            _end(mine, Status.CANCELLED, gettext("Cancelled."))
        else:
            _lose(mine, gettext("The worker was lost."))
    unsent = TrainingRun.objects.filter(status=Status.QUEUED).filter(
        Q(heartbeat_at=None) | older("heartbeat_at", settings.SWEEP_EVERY)
    )
    return [
        run_id
        for run_id in unsent.values_list("pk", flat=True)
        if unsent.filter(pk=run_id).update(heartbeat_at=Now())
    ]


def older(field: str, seconds: float) -> Q:
    """By the database's clock."""
    return Q(**{f"{field}__lt": Now() - timedelta(seconds=seconds)})


def _mine(run_id: int, attempt: int) -> Any:
    return TrainingRun.objects.filter(
        pk=run_id, attempt=attempt, status__in=TrainingRun.RUNNING
    )


def _end(runs: Any, status: Status, message: str, **changes: object) -> bool:
    changes.setdefault("log", _appended(message))
    with transaction.atomic():
        ids = list(runs.select_for_update().values_list("pk", flat=True))
        TrainingRun.objects.filter(pk__in=ids).update(
            status=status,
            message=message,
            finished_at=Now(),
            seconds_left=None,
            **changes,
        )
        Checkpoint.objects.filter(run__in=ids).delete()
        if status == Status.FAILED:
            facts = [{"run": run_id} for run_id in ids]
            deliveries.announce(deliveries.Event.RUN_FAILED, facts)
    return bool(ids)


def _lose(runs: Any, reason: str) -> bool:
    with transaction.atomic():
        if runs.filter(losses__gte=ATTEMPTS - 1).exists():
            runs.update(losses=F("losses") + 1)
            return _end(runs, Status.FAILED, reason)
        runs.update(losses=F("losses") + 1)
        return _queue_again(runs, reason)


def _queue_again(runs: Any, message: str) -> bool:
    return bool(
        runs.update(
            status=Status.QUEUED,
            heartbeat_at=None,
            seconds_left=None,
            message=message,
            log=_appended(message),
        )
    )


def _stale(seconds: float) -> Q:
    """No heartbeat for so long, or one from the future: the clock was set back."""
    return Q(status__in=TrainingRun.RUNNING) & (
        Q(heartbeat_at=None)
        | older("heartbeat_at", seconds)
        | Q(heartbeat_at__gt=Now() + timedelta(seconds=seconds))
    )


def _appended(line: str) -> Right:
    return Right(Concat(F("log"), Value(line.rstrip() + "\n")), LOG_LENGTH)
