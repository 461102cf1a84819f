"""What whoever runs a site watches: counts and ages, and nobody in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min
from django.utils import timezone

from labeling import audit
from labeling.contributions import consent
from labeling.models import (
    Contribution,
    Exam,
    ModelVersion,
    Promotion,
    SiteRecord,
    TrainingRun,
    Withdrawal,
)
from labeling.registry import model_versions
from labeling.stats import site_stats
from labeling.stats.feedback_rates import FeedbackRate, feedback_rates


@dataclass(frozen=True)
class Operations:
    """Ages are seconds, None where there is nothing to have one."""

    faces: dict[str, int]  # status -> how many
    oldest_waiting: float | None
    withdrawn: int  # in all
    withdrawn_in_champion: int  # taken back, and still learned from
    withdrawn_in_champion_for: float | None
    not_erased_for: float | None  # deleted, and in the database's files still
    runs: dict[str, int]  # status -> how many
    run_started: float | None  # of the active run
    run_heartbeat: float | None
    last_run_took: float | None  # of the latest that was done
    last_run_done: float | None
    exams: dict[str, int]  # outcome -> how many
    champion: str | None
    champion_for: float | None
    champion_feedback: FeedbackRate | None
    consents: dict[str, int]  # version of the text -> faces given under it
    consent_version: str  # that is shown now
    last_backup: float | None
    notices: dict[str, int]  # version of the notice -> faces given by who had read it


def look() -> Operations:
    """Faces as last counted, by the clock every few minutes; the rest as it is now."""
    champion = model_versions.current()
    taken_back, since = site_stats.withdrawn_from_champion()
    record, active = SiteRecord.get(), TrainingRun.objects.active().first()
    done = TrainingRun.objects.filter(status=TrainingRun.Status.DONE)
    last = done.exclude(started_at=None).order_by("-finished_at").first()
    is_erased = record.deletions == record.erased
    waiting, kinds = Contribution.objects.waiting().order_by(), site_stats.kinds()
    return Operations(
        faces=dict.fromkeys(Contribution.Status.values, 0) | kinds["status"],
        oldest_waiting=_age(waiting.aggregate(since=Min("created_at"))["since"]),
        withdrawn=Withdrawal.objects.count(),
        withdrawn_in_champion=taken_back,
        withdrawn_in_champion_for=_age(since),
        not_erased_for=None if is_erased else _age(record.deleted_at),
        runs=_counted(TrainingRun.Status.values, TrainingRun, "status"),
        run_started=_age(active.started_at) if active else None,
        run_heartbeat=_age(active.heartbeat_at) if active else None,
        last_run_took=_took(last),
        last_run_done=_age(last.finished_at) if last else None,
        exams=_counted(Exam.Outcome.values, Exam, "outcome"),
        champion=champion.name if champion else None,
        champion_for=_age(_promoted_at(champion)),
        champion_feedback=_feedback(champion),
        consents={consent.VERSION: 0} | kinds["consent_version"],
        consent_version=consent.VERSION,
        last_backup=_age(audit.last(audit.Act.BACKED_UP)),
        notices=kinds["notice_version"],
    )


def _counted(
    known: Iterable[str],
    rows: type[TrainingRun] | type[Exam],
    field: str,
) -> dict[str, int]:
    """How many rows by a field; a nought for what is known and has none."""
    counted = rows._default_manager.order_by().values_list(field)
    return dict.fromkeys(known, 0) | dict(counted.annotate(n=Count("pk")))


def _age(moment: datetime | None) -> float | None:
    return (timezone.now() - moment).total_seconds() if moment else None


def _took(run: TrainingRun | None) -> float | None:
    if run is None or run.started_at is None or run.finished_at is None:
        return None
    return (run.finished_at - run.started_at).total_seconds()


def _promoted_at(version: ModelVersion | None) -> datetime | None:
    promotions = Promotion.objects.filter(version=version).order_by("-pk")
    return promotions.values_list("created_at", flat=True).first()


def _feedback(version: ModelVersion | None) -> FeedbackRate | None:
    return feedback_rates([version.pk]).get(version.pk) if version else None
