"""Does it learn? A crowd played with faces that are really labelled.

Part of FER-2013's Training rows is kept from a base model and given by made-up givers
through the doors that everybody uses: offer, vote, review, snapshot, training, exam.
Some givers lie. One world is one database; `simulate_crowd.py` makes them.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from unittest import mock
from uuid import UUID

import numpy as np
from django.db.models import F, Q, QuerySet, Sum
from django.test import override_settings
from numpy.typing import NDArray

from labeling.contributions import consent, offers
from labeling.datasets import label_noise
from labeling.errors import Refused
from labeling.models import (
    Contribution,
    ModelVersion,
    Promotion,
    SnapshotRow,
    TrainingRun,
    User,
    Vote,
)
from labeling.registry import model_versions
from labeling.review import decisions
from labeling.training import training_runs
from labeling.voting import votes
from ml.emotions import EMOTIONS
from ml.vision import decode
from tests.experiments import colluders
from tests.experiments.colluders import RINGS
from tests.experiments.held_out_rows import Stock
from tests.experiments.private_test import Private
from workers.retrain import trainer

SHIPPED = 0  # the seed of the world that begins with models/base
POISONS = ("none", "random", "pair", "group")  # and those of `colluders.RINGS`
# Defences of the snapshot: left out by a setting, so one crowd serves for all of them.
OFF: dict[str, dict[str, int]] = {
    "": {},
    "caps": {"CAP_PERCENT": 100},
    "record": {"RECORD_PERCENT": 100},
    "doubts": {"DOUBT_PERCENT": 100},
}
PAIR = {"happy": "sad", "sad": "happy"}  # one pair of classes, flipped
GIVERS = 60
VOTERS = 15
VOTES_A_FACE = 3
FLOOD = 3  # a liar gives so many times what an honest giver gives
AGREEMENT = 0.6  # the reviewer's rule: so much of the votes decides
EXPERT = 0.8  # how often an honest voter sees the data's label


@dataclass(frozen=True)
class World:
    """One row of the experiment."""

    seed: int = 1
    poison: str = "none"
    share: float = 0.0  # of the givers lie
    without_votes: bool = False  # a reviewer who believes every giver
    without: tuple[str, ...] = ("",)  # of `OFF`: one champion each
    leaving: int = 0  # honest voters who delete their accounts after each batch
    faces: int = 450  # a batch
    batches: int = 3

    @property
    def name(self) -> str:
        if self.seed == SHIPPED:
            return "shipped"
        lies = f"-{self.poison}{self.share:.0%}".replace("%", "") if self.share else ""
        left = f"-leaving{self.leaving}" if self.leaving else ""
        return f"s{self.seed}{lies}{left}{'-no-votes' * self.without_votes}"


@dataclass
class Crowd:
    honest: list[User]
    liars: list[User]
    voters: list[User]
    lying_voters: list[User]
    reviewer: User
    lies: set[UUID] = field(default_factory=set)
    labels: dict[UUID, str] = field(default_factory=dict)  # what the data say


def play(
    world: World,
    stock: Stock,
    recipe: dict[str, Any],
    *,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Batch after batch: what was given, and what every champion made of it.
    `recipe`: preset and options of each training.

    Where defences of the snapshot are left out, the same gifts train once more after
    the last batch for each of them, against the first champion.
    """
    dice = random.Random(world.seed)
    crowd = gather(world)
    order = list(range(len(stock.labels)))
    dice.shuffle(order)
    first = model_versions.current()
    assert first is not None
    private = Private()
    lines = {name: [{"champion": private.measured(first)}] for name in world.without}
    holders = dict.fromkeys(world.without, first)
    given = []
    for number in range(world.batches):
        rows = order[number * world.faces : (number + 1) * world.faces]
        given.append(give_and_decide(world, stock, crowd, rows, dice, batch=number))
        tell(f"{world.name}: batch {number + 1} {dict(given[-1])}")
        is_last = number == world.batches - 1
        for name in world.without:
            if name and not is_last:
                continue
            with override_settings(**OFF[name]):
                step = learn(crowd, recipe, holders[name], private)
            holders[name] = model_versions.current() or first
            lines[name].append(step)
            tell(f"{world.name}, without {name or 'nothing'}: {step['message']}")
    return {"given": given, "lines": lines}


