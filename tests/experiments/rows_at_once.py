"""A batch's rows as giving, voting and deciding leave them, written at once.

For experiments that look at thousands of gifts and have no use for their pictures.
"""

import random
import secrets
from uuid import uuid4

from django.utils import timezone

from labeling.contributions import consent, holdout
from labeling.models import Contribution, Review, User, Vote
from labeling.voting import votes
from tests.experiments import crowds
from tests.experiments.crowds import Crowd, World
from tests.experiments.held_out_rows import Stock


def give_and_decide(
    world: World,
    stock: Stock,
    crowd: Crowd,
    rows: list[int],
    dice: random.Random,
    *,
    batch: int = 0,
) -> None:
    """What `crowds.give_and_decide` does, one row for each of its steps."""
    givers = crowd.honest + crowd.liars * crowds.FLOOD
    gold = list(Contribution.objects.accepted().filter(agreement=1).order_by("pk"))
    faces, said, reviews = [], [], []
    for row in rows:
        giver, label = dice.choice(givers), stock.labels[row]
        is_liar = giver in crowd.liars
        given = crowds.lie(world, label, dice, batch) if is_liar else label
        cast = crowds.cast(world, crowd, giver, given, label, dice)
        choices = [choice for _voter, choice in cast]
        act, emotion = crowds.outcome(given, choices)
        face = _face(giver, given, emotion, choices)
        crowd.labels[face.pk] = label
        if given != label:
            crowd.lies.add(face.pk)
        faces.append(face)
        reviews.append(_review(face, act, crowd.reviewer))
        said += [Vote(contribution=face, voter=who, choice=what) for who, what in cast]
        for voter, _choice in cast:
            said += _test(crowd, gold, voter, dice)
        if face.agreement == 1:
            gold.append(face)
    Contribution.objects.bulk_create(faces)
    Vote.objects.bulk_create(said, ignore_conflicts=True)  # tested once on each face
    Review.objects.bulk_create(reviews)


def _face(giver: User, given: str, decided: str, choices: list[str]) -> Contribution:
    return Contribution(
        pk=uuid4(),
        emotion=given,
        decided_emotion=decided,
        decided_at=timezone.now(),
        status="accepted" if decided else "rejected",
        giver=giver,
        split=holdout.split_of(giver),
        source=Contribution.Source.IMPORT,
        consent_version=consent.VERSION,
        consent_language="en",
        may_be_seen=True,
        screened_at=timezone.now(),
        vote_count=len(choices),
        agreement=max(map(choices.count, choices)) / len(choices),
        digest_key=secrets.token_bytes(32),
        digest=secrets.token_bytes(32),
    )


def _review(face: Contribution, act: str, by: User) -> Review:
    acts = {"accepted": "accept", "relabelled": "relabel", "rejected": "reject"}
    return Review(
        contribution=face,
        by=by,
        act=acts[act],
        from_status="waiting",
        to_status=face.status,
        from_emotion=face.emotion,
        to_emotion=face.decided_emotion,
    )


def _test(
    crowd: Crowd, gold: list[Contribution], voter: User, dice: random.Random
) -> list[Vote]:
    if dice.random() >= votes.GOLD_SHARE or not gold:
        return []
    face = dice.choice(gold)
    choice = crowds.seen(crowd.labels[face.pk], dice)
    if voter in crowd.lying_voters and face.giver in crowd.liars:
        choice = face.emotion
    answer = face.decided_emotion
    return [Vote(contribution=face, voter=voter, choice=choice, gold_answer=answer)]
