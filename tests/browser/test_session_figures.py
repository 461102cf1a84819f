"""What the live view computes, by its own modules, in the browser that runs them."""

from typing import Any

import pytest
from playwright.sync_api import Page

from ml.emotions import EMOTIONS
from ml.video import session_rules

SURE = 0.88


def face(emotion: str, x: float = 100, share: float = SURE) -> dict[str, Any]:
    rest = (1 - share) / (len(EMOTIONS) - 1)
    probabilities = dict.fromkeys(EMOTIONS, rest) | {emotion: share}
    return {
        "box": [x, 100, 80, 100],
        "emotion": emotion,
        "probabilities": probabilities,
    }


@pytest.fixture
def page(visit: Any) -> Page:
    opened: Page = visit("/about/")
    return opened


def tracks(page: Page, looks: list[tuple[float, list[dict[str, Any]]]]) -> Any:
    """After each look: id, expression and smoothed share of every face."""
    return page.evaluate(
        """async ([looks, rules]) => {
          const { Tracks } = await import("/static/js/tracks.js");
          const tracks = new Tracks(rules);
          return looks.map(([time, faces]) => {
            tracks.update(faces, time);
            return tracks.now.map(({ id, emotion, smooth }) => ({
              id, emotion, share: smooth[emotion],
            }));
          });
        }""",
        [looks, session_rules.as_json()],
    )


def summary(page: Page, looks: list[tuple[float, list[dict[str, Any]]]]) -> Any:
    return page.evaluate(
        """async ([looks, emotions, rules]) => {
          const { Tracks } = await import("/static/js/tracks.js");
          const { Session, summarise } = await import("/static/js/session.js");
          const tracks = new Tracks(rules);
          const session = new Session();
          for (const [t, faces] of looks) session.add(tracks.update(faces, t), t);
          return summarise(session, emotions, rules);
        }""",
        [looks, list(EMOTIONS), session_rules.as_json()],
    )


def seconds(
    start: float, end: float, *faces: dict[str, Any]
) -> list[tuple[float, list[dict[str, Any]]]]:
    """Twenty looks a second."""
    return [(start + i / 20, [*faces]) for i in range(round(20 * (end - start)))]


def test_a_face_that_moves_keeps_its_identity(page: Page) -> None:
    looks = [(i / 20, [face("happy", x=100 + 8 * i)]) for i in range(20)]
    assert {track["id"] for seen in tracks(page, looks) for track in seen} == {1}


def test_two_faces_that_are_named_in_another_order_stay_themselves(page: Page) -> None:
    left, right = face("happy", x=0), face("sad", x=300)
    first, second = tracks(page, [(0, [left, right]), (0.05, [right, left])])
    by_id = [
        {track["id"]: track["emotion"] for track in seen} for seen in (first, second)
    ]
    assert by_id[0] == by_id[1]


def test_a_face_that_is_missed_for_a_moment_comes_back_as_itself(page: Page) -> None:
    looks = [(0, [face("happy")]), (0.3, []), (0.6, [face("happy")])]
    assert [[track["id"] for track in seen] for seen in tracks(page, looks)] == [
        [1]
    ] * 3


def test_who_leaves_and_comes_back_is_the_same_where_place_and_look_allow(
    page: Page,
) -> None:
    for back, after, number in (
        (face("happy"), 5.0, 1),  # the same place, and a like look
        (face("happy"), 31.5, 2),  # too long ago
        (face("happy", x=300), 5.0, 2),  # another place
        (face("sad"), 5.0, 2),  # another look
    ):
        looks = [(0, [face("happy")]), (1.1, []), (after, [back])]
        ids = [[track["id"] for track in seen] for seen in tracks(page, looks)]
        assert ids == [[1], [], [number]]


def test_one_odd_look_does_not_change_the_expression(page: Page) -> None:
    looks = [*seconds(0, 1, face("happy")), (1.0, [face("angry")])]
    assert tracks(page, looks)[-1][0]["emotion"] == "happy"


def test_a_lasting_change_takes_over_within_a_second(page: Page) -> None:
    looks = [*seconds(0, 1, face("happy")), *seconds(1, 2, face("angry"))]
    assert tracks(page, looks)[-1][0]["emotion"] == "angry"


def test_two_that_are_nearly_equal_do_not_flicker(page: Page) -> None:
    looks = [(i / 20, [face(("happy", "sad")[i % 2], share=0.5)]) for i in range(60)]
    later = [seen[0]["emotion"] for seen in tracks(page, looks)[20:]]
    assert len(set(later)) == 1


