"""Where a face's words stand on the photo: beside its box, over nobody's eyes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]  # x, y, w, h

# Shares of the photo, so that letters are 12 px high on a phone.
OF_WIDTH, OF_HEIGHT = 1 / 30, 1 / 32
OF_BOX = 0.1  # of the box's width: what is large gets larger letters
LARGEST = 1.5  # times the smallest
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
        return " ".join(filter(None, (number, self.emoji, self.rest)))

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
    """A label for each face, in full where there is room, else number and emoji."""
    eyes = [_eyes(box) for box, _ in faces]
    placed: list[Label] = []
    for box, words in faces:
        others = eyes + [label.box for label in placed]
        places = list(_places(box, words, width, height))
        free = (one for one in places if not any(_meet(one.box, o) for o in others))
        last = (one for one in places if not any(_meet(one.box, e) for e in eyes))
        placed.append(next(free, None) or next(last, places[-1]))
    return placed


def _places(box: Box, words: Words, width: int, height: int) -> Iterator[Label]:
    """Above the box, below it, on its chin; the best first."""
    x, y, w, h = box
    least = max(width * OF_WIDTH, height * OF_HEIGHT)
    size = round(min(max(least, OF_BOX * w), LARGEST * least), 1)
    high, gap = LINE * size, 0.25 * size
    for said in (words, words.short):
        wide = min(said.width(size), width)
        left = min(max(0.0, x + w / 2 - wide / 2), width - wide)
        for top in (y - gap - high, y + h + gap, y + h - high):
            if 0 <= top <= height - high:
                spot = (round(left, 1), round(top, 1), round(wide, 1), round(high, 1))
                yield Label(spot, size, str(said))
    spot = (round(left, 1), max(0.0, round(height - high, 1)), wide, round(high, 1))
    yield Label(spot, size, str(words.short))


def _eyes(box: Box) -> Box:
    x, y, w, h = box
    return x, y + EYES[0] * h, w, (EYES[1] - EYES[0]) * h


def _meet(one: Box, other: Box) -> bool:
    x, y, w, h = one
    a, b, c, d = other
    return x < a + c and a < x + w and y < b + d and b < y + h
