from itertools import combinations

import pytest

from webapp.presenters.box_labels import Box, Label, Words, place

WIDE, HIGH = 1200, 900


def labels(*boxes: Box) -> list[Label]:
    many = len(boxes) > 1
    faces = [
        (box, Words(n if many else None, "😊", "happy 88 %"))
        for n, box in enumerate(boxes, 1)
    ]
    return place(faces, width=WIDE, height=HIGH)


def eyes(box: Box) -> Box:
    """Where a face has them, by YuNet's boxes."""
    x, y, w, h = box
    return x, y + 0.3 * h, w, 0.2 * h


def meet(one: Box, other: Box) -> bool:
    x, y, w, h = one
    a, b, c, d = other
    return x < a + c and a < x + w and y < b + d and b < y + h


def test_one_face_has_emoji_word_and_percentage_above_its_box():
    (label,) = labels((500, 300, 200, 260))
    assert label.words == "😊\ufe0f happy 88 %"
    assert label.box[1] + label.box[3] <= 300


def test_of_several_each_has_its_number():
    assert [
        one.words[0] for one in labels((100, 300, 90, 120), (700, 300, 90, 120))
    ] == [
        "1",
        "2",
    ]


ROW = [(20.0 + 195 * n, 300.0, 150.0, 190.0) for n in range(6)]
CROWD = [
    (x, y, 80.0, 100.0) for y in (40.0, 200.0, 360.0) for x in range(20, 1100, 100)
]


@pytest.mark.parametrize(
    "boxes",
    [
        [(500.0, 0.0, 200.0, 260.0)],
        [(0.0, 0.0, 1200.0, 900.0)],
        [(1100.0, 700.0, 100.0, 200.0)],
        ROW,
        CROWD,
    ],
)
def test_a_label_is_on_the_photo_and_covers_no_eye_of_anybody(boxes: list[Box]):
    found = labels(*boxes)
    assert len(found) == len(boxes)
    for label in found:
        x, y, w, h = label.box
        assert 0 <= x <= x + w <= WIDE + 0.1
        assert 0 <= y <= y + h <= HIGH + 0.1
        assert not any(meet(label.box, eyes(box)) for box in boxes)


def test_six_in_a_row_have_labels_that_do_not_meet():
    found = labels(*ROW)
    assert not any(meet(a.box, b.box) for a, b in combinations(found, 2))


def test_in_a_crowd_number_and_emoji_stay():
    assert labels(*CROWD)[9].words == "10 😊\ufe0f"


def test_in_a_crowd_the_numbers_do_not_hide_one_another():
    found = labels(*CROWD)
    assert not any(meet(a.box, b.box) for a, b in combinations(found, 2))
