"""The exam's record and its consequence, in one transaction with the end of the run."""

from typing import Any

from django.utils.translation import gettext

from labeling.models import Exam, ModelVersion, Promotion
from labeling.registry import digests, model_versions
from labeling.training import training_runs

Outcome = Exam.Outcome


class Outdated(Exception):
    """Another version has become champion while the exam was sat: sit it again."""


def record(
    run_id: int,
    attempt: int,
    *,
    champion: ModelVersion | None,
    challenger: ModelVersion,
    report: dict[str, Any],
) -> Exam:
    """Put the report on record, promote the challenger if it says so, end the run.

    Raises Outdated, or training_runs.Lost.
    """
    with training_runs.fenced(run_id, attempt) as run, model_versions.champion_locked():
        holder = model_versions.current()
        if (holder and holder.pk) != (champion and champion.pk):
            raise Outdated
        challenger.refresh_from_db(fields=["contaminated_at"])
        report = _kept_if_contaminated(report, challenger)
        exam = Exam.objects.create(
            run=run,
            champion=champion,
            challenger=challenger,
            exam_hash=report["exam"]["hash"],
            policy=report["policy"],
            outcome=report["outcome"],
            report=report,
        )
        digests.erase_since(exam)
        if exam.outcome == Outcome.PROMOTED:
            kind = Promotion.Kind.EXAM if champion else Promotion.Kind.FIRST
            model_versions.promote(challenger, kind=kind, reason=report["sentence"])
        training_runs.finish(run_id, attempt, message=report["sentence"])
    return exam


def _kept_if_contaminated(
    report: dict[str, Any], challenger: ModelVersion
) -> dict[str, Any]:
    """A face withdrawn during the run: what learned from it is not put in service."""
    if challenger.contaminated_at is None or report["outcome"] != Outcome.PROMOTED:
        return report
    sentence = gettext(
        "The challenger is better, but a face it learned from has been withdrawn "
        "meanwhile; the next training leaves that face out."
    )
    return {
        **report,
        "outcome": str(Outcome.KEPT),
        "sentence": sentence,
        "reasons": [*report.get("reasons", []), {"code": "withdrawn"}],
    }


def uses(exam: Exam) -> int:
    """How often these very faces have examined, up to and with this time."""
    return Exam.objects.filter(exam_hash=exam.exam_hash, pk__lte=exam.pk).count()


def may_measure(version: ModelVersion) -> bool:
    """Not before the decision is on record, and not twice."""
    return version.private_test is None and version.exams.exists()


def record_private_test(version: ModelVersion, figures: dict[str, Any]) -> None:
    """The first measurement stands."""
    rows = ModelVersion.objects.filter(pk=version.pk, private_test__isnull=True)
    rows.update(private_test=figures)


def waiting_for_private_test() -> list[int]:
    """Trained versions whose decision is on record but PrivateTest not measured."""
    judged = ModelVersion.objects.filter(
        private_test__isnull=True, exams__isnull=False, run__status="done"
    )
    return list(judged.order_by("pk").values_list("pk", flat=True).distinct())
