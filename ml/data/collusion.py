"""Voters who keep backing a giver where nobody else does.

What a face shows is not known, so truth and skill are judged together, as Dawid and
Skene (1979) do, by expectation maximisation; here one thing more is hidden: whether a
voter is independent of a giver. An accomplice gives himself away only where the others
say that a label is wrong. Only votes and givers' labels are looked at, never a picture.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, logit

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Mask = NDArray[np.bool_]

ROUNDS = 15
RIGHT, SEEN = 4.0, 5.0  # a stranger is taken to be right four times in five
LEAST_RIGHT, MOST_RIGHT = 0.4, 0.98
PAIR, PAIRS_SEEN = 0.1, 5.0  # of somebody's pairs in league, before any is known
IN_RING = 0.05  # of all people, before anything is known
BACKS = 0.7  # an accomplice backs a wrong label so often, or oftener by chance
CHANCE, CHANCE_SEEN = 0.03, 5.0  # that an independent voter does, before anything
MOST_CHANCE = 0.4
MOST_GAIN = 6.0  # log-odds that what else is known of one of the two can add to a pair


@dataclass(frozen=True)
class Votes:
    """n votes on m faces. Voters and givers are numbered from 0."""

    face: Ints  # [n], 0 to m - 1
    voter: Ints  # [n]
    choice: Ints  # [n], 0 to classes - 1 an emotion, from there on another answer
    label: Ints  # [m], 0 to classes - 1: what the giver says
    giver: Ints  # [m]; -1: nobody who could be told from others
    classes: int


@dataclass(frozen=True)
class Suspicion:
    """How sure it is, 0 to 1, that somebody belongs to a ring."""

    voters: Reals  # [v]
    givers: Reals  # [g]


def find(votes: Votes) -> Suspicion:
    """Nobody is suspected for what the ordinary voter or giver does too: where more
    than half are in league, they are the ordinary ones, and it finds nothing."""
    if not len(votes.face) or votes.giver.max() < 0:
        givers = max(0, int(votes.giver.max(initial=-1)) + 1)
        voters = int(votes.voter.max(initial=-1)) + 1
        return Suspicion(np.zeros(voters), np.zeros(givers))
    estimate = _Estimate(votes)
    for _ in range(ROUNDS):
        estimate.improve()
    return Suspicion(estimate.in_ring_voters, estimate.in_ring_givers)


class _Estimate:
    """What is believed so far. A pair is a voter and a giver who met."""

    def __init__(self, votes: Votes) -> None:
        self.votes, self.k = votes, votes.classes
        self.label, self.giver = votes.label[votes.face], votes.giver[votes.face]
        self.voters, self.givers = int(votes.voter.max()) + 1, int(self.giver.max()) + 1
        self.backs: Mask = votes.choice == self.label
        self.paired = np.flatnonzero(self.giver >= 0)
        keys = votes.voter[self.paired] * self.givers + self.giver[self.paired]
        pairs, self.pair = np.unique(keys, return_inverse=True)
        self.pair_voter, self.pair_giver = np.divmod(pairs, self.givers)
        self.in_league = np.zeros(len(pairs))  # each pair, whatever the giver's rest
        self.in_ring_voters, self.in_ring_givers = (
            np.full(people, IN_RING) for people in (self.voters, self.givers)
        )
        self.share_voters = np.full(self.voters, PAIR)  # of one's pairs in league
        self.share_givers = np.full(self.givers, PAIR)
        self.right = np.full(self.voters, RIGHT / SEEN)
        self.honest = np.full(self.givers + 1, RIGHT / SEEN)  # the last: all unknown
        self.chance = CHANCE
        answers = max(self.k, int(votes.choice.max()) + 1)
        self.mistakes = np.full((self.k, answers), 1 / (answers - 1))

    def improve(self) -> None:
        alone = self._said_alone()
        truth, by_others = self._truth(alone)
        wrong = 1 - truth[np.arange(len(truth)), self.votes.label][self.votes.face]
        self._judge_pairs(self._evidence(alone, by_others))
        self._judge_people(truth, by_others)
        self._judge_chance(wrong)

    def _said_alone(self) -> Reals:
        """[n, k] how likely each vote is of an independent voter, were k the truth."""
        right, choice = self.right[self.votes.voter], self.votes.choice
        said = (1 - right)[:, None] * self.mistakes[:, choice].T
        rows = np.flatnonzero(choice < self.k)
        said[rows, choice[rows]] = right[rows]
        backing = self.backs[:, None]
        if_wrong = np.where(backing, self.chance, (1 - self.chance) * said)
        return np.where(np.arange(self.k) != self.label[:, None], if_wrong, said)

    def _truth(self, alone: Reals) -> tuple[Reals, Reals]:
        """[m, k] what each face shows, and [n, k] that without each of its votes. What
        an accomplice backs, he would back whatever it shows."""
        league = self._league[:, None]
        heard = np.log((1 - league) * alone + league * self.backs[:, None] + 1e-9)
        logs = self._log_given()
        for emotion in range(self.k):
            logs[:, emotion] += np.bincount(
                self.votes.face, heard[:, emotion], len(logs)
            )
        without = logs[self.votes.face] - heard
        return np.exp(log_softmax(logs, 1)), np.exp(log_softmax(without, 1))

    def _log_given(self) -> Reals:
        """[m, k] what the givers' word alone says."""
        honest = self.honest[self.votes.giver][:, None]
        is_label = np.arange(self.k) == self.votes.label[:, None]
        return np.log(np.where(is_label, honest, (1 - honest) / (self.k - 1)))

    @property
    def _league(self) -> Reals:
        """[n] how sure it is that a vote is an accomplice's."""
        found = np.zeros(len(self.label))
        found[self.paired] = self.in_league[self.pair]
        return found

    def _evidence(self, alone: Reals, by_others: Reals) -> Reals:
        """[pairs] log-likelihood of a league over none. The two differ in what the
        voter says where the label is wrong, and only there."""
        rows = np.arange(len(self.label))
        if_right = by_others[rows, self.label] * alone[rows, self.label]
        if_wrong = (by_others * alone).sum(1) - if_right
        backs = BACKS + (1 - BACKS) * self.chance
        ratio = np.where(
            self.backs, backs / self.chance, (1 - backs) / (1 - self.chance)
        )
        gain = np.log((if_right + if_wrong * ratio) / (if_right + if_wrong))
        summed = np.bincount(self.pair, gain[self.paired], len(self.in_league))
        return np.asarray(summed, np.float64)

    def _judge_pairs(self, evidence: Reals) -> None:
        v, g = self.pair_voter, self.pair_giver
        self.share_voters = _shares(self.share_voters, evidence, v)
        self.share_givers = _shares(self.share_givers, evidence, g)
        of_voter, of_giver = self.share_voters[v], self.share_givers[g]
        self.in_ring_voters = _in_ring(of_giver, evidence, v, self.voters)
        self.in_ring_givers = _in_ring(of_voter, evidence, g, self.givers)
        gains = _gain(of_voter) + _gain(of_giver)
        of_pair = expit(logit(PAIR) + gains + evidence)
        self.in_league = of_pair * self.in_ring_voters[v]

    def _judge_people(self, truth: Reals, by_others: Reals) -> None:
        """How often voters are right on their own, what they mistake for what, and how
        often givers are."""
        own, choice, voter = 1 - self._league, self.votes.choice, self.votes.voter
        is_emotion = choice < self.k
        said = np.minimum(choice, self.k - 1)
        hit = np.where(is_emotion, by_others[np.arange(len(said)), said], 0)
        hits = np.bincount(voter, own * hit, self.voters)
        seen = np.bincount(voter, own, self.voters)
        right = (hits + RIGHT) / (seen + SEEN)
        self.right = np.clip(right, LEAST_RIGHT, MOST_RIGHT)
        counts = np.ones_like(self.mistakes)
        np.add.at(counts.T, choice, own[:, None] * by_others)
        np.fill_diagonal(counts, 0)
        self.mistakes = counts / counts.sum(1, keepdims=True)
        of = np.where(self.votes.giver < 0, self.givers, self.votes.giver)
        is_right = truth[np.arange(len(truth)), self.votes.label]
        right = np.bincount(of, is_right, self.givers + 1) + RIGHT
        self.honest = right / (np.bincount(of, minlength=self.givers + 1) + SEEN)

    def _judge_chance(self, wrong: Reals) -> None:
        """How often the ordinary voter backs a wrong label: the median of all votes on
        such, so that a ring below half of them does not make itself ordinary."""
        met = np.bincount(self.votes.voter, wrong, self.voters)
        backed = np.bincount(self.votes.voter, wrong * self.backs, self.voters)
        rate = (backed + CHANCE * CHANCE_SEEN) / (met + CHANCE_SEEN)
        order = np.argsort(rate)
        half = np.searchsorted(met[order].cumsum(), met.sum() / 2)
        ordinary = rate[order][min(int(half), len(rate) - 1)]
        self.chance = min(MOST_CHANCE, float(ordinary))


def _shares(share: Reals, evidence: Reals, who: Ints) -> Reals:
    """Of everybody's pairs the share in league, by those pairs' own evidence."""
    pairs = np.bincount(who, minlength=len(share))
    for _ in range(5):
        found = np.bincount(who, expit(logit(share)[who] + evidence), len(share))
        share = (PAIRS_SEEN * PAIR + found) / (PAIRS_SEEN + pairs)
    return share


def _in_ring(share: Reals, evidence: Reals, who: Ints, people: int) -> Reals:
    """[people] by all of one's pairs together. `share` [pairs]: how much of what the
    other of each pair does is in league."""
    each = np.logaddexp(np.log1p(-share), np.log(share) + evidence)
    odds = np.bincount(who, each, people)
    ordinary = max(0.0, float(np.median(odds)))
    return np.asarray(expit(logit(IN_RING) + odds - ordinary))


def _gain(share: Reals) -> Reals:
    gain = np.clip(logit(share) - logit(PAIR), 0, MOST_GAIN)
    return np.asarray(gain)
