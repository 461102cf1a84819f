import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from labeling.contributions import withdrawals
from labeling.models import (
    Exam,
    PredictionFeedback,
    Promotion,
    SiteStats,
    SnapshotRow,
    Vote,
)
from labeling.review import decisions, demand
from labeling.stats import contributor_impact, feedback_rates, site_stats
from labeling.stats.figures import Agreement
from tests.support.concurrency import together
from tests.support.factories import (
    make_contribution,
    make_run,
    make_run_on,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db


def make_answers(version, *, right: int, wrong: int) -> None:
    PredictionFeedback.objects.bulk_create(
        PredictionFeedback(
            model_version=version,
            guess="sad",
            is_right=i < right,
            nonce=uuid4().hex,
            created_at=timezone.now(),
        )
        for i in range(right + wrong)
    )


def make_votes(*choices: str) -> None:
    face = make_contribution()
    for choice in choices:
        number = Vote.objects.count()
        Vote.objects.create(contribution=face, device_hash=str(number), choice=choice)


def test_an_empty_site_has_figures_too():
    figures = site_stats.current()
    assert figures.given == 0
    assert figures.agreement == Agreement(alpha=None, faces=0)
    assert figures.weeks.starts == ()
    assert figures.backlog.oldest is None
    assert json.dumps(figures.model_dump(mode="json"))


def test_it_counts_faces_by_status_and_emotion():
    alice = make_user()
    make_contribution(emotion="sad", giver=alice)
    make_contribution(
        emotion="sad", decided_emotion="fear", status="accepted", giver=alice
    )
    make_contribution(emotion="happy", status="rejected")
    withdrawals.withdraw(make_contribution())
    figures = site_stats.refresh().data
    assert (figures["given"], figures["accepted"]) == (3, 1)
    assert (figures["rejected"], figures["waiting"]) == (1, 1)
    assert (figures["withdrawn"], figures["givers"]) == (1, 1)
    emotions = {row.pop("emotion"): row for row in figures["emotions"]}
    assert emotions["sad"] == {"given": 2, "accepted": 1, "shown": 0}
    assert emotions["fear"] == {"given": 0, "accepted": 0, "shown": 1}
    assert list(emotions) == [
        *("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    ]


def test_it_counts_by_week_with_no_gaps():
    for day in (2, 3, 20):
        make_contribution(emotion="sad", created_at=datetime(2026, 11, day, tzinfo=UTC))
    weeks = site_stats.refresh().data["weeks"]
    assert weeks["starts"] == ["2026-11-02", "2026-11-09", "2026-11-16"]
    assert weeks["given"]["sad"] == [2, 0, 1]
    assert weeks["given"]["fear"] == [0, 0, 0]


def test_agreement_is_krippendorffs_alpha():
    for _ in range(3):
        make_votes("sad", "sad", "sad")
        make_votes("fear", "fear")
    assert site_stats.agreement() == Agreement(alpha=1.0, faces=6)
    make_votes("sad", "fear")
    make_votes("happy")  # alone it proves nothing
    found = site_stats.agreement()
    assert found.faces == 7
    assert found.alpha == pytest.approx(alpha_by_hand(), abs=1e-4)


def alpha_by_hand() -> float:
    """1 - observed / expected disagreement, of 3 x sad³, 3 x fear², 1 x (sad, fear)."""
    sad, fear = 3 * 3 + 1, 3 * 2 + 1
    n = sad + fear
    observed = 2 / n  # one pair, both ways, of a face with two votes
    return 1 - observed / (2 * sad * fear / (n * (n - 1)))


def test_agreement_is_unknown_where_all_said_the_same():
    make_votes("sad", "sad")
    assert site_stats.agreement().alpha is None


def test_gold_votes_do_not_count_for_agreement():
    make_votes("sad", "fear")
    Vote.objects.update(gold_answer="sad")
    assert site_stats.agreement().faces == 0


def test_the_backlog_knows_the_oldest_and_the_weeks_work():
    rita = make_user("rita")
    day = timezone.now() - timedelta(days=3)
    make_contribution(created_at=day)
    for _ in range(2):
        decisions.accept(make_contribution(), by=rita)
    decisions.undo(by=rita)
    backlog = site_stats.refresh().data["backlog"]
    assert backlog["oldest"] == day.isoformat()
    assert backlog["decided_in_a_week"] == 1


def test_the_figures_are_read_from_one_row_and_counted_seldom(
    django_assert_num_queries,
):
    site_stats.refresh()
    make_contribution()
    with django_assert_num_queries(1):
        assert site_stats.current().given == 0
    SiteStats.objects.update(counted_at=timezone.now() - timedelta(hours=1))
    assert site_stats.current().given == 1
    assert SiteStats.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_who_count_at_once_leave_one_row():
    outcomes = together(4, lambda _: site_stats.refresh())
    assert not [o for o in outcomes if isinstance(o, Exception)]
    assert SiteStats.objects.count() == 1


def test_counting_takes_no_more_than_a_fiftieth_of_the_time():
    row = site_stats.refresh()
    row.data["took"] = 20
    row.save()
    assert site_stats.refresh_when_due() is None
    make_contribution()
    SiteStats.objects.update(counted_at=timezone.now() - timedelta(minutes=16))
    assert site_stats.current().given == 0
    SiteStats.objects.update(counted_at=timezone.now() - timedelta(minutes=17))
    assert site_stats.refresh_when_due().data["given"] == 1


def test_corrections_are_counted_by_version():
    one, two = make_version("one"), make_version("two")
    make_answers(one, right=3, wrong=1)
    found = feedback_rates.feedback_rates([one.pk, two.pk])
    assert set(found) == {one.pk}
    assert (found[one.pk].rate, found[one.pk].n) == (0.25, 4)
    assert found[one.pk].low < 0.25 < found[one.pk].high
    (listed,) = site_stats.refresh().data["corrections"]
    assert (listed["version"], listed["wrong"], listed["answers"]) == ("one", 1, 4)


def test_what_was_answered_since_the_count_is_added_once():
    one, two = make_version("one"), make_version("two")
    make_answers(one, right=3, wrong=1)
    site_stats.refresh()
    make_answers(one, right=0, wrong=4)
    make_answers(two, right=1, wrong=0)
    found = feedback_rates.feedback_rates([one.pk, two.pk])
    assert [(found[v.pk].wrong, found[v.pk].n) for v in (one, two)] == [(5, 8), (0, 1)]
    site_stats.refresh()
    assert feedback_rates.feedback_rates([one.pk, two.pk]) == found


def test_faces_by_kind_are_as_last_counted_and_counted_where_that_is_long_ago():
    make_contribution()
    site_stats.refresh()
    make_contribution()
    assert site_stats.kinds()["status"] == {"waiting": 1}
    SiteStats.objects.update(counted_at=timezone.now() - timedelta(hours=1))
    assert site_stats.kinds()["status"] == {"waiting": 2}
    row = SiteStats.objects.get()
    del row.data["kinds"]  # as the former version counts
    row.save()
    make_contribution()
    assert site_stats.kinds()["status"] == {"waiting": 3}


def test_going_back_is_proposed_where_people_clearly_correct_more():
    before, now = make_version("before"), make_version("now", is_champion=True)
    Promotion.objects.create(version=now, former=before, kind="exam")
    make_answers(before, right=150, wrong=50)
    make_answers(now, right=140, wrong=60)
    assert feedback_rates.roll_back_proposal() is None  # may be chance
    make_answers(make_version("other"), right=1, wrong=1)
    PredictionFeedback.objects.filter(model_version=now).delete()
    make_answers(now, right=100, wrong=100)
    proposal = feedback_rates.roll_back_proposal()
    assert proposal.version == before
    assert "before" in str(proposal.sentence)
    assert "50 %" in str(proposal.sentence)


def test_going_back_to_a_contaminated_version_is_never_proposed():
    before = make_version("before", contaminated_at=timezone.now())
    now = make_version("now", is_champion=True)
    Promotion.objects.create(version=now, former=before, kind="exam")
    make_answers(before, right=200, wrong=0)
    make_answers(now, right=0, wrong=200)
    assert feedback_rates.roll_back_proposal() is None


def test_the_most_needed_emotion_comes_first_with_the_reason():
    found = demand.by_emotion()
    assert {need.have for need in found} == {0}
    assert "yet" in str(demand.request(found))
    for _ in range(3):
        make_contribution(emotion="happy")
    make_contribution(emotion="sad", decided_emotion="happy", status="accepted")
    make_contribution(emotion="fear", status="rejected")
    by_emotion = {need.emotion.value: need for need in demand.by_emotion()}
    assert by_emotion["happy"].have == 4
    assert by_emotion["fear"].have == 0
    assert demand.by_emotion()[-1].emotion == "happy"


def test_what_the_champion_mixes_up_is_needed_and_said():
    emotions = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
    recall = dict.fromkeys(emotions, 0.9) | {"fear": 0.2}
    confusion = [[90 if i == j else 2 for j in range(7)] for i in range(7)]
    confusion[2] = [0, 0, 20, 0, 5, 75, 0]
    card = {
        "emotions": emotions,
        "metrics": {"tune": {"recall": recall, "confusion": confusion}},
    }
    make_version(is_champion=True, card=card)
    for emotion in emotions:
        make_contribution(emotion=emotion)
    first = demand.by_emotion()[0]
    assert (first.emotion, first.recall) == ("fear", 0.2)
    sentence = str(first.reason)
    assert "fear" in sentence
    assert "surprise" in sentence


def test_a_goal_that_all_have_reached_doubles(monkeypatch):
    from labeling.review import demand

    monkeypatch.setattr(demand, "FIRST_GOAL", 2)
    for emotion in ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"):
        for _ in range(2):
            make_contribution(emotion=emotion)
    assert {need.goal for need in demand.by_emotion()} == {4}
    assert {need.share for need in demand.by_emotion()} == {0.5}


def test_who_gave_nothing_has_no_effect_yet():
    alice = make_user()
    assert contributor_impact.contributor_impact(alice).faces == 0
    make_version(is_champion=True)
    assert "not given" in str(contributor_impact.contributor_impact(alice).sentence)
    make_contribution(giver=alice)
    assert "yet" in str(contributor_impact.contributor_impact(alice).sentence)


def test_the_effect_names_the_faces_in_the_champion_and_how_recall_moved():
    alice, bob = make_user(), make_user("bob")
    own = [make_contribution(giver=alice, emotion="fear") for _ in range(2)]
    his = make_contribution(giver=bob, emotion="sad")
    before = make_version("before")
    run = make_run_on(*own, his)
    now = make_version("now", run=run, is_champion=True)
    Exam.objects.create(
        run=run,
        champion=before,
        challenger=now,
        exam_hash="x",
        policy="improves",
        outcome="promoted",
        report={
            "champion": {"recall": {"fear": {"value": 0.4}, "sad": {"value": 0.5}}},
            "challenger": {"recall": {"fear": {"value": 0.55}, "sad": {"value": 0.5}}},
        },
    )
    effect = contributor_impact.contributor_impact(alice)
    assert effect.faces == 2
    assert "now" in str(effect.sentence)
    ((move),) = effect.moves
    assert (move.emotion, move.was, move.now) == ("fear", "40\u202f%", "55\u202f%")
    withdrawals.withdraw(own[0])
    assert contributor_impact.contributor_impact(alice).faces == 1


def test_an_effect_lasts_through_later_versions_that_went_on_from_there():
    alice = make_user()
    face = make_contribution(giver=alice)
    first = make_version(run=make_run_on(face))
    make_version(run=make_run_on(make_contribution()), parent=first, is_champion=True)
    assert contributor_impact.contributor_impact(alice).faces == 1


def test_what_waits_is_what_came_since_the_last_snapshot():
    old = make_contribution(status="accepted", decided_at=timezone.now())
    run = make_run_on(old)
    make_contribution(status="accepted", decided_at=timezone.now())
    make_contribution()
    waits = site_stats.waits()
    assert (waits.accepted, waits.review, waits.withdrawn) == (1, 1, 0)
    make_version(run=run, is_champion=True)
    assert SnapshotRow.objects.exists()
    receipt = withdrawals.withdraw(old)
    waits = site_stats.waits()
    assert (waits.withdrawn, waits.withdrawn_since) == (1, receipt.at)


def test_without_a_snapshot_all_accepted_ones_wait():
    make_contribution(status="accepted")
    make_run(status="failed")
    assert site_stats.waits().accepted == 1
