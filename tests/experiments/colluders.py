"""How a ring lies: what its givers say, and what its voters say of its faces.

The plain group is what the defence was made against. The others were written after it
stood, by whoever knows how it works (labeling/voting/rings.py, ml/data/collusion.py).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from ml.emotions import EMOTIONS

ONE_CLASS = "angry"
RARELY = 0.2  # a giver who lies one time in five
HALF = 0.5


@dataclass(frozen=True)
class Face:
    """One of the ring's, or of an honest giver's."""

    label: str  # what the data say
    given: str  # what the giver says
    giver: int  # the giver's number among those of his kind


Says = Callable[[str, int, random.Random], str]  # the label, the batch
Votes = Callable[[Face, int, int, str, random.Random], str]  # voter, of how many; sees


@dataclass(frozen=True)
class Ring:
    """A way to lie, in one sentence, and in code."""

    what: str
    says: Says
    votes: Votes
    against: Votes | None = None  # what its voters say of others' faces
    erases: bool = False  # its voters delete their accounts after each batch


def one_class(label: str, batch: int, dice: random.Random) -> str:
    return ONE_CLASS


def any_class(label: str, batch: int, dice: random.Random) -> str:
    return dice.choice(EMOTIONS)


def rarely(says: Says) -> Says:
    return lambda label, batch, dice: (
        says(label, batch, dice) if dice.random() < RARELY else label
    )


def half(says: Says) -> Says:
    return lambda label, batch, dice: (
        says(label, batch, dice) if dice.random() < HALF else label
    )


def later(says: Says) -> Says:
    return lambda label, batch, dice: says(label, batch, dice) if batch else label


def back(face: Face, voter: int, voters: int, sees: str, dice: random.Random) -> str:
    return face.given


def back_half(
    face: Face, voter: int, voters: int, sees: str, dice: random.Random
) -> str:
    return face.given if dice.random() < HALF else sees


def back_own(
    face: Face, voter: int, voters: int, sees: str, dice: random.Random
) -> str:
    return face.given if face.giver % voters == voter else sees


def mislead(face: Face, voter: int, voters: int, sees: str, dice: random.Random) -> str:
    """The same wrong answer of all of them, so that it looks agreed."""
    return EMOTIONS[(EMOTIONS.index(face.label) + 1) % len(EMOTIONS)]


RINGS = {
    "group": Ring("every face is called angry, and backed", one_class, back),
    "fifth": Ring("one lie in five, else honest", rarely(one_class), back),
    "spread": Ring("lies of every class", any_class, back),
    "fifth-spread": Ring("one lie in five, of every class", rarely(any_class), back),
    "aged": Ring("honest for a batch, then the group", later(one_class), back),
    "aged-spread": Ring("honest for a batch, then every class", later(any_class), back),
    "half-backed": Ring(
        "lies of every class, half of them backed", any_class, back_half
    ),
    "cells": Ring(
        "half lies; each voter backs his own givers", half(any_class), back_own
    ),
    "framing": Ring(
        "half lies; honest givers are voted against", half(any_class), back, mislead
    ),
    "erased": Ring(
        "the group; its voters erase their accounts", one_class, back, erases=True
    ),
    "fifth-erased": Ring(
        "one lie in five; its voters erase their accounts",
        rarely(one_class),
        back,
        erases=True,
    ),
}
