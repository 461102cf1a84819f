"""By which indexes Postgres answers where there are many faces (docs/scale.md)."""

import re
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling import synthetic_data
from labeling.datasets import dataset_release
from labeling.review import review_queue
from labeling.voting import rings, vote_weights
from tests.support.query_plans import plan_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd() -> None:
    """Enough faces for the statistics that a plan is made by."""
    synthetic_data.make(2_000)


def test_among_many_faces_each_act_reads_its_own(crowd: None) -> None:
    _only_places_that_are_wrong()
    _only_faces_that_may_be_released()
    _only_the_records_of_who_voted()
    _only_faces_of_the_newest_votes()
    _only_faces_with_a_void_vote()


def _only_places_that_are_wrong() -> None:
    with CaptureQueriesContext(connection) as asked:
        review_queue.refresh_priorities()
    updates = [one["sql"] for one in asked if one["sql"].startswith("UPDATE")]
    assert len(updates) == 7 * 4  # the places around three steps of each emotion
    for sql in updates:
        plan = plan_of(sql)
        cond = r"desk_by_emotion .*\n *Index Cond: .*\(priority > "
        assert re.search(cond, plan), plan


def _only_faces_that_may_be_released() -> None:
    rest = dataset_release._fit().filter(pk__gt=UUID(int=5)).order_by("pk")[:9]
    assert "using releasable_faces" in plan_of(*rest.query.sql_with_params())


def _only_the_records_of_who_voted() -> None:
    plan = plan_of(vote_weights._OF_THESE, [[str(uuid4())]])
    cond = r"gold_records .*\n *Index Cond: \(voter_id = people.voter_id\)"
    assert re.search(cond, plan), plan


def _only_faces_of_the_newest_votes() -> None:
    plan = plan_of(rings._VOTES, {"answers": rings.ANSWERS, "oldest": 5})
    assert "using labeling_contribution_pkey" in plan
    assert "Join" not in plan  # it would read all faces


def _only_faces_with_a_void_vote() -> None:
    plan = plan_of(*rings.other_faces().query.sql_with_params())
    assert "(ANY (id = " not in plan  # each accepted face would be asked for it