def test_shares_of_time_add_up(page: Page) -> None:
    looks = [*seconds(0, 3, face("happy")), *seconds(3, 6, face("sad"))]
    said = summary(page, looks)
    assert sum(said["shares"].values()) == pytest.approx(1)
    assert said["shares"]["happy"] == pytest.approx(0.5, abs=0.1)
    assert said["seconds"] == pytest.approx(5.95)
    assert said["rate"] == pytest.approx(20, rel=0.02)


def test_time_begins_with_the_first_look(page: Page) -> None:
    looks = [*seconds(7, 9, face("neutral")), *seconds(9, 12, face("happy"))]
    said = summary(page, looks)
    assert said["seconds"] == pytest.approx(4.95)
    assert 2 <= said["moments"][0]["t"] <= 5
    assert said["columns"][0][EMOTIONS.index("neutral")] == 88  # type: ignore[arg-type]


def test_a_pause_is_a_gap_not_an_expression(page: Page) -> None:
    looks = [*seconds(0, 2, face("happy")), *seconds(12, 14, face("happy"))]
    said = summary(page, looks)
    middle = said["columns"][len(said["columns"]) // 2]
    assert middle is None
    assert said["columns"][0][EMOTIONS.index("happy")] == 88  # type: ignore[arg-type]
    assert said["rate"] == pytest.approx(18, abs=2)


def test_people_are_counted_once_they_stay_for_a_second(page: Page) -> None:
    looks = [
        *seconds(0, 2, face("happy", x=0), face("sad", x=300)),
        *seconds(2, 4, face("happy", x=0)),
        (4.0, [face("happy", x=0), face("fear", x=600)]),
        (4.05, [face("happy", x=0)]),
    ]
    assert summary(page, looks)["faces"] == 2


def test_strongest_moments_are_peaks_and_leave_neutral_out(page: Page) -> None:
    looks = [
        *seconds(0, 3, face("neutral")),
        *seconds(3, 6, face("happy")),
        *seconds(6, 9, face("neutral")),
    ]
    (moment,) = summary(page, looks)["moments"]
    assert (moment["face"], moment["emotion"]) == (1, "happy")
    assert 5 < moment["t"] <= 6.5


def test_a_brief_flash_is_a_candidate_and_a_single_look_is_not(page: Page) -> None:
    looks = [
        *seconds(0, 2, face("neutral")),
        *seconds(2, 2.3, face("surprise")),
        *seconds(2.3, 4, face("neutral")),
        (4.0, [face("fear")]),
        *seconds(4.05, 6, face("neutral")),
        *seconds(6, 6.8, face("happy")),
        *seconds(6.8, 8, face("neutral")),
    ]
    (flash,) = summary(page, looks)["flashes"]
    assert (flash["emotion"], flash["ms"]) == ("surprise", 300)
    assert flash["t"] == pytest.approx(2.0)


def test_shares_and_timeline_count_the_same_faces(page: Page) -> None:
    large = face("happy") | {"box": [0, 0, 200, 200]}
    said = summary(page, seconds(0, 3, large, face("sad", x=300)))
    shown = said["columns"][0]
    happy, sad = EMOTIONS.index("happy"), EMOTIONS.index("sad")
    assert said["shares"]["happy"] == said["shares"]["sad"] == pytest.approx(0.5)
    assert shown[happy] == shown[sad]


def test_each_person_has_shares_and_a_timeline_of_their_own(page: Page) -> None:
    both = seconds(0, 2, face("happy", x=0), face("sad", x=300))
    looks = [*both, *seconds(2, 4, face("sad", x=300))]
    first, second = page.evaluate(
        """async ([looks, emotions, rules]) => {
          const { Tracks } = await import("/static/js/tracks.js");
          const { Session, people } = await import("/static/js/session.js");
          const [tracks, session] = [new Tracks(rules), new Session()];
          for (const [t, faces] of looks) session.add(tracks.update(faces, t), t);
          return people(session, emotions, rules);
        }""",
        [looks, list(EMOTIONS), session_rules.as_json()],
    )
    assert first["seconds"] == pytest.approx(4)
    assert first["shares"]["sad"] == second["shares"]["happy"] == 1
    assert second["columns"][0][EMOTIONS.index("happy")] == 88
    assert second["columns"][-1] is None


def test_nothing_seen_is_nothing_said(page: Page) -> None:
    said = summary(page, [(i / 20, []) for i in range(60)])
    assert said["faces"] == 0
    assert set(said["shares"].values()) == {0}
    assert said["moments"] == said["flashes"] == []
