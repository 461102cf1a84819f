import pytest

from labeling.models import Exam
from labeling.registry import model_versions
from labeling.training import exams
from ml.errors import BadInput
from tests.support.exam_reports import make_report
from tests.support.factories import make_run, make_version

pytestmark = pytest.mark.django_db


def test_a_report_is_kept_as_it_came_and_decides():
    run = make_run(status="examining")
    challenger = make_version(run=run)
    parts = {"champion": None, "challenger": challenger, "report": make_report()}
    exam = exams.record(run.pk, run.attempt, **parts)
    exam.refresh_from_db()
    assert exam.report == make_report()
    assert (exam.exam_hash, exam.outcome) == ("ab" * 32, "promoted")
    assert model_versions.current() == challenger


def test_a_report_that_lacks_something_is_refused_whole():
    run = make_run(status="examining")
    report = make_report(exam={"n": 700})
    parts = {"champion": None, "challenger": make_version(run=run), "report": report}
    with pytest.raises(BadInput, match=r"exam\.hash: field required"):
        exams.record(run.pk, run.attempt, **parts)
    assert not Exam.objects.exists()
    assert model_versions.current() is None


def test_a_better_challenger_that_saw_a_withdrawn_face_is_not_promoted():
    run = make_run(status="examining")
    challenger = make_version(run=run, contaminated_at=run.created_at)
    parts = {"champion": None, "challenger": challenger, "report": make_report()}
    exam = exams.record(run.pk, run.attempt, **parts)
    assert exam.outcome == "kept"
    assert "withdrawn" in exam.report["sentence"]
    assert exam.report["reasons"] == [{"code": "better"}, {"code": "withdrawn"}]
    assert model_versions.current() is None