def gather(world: World) -> Crowd:
    def people(kind: str, count: int) -> list[User]:
        return [person(f"{kind}{n}") for n in range(count)]

    liars = round(world.share * GIVERS)
    lying = round(world.share * VOTERS) if world.poison in RINGS else 0
    return Crowd(
        honest=people("giver", GIVERS - liars),
        liars=people("liar", liars),
        voters=people("voter", VOTERS - lying),
        lying_voters=people("accomplice", lying),
        reviewer=people("reviewer", 1)[0],
    )


def person(name: str) -> User:
    return User.objects.create_user(name, f"{name}@crowd.invalid")


def give_and_decide(
    world: World,
    stock: Stock,
    crowd: Crowd,
    rows: list[int],
    dice: random.Random,
    *,
    batch: int = 0,
) -> Counter[str]:
    counts: Counter[str] = Counter()
    givers = crowd.honest + crowd.liars * FLOOD
    for row in rows:
        giver = dice.choice(givers)
        is_lie = giver in crowd.liars
        label = stock.labels[row]
        said = lie(world, label, dice, batch) if is_lie else label
        try:
            face = offer(stock.pixels[row], said, giver)
        except Refused as refusal:
            counts[f"refused: {refusal.code}"] += 1
            continue
        crowd.labels[face.pk] = label
        if said != label:
            crowd.lies.add(face.pk)
            counts["lies given"] += 1
        act = decide(world, crowd, face, label, dice)
        counts[f"lies {act}" if face.pk in crowd.lies else act] += 1
    return counts


def offer(pixels: NDArray[np.uint8], emotion: str, giver: User) -> Contribution:
    rgb = np.repeat(pixels[..., None], 3, axis=2)
    offered = offers.offer(
        decode.encode_jpeg(rgb, quality=95),
        emotion,
        by=giver,
        consent=consent.for_import(may_be_seen=True),
        claim=None,
        source=Contribution.Source.IMPORT,
        source_name="simulated crowd",
        consent_basis="FER-2013, played by simulate_crowd",
    )
    return offered.contribution


def lie(world: World, label: str, dice: random.Random, batch: int = 0) -> str:
    if world.poison == "pair":
        return PAIR.get(label, label)
    if world.poison in RINGS:
        return RINGS[world.poison].says(label, batch, dice)
    return dice.choice(EMOTIONS)


def decide(
    world: World,
    crowd: Crowd,
    face: Contribution,
    label: str,
    dice: random.Random,
) -> str:
    """Votes, then a reviewer who goes by rule: what most voters say stands."""
    if world.without_votes:
        decisions.accept(face, by=crowd.reviewer)
        return "accepted"
    decisions.screen(face, by=crowd.reviewer)
    assert face.giver is not None
    said = cast(world, crowd, face.giver, face.emotion, label, dice)
    for voter, choice in said:
        votes.cast(face, choice, by=voter)
        test(crowd, voter, dice)
    act, emotion = outcome(face.emotion, [choice for _voter, choice in said])
    match act:
        case "rejected":
            decisions.reject(face, by=crowd.reviewer, reason="not_clear")
        case "relabelled":
            decisions.relabel(face, emotion, by=crowd.reviewer)
        case _accepted:
            decisions.accept(face, by=crowd.reviewer)
    return act


def cast(
    world: World, crowd: Crowd, giver: User, given: str, label: str, dice: random.Random
) -> list[tuple[User, str]]:
    """Who votes on a face, and what."""
    everybody = crowd.voters + crowd.lying_voters
    said = []
    for voter in dice.sample(everybody, VOTES_A_FACE):
        choice = seen(label, dice)
        if voter in crowd.lying_voters:
            face = (giver, given, label)
            choice = accomplice(world, crowd, face, voter, choice, dice)
        said.append((voter, choice))
    return said


