"""Labels that confident learning doubts, and what comes of it in a snapshot."""

import numpy as np
import pytest
from django.db import connection, transaction

from labeling.datasets import label_noise, snapshots
from labeling.models import Contribution
from ml.data import label_noise as confident
from ml.emotions import EMOTIONS
from tests.support.factories import (
    make_contribution,
    make_run,
    make_run_on,
    make_tiny_jpeg,
    make_user,
    make_votes,
)

pytestmark = pytest.mark.django_db(transaction=True)

K = len(EMOTIONS)


def opinions(truth, *, right=0.9, seed=1):
    """What a model says that is right so often, and more or less sure of it."""
    random = np.random.default_rng(seed)
    wrong = random.random(len(truth)) > right
    said = np.where(wrong, random.integers(0, K, len(truth)), truth)
    p = random.dirichlet(np.full(K, 0.4), len(truth)) + 2 * np.eye(K)[said]
    return p / p.sum(1, keepdims=True)


def test_planted_lies_are_doubted_and_honest_labels_mostly_not():
    random = np.random.default_rng(0)
    truth = random.integers(0, K, 1000)
    labels = truth.copy()
    lies = random.random(1000) < 0.15
    labels[lies] = (truth[lies] + random.integers(1, K, lies.sum())) % K
    found = confident.find_issues(labels, opinions(truth))
    assert found[lies].mean() > 0.7
    assert found[~lies].mean() < 0.15


def test_one_pair_of_classes_swapped_is_doubted_too():
    truth = np.random.default_rng(0).integers(0, K, 1000)
    labels = truth.copy()
    labels[:100] = np.where(
        truth[:100] == 3, 4, np.where(truth[:100] == 4, 3, truth[:100])
    )
    lies = labels != truth
    found = confident.find_issues(labels, opinions(truth))
    assert found[lies].mean() > 0.7
    assert found[~lies].mean() < 0.15


def test_a_handful_of_faces_or_one_class_alone_is_never_doubted():
    truth = np.arange(20) % K
    assert not confident.find_issues(truth, opinions((truth + 1) % K, right=1)).any()
    same = np.zeros(200, int)
    assert not confident.find_issues(same, opinions(same + 1, right=1)).any()


@pytest.fixture
def gifts(champion, settings, tmp_path):
    """Faces that the champion knows, every tenth under a wrong label."""
    settings.FER2013, settings.FERPLUS = tmp_path / "fer2013.csv", None
    settings.FER2013.write_text("stands in")
    return [gift(number, is_lie=number % 10 == 0) for number in range(110)]


def gift(number, *, is_lie=False):
    return make_contribution(
        jpeg=make_tiny_jpeg(EMOTIONS[number % K], number),
        emotion=EMOTIONS[(number + 2 * is_lie) % K],
        status="accepted",
        source="import",
    )


def freeze(folder):
    run = make_run()
    return snapshots.freeze(run, run.attempt, folder)


def weights(snapshot, faces):
    rows = snapshot.rows.filter(contribution_id__in=[face.pk for face in faces])
    return list(rows.values_list("weight", flat=True))


def test_a_doubted_face_counts_for_less_and_the_snapshot_says_so(gifts, tmp_path):
    lies, honest = gifts[::10], [face for n, face in enumerate(gifts) if n % 10]
    snapshot = freeze(tmp_path / "s")
    assert set(weights(snapshot, lies)) == {0.25}
    assert set(weights(snapshot, honest)) == {1.0}
    assert snapshot.manifest["doubted_labels"] == len(lies)
    assert snapshots.verify(snapshot)


def test_many_faces_are_gone_through_in_parts(gifts, tmp_path, monkeypatch):
    monkeypatch.setattr(label_noise, "PART_SIZE", 60)  # two parts, of whatever faces
    snapshot = freeze(tmp_path / "s")
    assert weights(snapshot, gifts[::10]).count(0.25) > len(gifts[::10]) / 2
    assert weights(snapshot, gifts).count(1.0) > len(gifts) * 0.8


def test_voters_who_agree_outvote_the_model(gifts, tmp_path):
    voters = [make_user(name) for name in ("anna", "ben", "cem", "dana")]
    make_votes(gifts[0], gifts[0].emotion, voters)
    make_votes(gifts[10], gifts[10].emotion, voters[:1])
    snapshot = freeze(tmp_path / "s")
    assert weights(snapshot, gifts[:1]) == [1.0]
    assert weights(snapshot, gifts[10:11]) == [0.25]
    assert snapshot.manifest["doubted_labels"] == len(gifts[::10]) - 1


def test_a_setting_leaves_doubted_faces_out(gifts, settings, tmp_path):
    settings.DOUBT_PERCENT = 0
    assert not weights(freeze(tmp_path / "s"), gifts[::10])


def test_a_setting_turns_it_off(gifts, settings, tmp_path):
    settings.DOUBT_PERCENT = 100
    snapshot = freeze(tmp_path / "s")
    assert set(weights(snapshot, gifts)) == {1.0}
    assert not Contribution.objects.exclude(model_probabilities={}).exists()


def test_a_model_is_never_asked_about_what_it_learned_from(gifts, champion, tmp_path):
    make_run_on(*gifts[:50])
    freeze(tmp_path / "s")
    asked = Contribution.objects.exclude(model_probabilities={})
    assert set(asked) == set(gifts[50:])
    assert asked[0].model_version == champion


def test_what_was_said_when_the_face_was_given_stands(gifts, tmp_path):
    said = dict.fromkeys(EMOTIONS, 1 / K)
    Contribution.objects.filter(pk=gifts[1].pk).update(model_probabilities=said)
    freeze(tmp_path / "s")
    gifts[1].refresh_from_db()
    assert gifts[1].model_probabilities == said


def test_postgres_is_told_that_all_rows_are_read():
    with transaction.atomic(), connection.cursor() as cursor:
        assert not list(label_noise.find(lambda: None))
        cursor.execute("SHOW cursor_tuple_fraction")
        assert cursor.fetchone() == ("1",)
