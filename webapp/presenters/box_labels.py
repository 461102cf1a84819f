"""Where a face's words stand on the photo: beside its box, over nobody's eyes."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]  # x, y, w, h

IN_COLOUR = "\ufe0f"  # or a text font's own black emoji may come

# Shares of the photo, so that letters are 12 px high on a phone.
OF_WIDTH, OF_HEIGHT = 1 / 30, 1 / 32
OF_BOX = 0.1  # of the box's width: what is large gets larger letters
LARGEST = 1.5  # times the smallest
SMALLER = 0.65  # in a crowd; the strip below repeats its numbers
LETTER, EMOJI, LINE = 0.56, 1.3, 1.6  # of the size of the letters, generously
EYES = (0.18, 0.58)  # where the eyes are in a box, from its top


@dataclass(frozen=True)
class Words:
    number: int | None  # of a face among several
    emoji: str
    rest: str  # word and percentage

    @property
    def short(self) -> "Words":
        return Words(self.number, self.emoji, "")

    def __str__(self) -> str:
        number = "" if self.number is None else str(self.number)
        emoji = f"{self.emoji}{IN_COLOUR}"
        return " ".join(filter(None, (number, emoji, self.rest)))

    def width(self, size: float) -> float:
        return (LETTER * len(str(self)) + EMOJI) * size


@dataclass(frozen=True)
class Label:
    """In pixels of the upright photo."""

    box: Box
    size: float  # of the letters
    words: str

    @property
    def middle(self) -> tuple[float, float]:
        x, y, w, h = self.box
        return round(x + w / 2, 1), round(y + h / 2, 1)


def place(
    faces: Sequence[tuple[Box, Words]], *, width: int, height: int
) -> list[Label]:
    """A label for each face: in full if all find room, else number and emoji alone, in
    a crowd in smaller letters too. Over nobody's eyes, if there is any other place."""
    photo = width, height
    short = [(box, words.short) for box, words in faces]
    eyes = [_eyes(box) for box, _ in faces]
    for said, scale in ((faces, 1.0), (short, 1.0), (short, SMALLER)):
        labels = _apart(said, eyes, photo, scale)
        if labels:
            return labels
    tried = [_places(box, words, photo, SMALLER) for box, words in short]
    return [
        next((p for p in all_ if not _meets(p.box, eyes)), all_[0]) for all_ in tried
    ]


def _apart(
    faces: Sequence[tuple[Box, Words]],
    eyes: list[Box],
    photo: tuple[int, int],
    scale: float,
) -> list[Label] | None:
    """Labels of which none meets another or anybody's eyes."""
    labels: list[Label] = []
    for box, words in faces:
        taken = eyes + [label.box for label in labels]
        places = _places(box, words, photo, scale)
        free = next((one for one in places if not _meets(one.box, taken)), None)
        if free is None:
            return None
        labels.append(free)
    return labels


def _places(
    box: Box, words: Words, photo: tuple[int, int], scale: float
) -> list[Label]:
    """Above the box, below it, on its chin; the best first."""
    x, y, w, h = box
    width, height = photo
    least = scale * max(width * OF_WIDTH, height * OF_HEIGHT)
    size = round(min(max(least, OF_BOX * w), LARGEST * least), 1)
    wide, high, gap = min(words.width(size), width), LINE * size, 0.25 * size
    lefts = (x + w / 2 - wide / 2, x, x + w - wide)
    tops = (y - gap - high, y + h + gap, y + h - high)
    return [
        Label(_inside((left, top, wide, high), width, height), size, str(words))
        for top, left in itertools.product(tops, lefts)
        if 0 <= top <= height - high
    ] or [Label(_inside((x, y + h, wide, high), width, height), size, str(words))]


def _inside(box: Box, width: int, height: int) -> Box:
    x, y, w, h = box
    left, top = max(0.0, min(x, width - w)), max(0.0, min(y, height - h))
    return round(left, 1), round(top, 1), round(w, 1), round(h, 1)


def _eyes(box: Box) -> Box:
    x, y, w, h = box
    return x, y + EYES[0] * h, w, (EYES[1] - EYES[0]) * h


def _meets(one: Box, others: Iterable[Box]) -> bool:
    x, y, w, h = one
    return any(
        x < a + c and a < x + w and y < b + d and b < y + h for a, b, c, d in others
    )


def for_scripts() -> dict[str, object]:
    """The same measures, for a browser that looks by itself
    (static/js/on_device/labels.js)."""
    return {
        "of_width": OF_WIDTH,
        "of_height": OF_HEIGHT,
        "of_box": OF_BOX,
        "largest": LARGEST,
        "smaller": SMALLER,
        "letter": LETTER,
        "emoji": EMOJI,
        "line": LINE,
        "eyes": EYES,
        "in_colour": IN_COLOUR,
    }