def outcome(given: str, choices: list[str]) -> tuple[str, str]:
    """What a reviewer makes of it who goes by rule: act, and emotion."""
    top, count = Counter(choices).most_common(1)[0]
    if count < AGREEMENT * VOTES_A_FACE:
        return "rejected", ""
    return ("accepted" if top == given else "relabelled"), top


def accomplice(
    world: World,
    crowd: Crowd,
    face: tuple[User, str, str],
    voter: User,
    sees: str,
    dice: random.Random,
) -> str:
    """What a voter of the ring says, by the ring's plan."""
    giver, given, label = face
    ring = RINGS[world.poison]
    is_ours = giver in crowd.liars
    plan = ring.votes if is_ours else ring.against
    if plan is None:
        return sees
    number = (crowd.liars if is_ours else crowd.honest).index(giver)
    place = crowd.lying_voters.index(voter)
    one = colluders.Face(label, given, number)
    return plan(one, place, len(crowd.lying_voters), sees, dice)


def test(crowd: Crowd, voter: User, dice: random.Random) -> None:
    """Now and then a face whose answer is known is shown. A ring knows its own."""
    if dice.random() >= votes.GOLD_SHARE:
        return
    with mock.patch.object(votes, "GOLD_SHARE", 1):
        face = votes.next_face(by=voter)
    if face is None or face.vote_count < votes.GOLD_VOTES:
        return
    choice = seen(crowd.labels[face.pk], dice)
    if voter in crowd.lying_voters and face.giver in crowd.liars:
        choice = face.emotion
    votes.cast(face, choice, by=voter)


def seen(label: str, dice: random.Random) -> str:
    """What an honest voter says: mostly the data's label, else anything."""
    return label if dice.random() < EXPERT else str(dice.choice(EMOTIONS))


def learn(
    crowd: Crowd, recipe: dict[str, Any], holder: ModelVersion, private: Private
) -> dict[str, Any]:
    """Retrain against this line's champion, and see what came of it."""
    now = model_versions.current()
    if now and now.pk != holder.pk:
        kind = Promotion.Kind.OVERRIDE
        model_versions.promote(holder, kind=kind, reason="the next line's turn")
    run = training_runs.request(**recipe)
    trainer.retrain(run.pk)
    run.refresh_from_db()
    version = ModelVersion.objects.filter(run=run).first()
    if version is None:
        raise RuntimeError(f"{run.status}: {run.message}\n{run.log}")
    return {
        "outcome": run.exam.outcome,
        "message": run.message,
        "challenger": private.measured(version),
        "champion": private.measured(model_versions.current() or holder),
    } | got_in(crowd, run)


def got_in(crowd: Crowd, run: TrainingRun) -> dict[str, Any]:
    """How much of the snapshot was lies; those relabelled are lies no more."""
    rows = SnapshotRow.objects.filter(snapshot__run=run, split="train")
    lies = rows.filter(contribution_id__in=in_force(crowd))
    doubted = {pk for part in label_noise.find(lambda: None) for pk in part}
    return {
        "rows": rows.count(),
        "weight": _sum(rows),
        "lies": lies.count(),
        "lies_weight": _sum(lies),
        "doubted": rows.filter(contribution_id__in=doubted).count(),
        "counted_less": run.snapshot.manifest["doubted_labels"],
        "lies_doubted": lies.filter(contribution_id__in=doubted).count(),
    }


def in_force(crowd: Crowd) -> set[UUID]:
    """Lies that stand: as a giver told them, or as a ring's voters made them."""
    told = Contribution.objects.filter(pk__in=crowd.lies)
    found = set(told.exclude(reviews__act="relabel").values_list("pk", flat=True))
    if not crowd.lying_voters:
        return found
    theirs = Q(voter__in=crowd.lying_voters) | Q(voter_left=True)
    made = Vote.objects.filter(
        theirs, gold_answer="", choice=F("contribution__decided_emotion")
    )
    said = made.values_list("contribution", "choice")
    return found | {face for face, choice in said if choice != crowd.labels[face]}


def _sum(rows: QuerySet[SnapshotRow]) -> float:
    return rows.aggregate(weight=Sum("weight"))["weight"] or 0.0


def as_json(world: World) -> dict[str, Any]:
    return asdict(world) | {"name": world.name}
