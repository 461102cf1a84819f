"""Who is in league, by the votes alone."""

import numpy as np
import pytest

from ml.data import collusion

K, VOTERS, GIVERS, FACES = 7, 15, 60, 1350


def votes(
    seed: int, *, ring: float = 0.0, hard: float = 0.0, unknown: bool = False
) -> collusion.Votes:
    """A crowd that is right four times in five. Of `hard` faces half of the people see
    another emotion. The first voters and givers are the ring: they lie and back."""
    dice = np.random.default_rng(seed)
    truth, other = dice.integers(0, K, (2, FACES))
    is_hard = dice.random(FACES) < hard
    giver = dice.integers(0, GIVERS, FACES)
    lies = giver < ring * GIVERS
    label = np.where(is_hard & (dice.random(FACES) < 0.3), other, truth)
    label = np.where(lies, dice.integers(0, K, FACES), label)
    voter = np.argsort(dice.random((FACES, VOTERS)), axis=1)[:, :3].ravel()
    face = np.arange(FACES).repeat(3)
    seen = np.where(dice.random(len(face)) < 0.8, truth[face], other[face])
    seen = np.where(is_hard[face] & (dice.random(len(face)) < 0.5), other[face], seen)
    seen = np.where((voter < ring * VOTERS) & lies[face], label[face], seen)
    giver = np.full(FACES, -1) if unknown else giver
    return collusion.Votes(face, voter, seen, label, giver, K)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("hard", [0.0, 0.3])
def test_in_an_honest_crowd_nobody_is_suspected(seed, hard):
    found = collusion.find(votes(seed, hard=hard))
    assert max(found.voters.max(), found.givers.max()) < 0.7


@pytest.mark.parametrize("share", [0.2, 0.4])
def test_a_ring_is_found_whole_and_nobody_else(share):
    found = collusion.find(votes(1, ring=share))
    in_ring = np.arange(VOTERS) < share * VOTERS
    assert ((found.voters > 0.7) == in_ring).all()
    givers = np.arange(GIVERS) < share * GIVERS
    assert (found.givers[givers] > 0.7).mean() > 0.9
    assert (found.givers[~givers] < 0.7).all()


def test_where_most_are_in_league_they_are_the_ordinary_ones():
    found = collusion.find(votes(1, ring=0.8))
    assert (found.voters[:12] < 0.7).all()


def test_without_givers_or_votes_nobody_is_suspected():
    found = collusion.find(votes(1, unknown=True))
    assert (len(found.voters), len(found.givers)) == (VOTERS, 0)
    nothing = np.zeros(0, np.int64)
    empty = collusion.Votes(nothing, nothing, nothing, nothing, nothing, K)
    assert len(collusion.find(empty).voters) == 0
