import pytest

from labeling.emotions import Emotion
from labeling.models import Exam, Promotion
from labeling.registry import model_versions
from tests.support.api_clients import Program
from tests.support.exam_reports import make_image_slice, make_report, make_side
from tests.support.factories import make_contribution, make_run, make_version

pytestmark = pytest.mark.django_db


def test_the_figures_are_those_of_the_page() -> None:
    make_contribution()
    said = Program().get("figures").json()
    assert (said["given"], said["waiting"]) == (1, 1)
    assert Program().get("/data/numbers.json").json() == said


def test_what_is_needed_comes_with_a_sentence() -> None:
    needed = Program().get("needs").json()["results"]
    assert {one["emotion"] for one in needed} == set(Emotion.values)
    assert all(one["reason"] for one in needed)
    urgencies = [one["urgency"] for one in needed]
    assert urgencies == sorted(urgencies, reverse=True)


def test_pictures_that_the_model_reads_worse_are_asked_for() -> None:
    assert Program().get("needs").json()["pictures"] == []
    run = make_run(status="done")
    version = make_version("mien-1", run=run)
    images = {"turned": make_image_slice(-0.1, -0.2, -0.01)}
    Exam.objects.create(
        run=run,
        challenger=version,
        exam_hash="ab" * 32,
        policy="improves",
        outcome="promoted",
        report=make_report(challenger=make_side("mien-1", 0.7, images=images)),
    )
    model_versions.promote(version, kind=Promotion.Kind.EXAM)
    (found,) = Program().get("needs").json()["pictures"]
    assert (found["kind"], found["recall"], found["rest"]) == ("turned", 0.6, 0.7)
    assert "aside" in found["reason"]
