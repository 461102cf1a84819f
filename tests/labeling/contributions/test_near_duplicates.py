import numpy as np
import pytest
from PIL import Image

from labeling.contributions import (
    consent,
    fer2013_test_set,
    near_duplicates,
    offers,
    withdrawals,
)
from labeling.errors import Refused
from labeling.models import Contribution, Crop
from labeling.review import decisions
from ml.vision import decode
from tests.support.concurrency import together
from tests.support.drawn_people import SITTING, close_up
from tests.support.factories import make_contribution, make_face, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_fer2013(settings, tmp_path):
    settings.FER2013, settings.MIEN_DATA = None, tmp_path


@pytest.fixture
def fer2013(settings, tmp_path):
    """A small FER-2013: faces 100 to 109, the last four of them for the tests."""
    settings.FER2013 = tmp_path / "fer2013.csv"
    lines = ["emotion,pixels,Usage"]
    for i in range(10):
        usage = ["Training", "PublicTest", "PrivateTest"][max(0, (i - 4) // 2)]
        pixels = " ".join(map(str, grey(100 + i).ravel()))
        lines.append(f"{i % 7},{pixels},{usage}")
    settings.FER2013.write_text("\n".join(lines) + "\n")


def grey(seed: int) -> np.ndarray:
    return np.asarray(Image.fromarray(make_face(seed, side=48)).convert("L"))


def jpeg_of(pixels: np.ndarray, quality: int = 90) -> bytes:
    rgb = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    return decode.encode_jpeg(np.ascontiguousarray(rgb), quality=quality)


def copies_of(seed: int) -> list[bytes]:
    """One picture, compressed harder, mirrored, cut closer, and darker."""
    face = make_face(seed)
    return [
        jpeg_of(face, quality=55),
        jpeg_of(face[:, ::-1]),
        jpeg_of(face[8:-8, 8:-8]),
        jpeg_of((face * 0.8).astype(np.uint8)),
    ]


def offer(jpeg: bytes, by=None, emotion="happy") -> Contribution:
    return offered(jpeg, emotion, by=by).contribution


def offered(jpeg: bytes, emotion: str, *, by=None) -> offers.Offer:
    return offers.offer(jpeg, emotion, by=by, consent=consent.given(), claim=None)


def refusal(call, *args, **how) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **how)
    assert str(refused.value)
    return refused.value.code


def test_the_givers_own_copies_are_refused():
    alice = make_user()
    offer(jpeg_of(make_face(1)), by=alice)
    for copy in copies_of(1):
        assert refusal(offer, copy, by=alice) == "own_duplicate"
    offer(jpeg_of(make_face(2)), by=alice)
    assert Contribution.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_picture_sent_twice_at_once_is_kept_once():
    alice = make_user()
    pictures = copies_of(1)
    outcomes = together(4, lambda i: offer(pictures[i], by=alice))
    assert Contribution.objects.count() == 1
    codes = {o.code for o in outcomes if isinstance(o, Refused)}
    assert codes == {"own_duplicate"}


def test_a_giver_may_show_one_expression_after_another():
    alice = make_user()
    for seed, (emotion, look) in enumerate(SITTING.items()):
        offer(jpeg_of(close_up(look, seed=seed)), by=alice, emotion=emotion)
    near_duplicates.cluster_new()
    assert Contribution.objects.filter(cluster=None).count() == len(SITTING)
    again = jpeg_of(close_up(SITTING["sad"], seed=9)[:, ::-1])
    assert refusal(offer, again, by=alice, emotion="sad") == "own_duplicate"


def test_ones_own_picture_under_another_label_is_a_conflict_and_no_second_gift():
    alice = make_user()
    first, *copies = copies_of(1)
    assert not offered(first, "happy", by=alice).is_second_label
    second = offered(copies[0], "sad", by=alice)
    assert second.is_second_label
    kept = Contribution.objects.values_list("emotion", "status", "cluster")
    assert {row[:2] for row in kept} == {("happy", "waiting"), ("sad", "waiting")}
    assert {row[2] for row in kept} == {second.contribution.cluster}
    for emotion in ("happy", "sad"):
        assert refusal(offer, copies[1], by=alice, emotion=emotion) == "own_duplicate"
    near_duplicates.cluster_new()
    clusters = Contribution.objects.values_list("cluster", flat=True)
    assert set(clusters) == {second.contribution.cluster}


def test_what_a_reviewer_made_of_a_picture_is_no_new_label_for_it():
    alice = make_user()
    first, copy, *_more = copies_of(1)
    decisions.relabel(offer(first, by=alice), "fear", by=make_user("rita", "reviewer"))
    assert refusal(offer, copy, by=alice, emotion="fear") == "own_duplicate"


def test_anothers_copy_is_taken_silently_and_clustered():
    alice, bob = make_user(), make_user("bob")
    first = offer(jpeg_of(make_face(1)), by=alice)
    second = offer(copies_of(1)[1], by=bob)
    third = offer(copies_of(1)[2])
    other = offer(jpeg_of(make_face(2)), by=bob)
    assert near_duplicates.cluster_new() == 4
    for face in (first, second, third, other):
        face.refresh_from_db()
    assert first.cluster == second.cluster == third.cluster is not None
    assert other.cluster is None
    assert near_duplicates.cluster_new() == 0


def test_a_later_copy_joins_the_cluster_that_is_there():
    first, second = (offer(copy) for copy in copies_of(1)[:2])
    near_duplicates.cluster_new()
    first.refresh_from_db()
    third = offer(copies_of(1)[3])
    assert near_duplicates.cluster_new() == 1
    third.refresh_from_db()
    assert third.cluster == first.cluster is not None


def test_faces_without_a_vector_get_theirs_before_any_is_compared(monkeypatch):
    monkeypatch.setattr(near_duplicates, "BACKLOG", 2)
    faces = [offer(jpeg_of(make_face(seed))) for seed in range(5)]
    Crop.objects.update(is_compared=True)  # as an earlier version left them
    twin = offer(copies_of(3)[0])
    assert [near_duplicates.cluster_new() for _ in range(5)] == [2, 2, 2, 1, 0]
    clusters = {
        face.pk: face.cluster for face in Contribution.objects.exclude(cluster=None)
    }
    assert set(clusters) == {twin.pk, faces[3].pk}
    assert len(set(clusters.values())) == 1


@pytest.mark.parametrize(
    ("first", "second", "after"),
    [("exam", "train", "exam"), ("train", "exam", "train"), ("exam", "exam", "exam")],
)
def test_a_cluster_never_lies_on_both_sides(first, second, after):
    alice, bob = make_user(split=first), make_user("bob", split=second)
    early, late = offer(copies_of(1)[0], by=alice), offer(copies_of(1)[1], by=bob)
    near_duplicates.cluster_new()
    early.refresh_from_db()
    late.refresh_from_db()
    assert early.cluster == late.cluster
    assert early.split == after
    assert late.split == (after if first == second else "neither")


def test_two_clusters_of_both_sides_that_turn_out_to_be_one_leave_the_exam():
    alice, bob = make_user(split="train"), make_user("bob", split="exam")
    one, two = offer(copies_of(1)[0], by=alice), offer(copies_of(1)[1], by=bob)
    Crop.objects.update(is_compared=True)  # as if nobody had seen them alike
    offer(copies_of(1)[3])
    near_duplicates.cluster_new()
    one.refresh_from_db()
    two.refresh_from_db()
    assert one.cluster == two.cluster is not None
    assert (one.split, two.split) == ("train", "neither")


def test_copies_of_test_faces_are_refused(fer2013):
    assert fer2013_test_set.prepare()
    assert refusal(offer, jpeg_of(grey(108))) == "test_face"
    assert refusal(offer, jpeg_of(grey(107)[:, ::-1])) == "test_face"
    offer(jpeg_of(grey(101)))  # a training face is nobody's exam
    assert fer2013_test_set.problem() is None


def test_hosts_without_fer2013_know_its_test_faces_from_one_that_has_it(
    fer2013, settings, tmp_path
):
    assert fer2013_test_set.prepare()
    settings.FER2013, settings.MIEN_DATA = None, tmp_path / "another host"
    assert refusal(offer, jpeg_of(grey(108))) == "test_face"
    assert fer2013_test_set.problem() is None
    assert fer2013_test_set.prepare()
    with pytest.raises(Refused, match="lacks FER-2013"):
        fer2013_test_set.check_host()  # it may look, but not train
    settings.HAS_OWN_POSTGRES = True  # the only host, whose file was taken away
    assert not fer2013_test_set.prepare()
    assert fer2013_test_set.known() is None


def test_copies_that_came_before_the_test_faces_were_known_are_rejected(fer2013):
    face = offer(jpeg_of(grey(108)))
    near_duplicates.cluster_new()
    face.refresh_from_db()
    assert face.status == "rejected"
    event = face.reviews.get()
    assert (event.by, event.reason) == (None, "test_face")


def test_without_fer2013_the_check_is_skipped_and_says_so():
    assert not fer2013_test_set.prepare()
    assert fer2013_test_set.known() is None
    assert "FER-2013" in str(fer2013_test_set.problem())
    offer(jpeg_of(grey(108)))


def test_a_withdrawn_face_is_compared_with_no_more():
    first = offer(copies_of(1)[0])
    withdrawals.withdraw(first)
    second = offer(copies_of(1)[1])
    near_duplicates.cluster_new()
    second.refresh_from_db()
    assert second.cluster is None


def test_what_has_no_signature_is_left_alone():
    make_contribution()
    assert near_duplicates.cluster_new() == 0
