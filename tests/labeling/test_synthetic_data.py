import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, F

from labeling.models import Contribution, Crop, PredictionFeedback, Review, User, Vote
from labeling.review import review_queue
from labeling.voting import votes
from tests.support.factories import make_contribution, make_user

pytestmark = pytest.mark.django_db


def test_a_crowd_is_as_consistent_as_what_people_make():
    call_command("make_crowd", faces=300, verbosity=0)
    faces = Contribution.objects.all()
    assert faces.count() == Crop.objects.count() == 300
    assert set(faces.values_list("status", flat=True)) == {
        *("waiting", "accepted", "rejected")
    }
    decided = faces.exclude(status="waiting")
    assert Review.objects.count() == decided.count()
    counted = faces.annotate(n=Count("votes")).filter(votes__gold_answer="")
    assert counted.exists()
    assert not counted.exclude(n__gte=F("vote_count")).exists()
    assert not Vote.objects.filter(voter=F("contribution__giver")).exists()
    assert PredictionFeedback.objects.count() == 600
    rita = make_user("rita", "reviewer")
    assert review_queue.take(by=rita)
    assert votes.next_face(by=rita)


def test_it_is_gone_without_a_trace():
    call_command("make_crowd", faces=50, verbosity=0)
    call_command("make_crowd", faces=50, verbosity=0)
    assert Contribution.objects.count() == 100
    call_command("make_crowd", remove=True, verbosity=0)
    for model in (Contribution, Crop, Vote, Review, User, PredictionFeedback):
        assert not model.objects.exists()


def test_it_does_not_mix_with_real_faces_unasked():
    make_contribution()
    with pytest.raises(CommandError):
        call_command("make_crowd", faces=10)
    call_command("make_crowd", faces=10, beside_real_faces=True, verbosity=0)
    call_command("make_crowd", remove=True, verbosity=0)
    assert Contribution.objects.count() == 1
