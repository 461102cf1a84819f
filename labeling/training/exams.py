"""The exam's record and its consequence, in one transaction with the end of the run."""

from collections.abc import Mapping

from django.utils.translation import gettext

from labeling.models import Exam, ModelVersion, Promotion
from labeling.registry import digests, model_versions
from labeling.training import training_runs
from labeling.webhooks import deliveries
from ml.evaluation import exam_report
from ml.evaluation.exam_report import ExamReport, Reason

Outcome = Exam.Outcome


class Outdated(Exception):
    """Another version has become champion while the exam was sat: sit it again."""


def record(
    run_id: int,
    attempt: int,
    *,
    champion: ModelVersion | None,
    challenger: ModelVersion,
    report: Mapping[str, object],
) -> Exam:
    """Put `ml compare`'s report on record, promote the challenger if it says so, end
    the run.

    Raises Outdated, training_runs.Lost, or ml.errors.BadInput for a report that lacks
    something.
    """
    said = exam_report.parse(report)
    with training_runs.fenced(run_id, attempt) as run, model_versions.champion_locked():
        holder = model_versions.current()
        if (holder and holder.pk) != (champion and champion.pk):
            raise Outdated
        challenger.refresh_from_db(fields=["contaminated_at"])
        said = _kept_if_contaminated(said, challenger)
        exam = Exam.objects.create(
            run=run,
            champion=champion,
            challenger=challenger,
            exam_hash=said.exam.hash,
            policy=said.policy,
            outcome=said.outcome,
            report=said.to_json(),
        )
        digests.erase_since(exam)
        if exam.outcome == Outcome.PROMOTED:
            kind = Promotion.Kind.EXAM if champion else Promotion.Kind.FIRST
            model_versions.promote(challenger, kind=kind, reason=said.sentence)
        else:
            _announce(exam)
        training_runs.finish(run_id, attempt, message=said.sentence)
    return exam


def _announce(exam: Exam) -> None:
    fact = {
        "version": exam.challenger.name,
        "champion": exam.champion.name if exam.champion else None,
        "run": exam.run_id,
        "outcome": exam.outcome,
    }
    deliveries.announce(deliveries.Event.MODEL_KEPT, [fact])


def _kept_if_contaminated(report: ExamReport, challenger: ModelVersion) -> ExamReport:
    """A face withdrawn during the run: what learned from it is not put in service."""
    if challenger.contaminated_at is None or report.outcome != "promoted":
        return report
    sentence = gettext(
        "The challenger is better, but a face it learned from has been withdrawn "
        "meanwhile; the next training leaves that face out."
    )
    return report.model_copy(
        update={
            "outcome": "kept",
            "sentence": sentence,
            "reasons": (*report.reasons, Reason(code="withdrawn")),
        }
    )


def uses(exam: Exam) -> int:
    """How often these very faces have examined, up to and with this time."""
    return Exam.objects.filter(exam_hash=exam.exam_hash, pk__lte=exam.pk).count()


def may_measure(version: ModelVersion) -> bool:
    """Not before the decision is on record, and not twice."""
    return version.private_test is None and version.exams.exists()


def record_private_test(version: ModelVersion, figures: Mapping[str, object]) -> None:
    """What `ml evaluate` printed; the first measurement stands."""
    rows = ModelVersion.objects.filter(pk=version.pk, private_test__isnull=True)
    rows.update(private_test=figures)


def waiting_for_private_test() -> list[int]:
    """Trained versions whose decision is on record but PrivateTest not measured."""
    judged = ModelVersion.objects.filter(
        private_test__isnull=True, exams__isnull=False, run__status="done"
    )
    return list(judged.order_by("pk").values_list("pk", flat=True).distinct())
