"""The exam's report as a type: what is wrong is named, what is old is read."""

import json
from pathlib import Path
from typing import Any

import pytest

from ml.errors import BadInput
from ml.evaluation import exam_report
from ml.evaluation.exam_report import ChangedFace, StoredReport
from tests.support.exam_reports import make_report, make_side

OLD_SITE = Path(__file__).resolve().parents[2] / "before_the_rooms" / "rows.json"


def of_format_1() -> dict[str, Any]:
    """As `ml compare` wrote it at first: no differences but the whole exam's."""
    report = make_report(format=1)
    whole = ("accuracy", "low", "high", "mcnemar_p", "champion_only", "challenger_only")
    report["difference"] = {name: report["difference"][name] for name in whole}
    report["changed"] = {"fixed": ["fer2013:75", "fer2013:7"], "broken": []}
    return report


def of_the_old_site() -> dict[str, Any]:
    [exam] = json.loads(OLD_SITE.read_text())["labeling_exam"]
    report: dict[str, Any] = exam["report"]
    return report


@pytest.mark.parametrize("report", [make_report(), of_the_old_site()])
def test_a_report_stays_the_same_key_by_key(report: dict[str, Any]) -> None:
    assert exam_report.parse(report).to_json() == report
    assert StoredReport.read(report).to_json() == report


def test_what_a_later_version_adds_stays_in_the_report() -> None:
    report = make_report(mood="sunny", challenger=make_side("new", 0.7, brier=0.1))
    assert exam_report.parse(report).to_json() == report


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"exam": {"n": 3}}, "exam.hash: field required"),
        ({"outcome": "postponed"}, "outcome: input should be 'promoted', 'kept' or"),
        ({"sentence": None}, "sentence: "),
        ({"guards": [{"name": "recall:sad", "p": "low"}]}, "guards.0.p: "),
        ({"challenger": {"slices": {"public": {"n": "?"}}}}, "slices.public.n: "),
        ({"changed": {"fixed": [{"label": "sad"}]}}, "changed.fixed.0.ref: "),
    ],
)
def test_what_is_wrong_in_a_report_is_named(parts: Any, place: str) -> None:
    with pytest.raises(BadInput) as refusal:
        exam_report.parse(make_report(**parts))
    assert place in str(refusal.value)


def test_reports_of_the_first_format_are_read() -> None:
    report = StoredReport.read(of_format_1())
    assert report.changed.fixed[0] == ChangedFace(ref="fer2013:75")
    assert report.changed.fixed[0].answers == []
    assert report.difference is not None
    assert report.difference.accuracy_interval.percent() == pytest.approx((10, 8, 12))
    assert report.difference.recall == {}


def test_a_recall_may_stand_alone() -> None:
    side = make_side("old", 0.6, recall={"sad": 0.4, "fear": None})
    report = StoredReport.read({"champion": side})
    assert report.champion is not None
    assert report.champion.recall["sad"].value == 0.4
    assert report.champion.measured_recall() == {"sad": 0.4}


@pytest.mark.parametrize("content", [None, [], "kept", {}, {"exam": 3, "guards": "x"}])
def test_of_a_stored_report_what_is_odd_is_empty(content: object) -> None:
    assert StoredReport.read(content) == StoredReport()


def test_a_withdrawn_face_is_one_without_answers() -> None:
    changed = {"fixed": [{"ref": "withdrawn"}], "broken": []}
    report = StoredReport.read(make_report(changed=changed))
    assert report.changed.fixed == (ChangedFace(ref="withdrawn"),)
