import numpy as np
import pytest
from numpy.typing import NDArray

from ml.video.session_rules import RULES
from ml.video.tracking import Tracks, overlap, pair, settled, smoothed
from ml.vision.face_crop import Box

LEAD, MEMORY = RULES.switch_lead, RULES.memory_seconds


def look(*probabilities: float) -> NDArray[np.float64]:
    return np.array(probabilities)


CALM, GLAD = look(0.9, 0.1), look(0.1, 0.9)
LEFT, RIGHT = Box(0, 0, 100, 100), Box(300, 0, 100, 100)


def moved(box: Box, by: float) -> Box:
    return box._replace(x=box.x + by)


def test_overlap_is_shared_area_over_joint_area() -> None:
    assert overlap(LEFT, LEFT) == 1
    assert overlap(LEFT, RIGHT) == 0
    assert overlap(LEFT, moved(LEFT, 50)) == pytest.approx(1 / 3)


def test_each_box_finds_the_one_it_overlaps_most() -> None:
    old = [LEFT, RIGHT]
    new = [moved(RIGHT, 10), moved(LEFT, -10), Box(700, 0, 50, 50)]
    assert sorted(pair(old, new)) == [(0, 1), (1, 0)]


def test_nobody_is_paired_twice() -> None:
    assert pair([LEFT], [LEFT, moved(LEFT, 5)]) == [(0, 0)]


def test_smoothing_forgets_by_time_not_by_frames() -> None:
    once = smoothed(CALM, GLAD, 0.4)
    many = CALM
    for _frame in range(8):
        many = smoothed(many, GLAD, 0.05)
    np.testing.assert_allclose(once, many, atol=1e-5)
    np.testing.assert_allclose(smoothed(CALM, GLAD, 0), CALM)
    np.testing.assert_allclose(smoothed(CALM, GLAD, 60), GLAD)
    assert once.sum() == pytest.approx(1)


def test_an_emotion_holds_until_another_leads_clearly() -> None:
    assert settled(0, look(0.48, 0.52)) == 0
    assert settled(0, look(0.5 - LEAD, 0.5 + LEAD)) == 1


def test_the_best_overlap_goes_first_whatever_the_order() -> None:
    near, nearer = moved(LEFT, 30), moved(LEFT, 5)
    assert pair([LEFT], [near, nearer]) == [(0, 1)]
    assert pair([LEFT], [nearer, near]) == [(0, 0)]


def test_a_face_keeps_its_number_while_it_moves() -> None:
    tracks = Tracks()
    for frame in range(20):
        left, right = moved(LEFT, 5 * frame), moved(RIGHT, -2 * frame)
        seen = tracks.update(frame / 20, [(right, GLAD), (left, CALM)])
        assert [track.number for track in seen] == [1, 2]
    assert [track.winner for track in seen] == [1, 0]


def test_a_face_back_within_a_second_is_the_same_and_later_another() -> None:
    tracks = Tracks()
    tracks.update(0, [(LEFT, CALM)])
    assert tracks.update(MEMORY - 0.1, []) == []
    assert tracks.update(MEMORY - 0.05, [(LEFT, CALM)])[0].number == 1
    tracks.update(2 * MEMORY, [])
    assert tracks.update(2 * MEMORY + 0.1, [(LEFT, GLAD)])[0].number == 2


def test_who_left_and_comes_back_is_the_same_where_place_and_look_allow() -> None:
    away = RULES.returning.longest_seconds
    for back, look, after, number in (
        (LEFT, CALM, away / 2, 1),
        (LEFT, CALM, away + 2, 2),
        (LEFT, GLAD, away / 2, 2),
        (RIGHT, CALM, away / 2, 2),
    ):
        tracks = Tracks()
        tracks.update(0, [(LEFT, CALM)])
        tracks.update(MEMORY, [])
        assert tracks.update(after, [(back, look)])[0].number == number


def test_of_two_who_left_each_comes_back_as_himself() -> None:
    tracks = Tracks()
    tracks.update(0, [(LEFT, CALM), (RIGHT, GLAD)])
    tracks.update(MEMORY, [])
    back = tracks.update(5, [(RIGHT, GLAD), (LEFT, CALM)])
    assert [track.number for track in back] == [2, 1]
    assert tracks.gone == []


def test_a_pause_of_the_camera_is_no_absence() -> None:
    tracks = Tracks()
    tracks.update(0, [(LEFT, CALM)])
    (track,) = tracks.update(5 * MEMORY, [(LEFT, GLAD)])
    assert (track.number, track.winner) == (1, 1)


def test_one_wild_frame_does_not_change_the_look_but_half_a_second_does() -> None:
    tracks = Tracks()
    tracks.update(0, [(LEFT, CALM)])
    assert tracks.update(0.05, [(LEFT, GLAD)])[0].winner == 0
    for frame in range(1, 16):
        (track,) = tracks.update(0.05 + frame * 0.05, [(LEFT, GLAD)])
    assert track.winner == 1
    np.testing.assert_array_equal(track.raw, GLAD)
