import numpy as np
import pytest

from ml.video.session_summary import FaceInFrame, SessionSummary
from ml.vision.face_crop import Box

EMOTIONS = ("happy", "sad", "neutral")


def look(time: float, emotion: str, *, raw: str = "", face: int = 1) -> FaceInFrame:
    def sure(word: str) -> dict[str, float]:
        return {name: 0.8 if name == word else 0.1 for name in EMOTIONS}

    box = Box(0, 0, 50, 50)
    return FaceInFrame(time, face, box, emotion, sure(emotion), sure(raw or emotion))


CROP = np.zeros((9, 9, 3), np.uint8)


def session(*looks: FaceInFrame) -> SessionSummary:
    """Looks of the same time are of one frame."""
    result = SessionSummary(EMOTIONS)
    for time in sorted({one.time for one in looks}):
        here = [one for one in looks if one.time == time]
        result.add(time, here, [CROP for _one in here])
    return result


def test_shares_are_of_the_time_a_face_was_in_sight() -> None:
    looks = [look(t / 10, "happy") for t in range(10)]
    looks += [look(t / 10, "sad") for t in range(10, 40)]
    shares = session(*looks).shares()
    assert shares == pytest.approx({"happy": 0.25, "sad": 0.75, "neutral": 0})


def test_time_out_of_sight_counts_for_nothing() -> None:
    seen = session(*(look(t / 10, "happy") for t in range(10)))
    for t in range(10, 600):
        seen.add(t / 10, [], [])
    for t in range(600, 610):
        seen.add(t / 10, [look(t / 10, "sad")], [CROP])
    first, second = seen.spells()
    assert (first.start, first.end) == pytest.approx((0, 1.0))
    assert (second.start, second.end) == pytest.approx((60, 61.0))


def test_of_a_long_pause_a_second_counts() -> None:
    looks = [look(t / 10, "happy") for t in range(10)]
    looks += [look(60 + t / 10, "sad") for t in range(10)]
    first, second = session(*looks).spells()
    assert (first.start, first.end) == pytest.approx((0, 1.9))
    assert (second.start, second.end) == pytest.approx((60, 61.0))


def test_faces_are_counted_apart() -> None:
    looks = [look(t / 10, "happy", face=1) for t in range(10)]
    looks += [look(t / 10, "sad", face=2) for t in range(20)]
    both = session(*looks)
    assert both.faces == [2, 1]
    assert both.shares(1)["happy"] == 1
    assert both.shares(2)["sad"] == 1


def test_the_strongest_moments_leave_out_neutral() -> None:
    looks = [look(t / 10, "neutral") for t in range(10)]
    looks += [look(t / 10, "sad") for t in range(10, 20)]
    (moment,) = session(*looks).strongest()
    assert (moment.emotion, moment.face) == ("sad", 1)
    assert moment.crop is not None


def test_a_face_seen_for_less_than_a_second_is_none() -> None:
    looks = [look(t / 10, "happy", face=1) for t in range(20)]
    looks += [look(t / 10, "sad", face=2) for t in range(5)]
    seen = session(*looks)
    assert seen.faces == [1]
    assert {moment.face for moment in seen.strongest()} == {1}


def test_an_expression_of_a_few_frames_is_a_flash() -> None:
    looks = [
        look(t / 10, "neutral", raw="happy" if t in {20, 21} else "neutral")
        for t in range(40)
    ]
    (flash,) = session(*looks).flashes()
    assert (flash.emotion, flash.start, flash.end) == ("happy", 2.0, pytest.approx(2.2))


def test_an_expression_that_stays_is_no_flash() -> None:
    looks = [look(t / 10, "happy" if t >= 20 else "neutral") for t in range(40)]
    assert session(*looks).flashes() == []


def raws(*said: str) -> list[FaceInFrame]:
    """Ten a second, the face steadily neutral."""
    return [look(t / 10, "neutral", raw=raw) for t, raw in enumerate(said)]


def test_a_single_frame_is_noise_and_neither_flash_nor_end_of_one() -> None:
    calm = ["neutral"] * 10
    assert session(*raws(*calm, "happy", *calm)).flashes() == []
    broken = [*calm, "sad", "happy", "happy", "sad", *calm]
    (flash,) = session(*raws(*broken)).flashes()
    assert flash.emotion == "happy"


def test_what_leads_from_one_expression_to_another_is_no_flash() -> None:
    way = ["neutral"] * 10 + ["happy"] * 2 + ["sad"] * 10
    assert session(*raws(*way)).flashes() == []


def test_neutral_between_two_smiles_is_no_flash() -> None:
    way = ["happy"] * 10 + ["neutral"] * 2 + ["happy"] * 10
    assert session(*raws(*way)).flashes() == []
