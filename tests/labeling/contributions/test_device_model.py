from typing import Any

import pytest
from django.utils import timezone

from labeling.contributions import consent, device_model
from labeling.errors import Refused
from labeling.models import Contribution, ModelVersion, Promotion
from labeling.registry import model_versions
from tests.support.factories import make_contribution, make_run_on, make_version

pytestmark = pytest.mark.django_db

CARD = {"files": {"model.onnx": "ab" * 32}}


@pytest.fixture(autouse=True)
def no_answer_is_remembered() -> None:
    device_model._givers_agreed.cache_clear()


def make_champion(*faces: Contribution, **fields: Any) -> ModelVersion:
    """One that a run trained on these faces, in use."""
    fields = {"card": CARD, "run": make_run_on(*faces), **fields}
    version = make_version(**fields)
    model_versions.promote(version, kind=Promotion.Kind.OVERRIDE)
    return version


def why_not() -> str:
    device_model._givers_agreed.cache_clear()
    with pytest.raises(Refused) as no:
        device_model.on_offer()
    return no.value.code


def test_the_model_that_came_with_mien_is_handed_out(champion: ModelVersion) -> None:
    assert device_model.on_offer() == champion


def test_so_is_one_whose_givers_all_read_that_it_may_be() -> None:
    version = make_champion(make_contribution(), make_contribution())
    assert device_model.on_offer() == version


@pytest.mark.parametrize("older", ["2026-11", "2026-11-28", consent.IMPORTED])
def test_one_that_saw_a_face_given_to_an_older_text_is_not(older: str) -> None:
    make_champion(make_contribution(), make_contribution(consent_version=older))
    assert why_not() == "older_consent"


def test_nor_is_one_that_descends_from_such_a_one() -> None:
    parent = make_champion(make_contribution(consent_version="2026-11"))
    make_champion(make_contribution(), parent=parent)
    assert why_not() == "older_consent"


def test_faces_that_only_examine_a_model_do_not_count() -> None:
    face = make_contribution(consent_version="2026-11")
    run = make_run_on(face)
    run.snapshot.rows.update(split="exam")
    make_champion(run=run)
    assert device_model.on_offer().run == run


def test_who_agrees_to_todays_text_lets_it_be_handed_out() -> None:
    face = make_contribution(consent_version="2026-11")
    version = make_champion(face)
    assert why_not() == "older_consent"
    Contribution.objects.update(consent_version=consent.VERSION)
    device_model._givers_agreed.cache_clear()
    assert device_model.on_offer() == version


@pytest.mark.parametrize(
    "unknown",
    [{"run": None}, {"card": {**CARD, "snapshot": {"warm_start": "mien-7"}}}],
)
def test_one_whose_faces_are_not_on_record_is_not(unknown: dict[str, Any]) -> None:
    make_champion(make_contribution(), **unknown)
    assert why_not() == "older_consent"


def test_a_withdrawal_ends_it_at_once() -> None:
    face = make_contribution()
    version = make_champion(face)
    assert device_model.on_offer() == version
    ModelVersion.objects.filter(pk=version.pk).update(contaminated_at=timezone.now())
    with pytest.raises(Refused, match="taken back"):
        device_model.on_offer()


def test_without_a_model_there_is_none() -> None:
    assert why_not() == "no_model"


def test_a_wrong_answer_is_told_until_another_model_is_in_use() -> None:
    version = make_champion(make_contribution())
    device_model.report_wrong_answer(version)
    assert [problem.code for problem in device_model.problems()] == ["wrong_on_devices"]
    make_champion(make_contribution())
    assert device_model.problems() == []
