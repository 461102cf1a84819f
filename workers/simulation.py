"""Does it learn? A crowd played with faces that are really labelled.

Part of FER-2013's Training rows is kept from a base model and given by made-up givers
through the doors that everybody uses: offer, vote, review, snapshot, training, exam.
Some givers lie. One world is one database; `manage.py simulate_crowd` makes them.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from labeling import (
    champions,
    consent,
    contributions,
    reviews,
    training,
    votes,
    weighing,
)
from labeling.errors import Refused
from labeling.models import Contribution, ModelVersion, SnapshotRow, User
from ml import fer2013, ferplus, images
from ml.emotions import EMOTIONS
from workers import child, trainer

POISONS = ("none", "random", "pair", "group")
DEFENCES = ("votes", "caps", "record")
PAIR = {"happy": "sad", "sad": "happy"}  # one pair of classes, flipped
GROUP_SAYS = "angry"  # whatever it is, the colluding group calls it so
GIVERS = 60
VOTERS = 15
VOTES_A_FACE = 3
FLOOD = 3  # a liar gives so many times what an honest giver gives
AGREEMENT = 0.6  # the reviewer's rule: so much of the votes decides
EXPERT = 0.8  # without FER+: how often an honest voter names the data's label


@dataclass(frozen=True)
class World:
    """One row of the experiment."""

    seed: int = 1
    poison: str = "none"
    share: float = 0.0  # of the givers lie
    without: str = ""  # the defence that is left out
    faces: int = 1500  # a batch
    batches: int = 3

    @property
    def name(self) -> str:
        lies = f"-{self.poison}{self.share:.0%}".replace("%", "") if self.share else ""
        return f"s{self.seed}{lies}{'-no-' + self.without if self.without else ''}"


@dataclass(frozen=True)
class Supply:
    """The rows kept from the base model, and how people see them."""

    pixels: NDArray[np.uint8]  # [n, 48, 48]
    labels: list[str]
    votes: NDArray[np.float32] | None  # [n, 7], FER+


@dataclass
class Crowd:
    honest: list[User]
    liars: list[User]
    voters: list[User]
    lying_voters: list[User]
    reviewer: User
    lies: set[UUID] = field(default_factory=set)


def keep_back(source: Path, target: Path, *, share: float, seed: int) -> list[int]:
    """Write FER-2013 with a share of its Training rows blanked, as cleaning drops
    blank ones; returns their numbers. The other rows keep their places."""
    data = fer2013.read(source)
    training_rows = np.flatnonzero(data.usage == fer2013.TRAINING)
    dice = np.random.default_rng(seed)
    kept = dice.permutation(training_rows)[: int(share * len(training_rows))]
    pixels = data.pixels.copy()
    pixels[kept] = 0
    usages = {number: name.decode() for name, number in fer2013.USAGES.items()}
    with target.open("w") as file:
        file.write("emotion,pixels,Usage\n")
        for face, label, usage in zip(pixels, data.labels, data.usage, strict=True):
            line = " ".join(map(str, face.ravel()))
            file.write(f"{label},{line},{usages[int(usage)]}\n")
    return [int(row) for row in kept]


def supply(source: Path, votes_from: Path | None, rows: list[int]) -> Supply:
    data = fer2013.read(source)
    said = None
    if votes_from:
        said = ferplus.read(votes_from, data.usage).soft()[rows, : len(EMOTIONS)]
    labels = [str(EMOTIONS[int(data.labels[row])]) for row in rows]
    return Supply(data.pixels[rows], labels, said)


def play(
    world: World,
    stock: Supply,
    options: dict[str, Any],
    *,
    tell: Callable[[str], None],
) -> Iterator[dict[str, Any]]:
    """Batch after batch; what came of each."""
    if world.without == "record":
        weighing.RECORD_PRIOR = 1e9  # everybody's record is perfect
    dice = random.Random(world.seed)  # noqa: S311 (an experiment is repeatable)
    crowd = gather(world)
    order = list(range(len(stock.labels)))
    dice.shuffle(order)
    yield {"batch": 0, "champion": measured(champions.current())}
    for number in range(world.batches):
        rows = order[number * world.faces : (number + 1) * world.faces]
        counts = give_and_decide(world, stock, crowd, rows, dice)
        tell(f"{world.name}: batch {number + 1} {dict(counts)}")
        yield {"batch": number + 1, "counts": counts} | learn(crowd, options)


def gather(world: World) -> Crowd:
    def people(kind: str, count: int) -> list[User]:
        return [
            User.objects.create_user(f"{kind}{n}", f"{kind}{n}@crowd.invalid")
            for n in range(count)
        ]

    liars = round(world.share * GIVERS)
    lying = round(world.share * VOTERS) if world.poison == "group" else 0
    return Crowd(
        honest=people("giver", GIVERS - liars),
        liars=people("liar", liars),
        voters=people("voter", VOTERS - lying),
        lying_voters=people("accomplice", lying),
        reviewer=people("reviewer", 1)[0],
    )


def give_and_decide(
    world: World, stock: Supply, crowd: Crowd, rows: list[int], dice: random.Random
) -> Counter[str]:
    counts: Counter[str] = Counter()
    givers = crowd.honest + crowd.liars * FLOOD
    for row in rows:
        giver = dice.choice(givers)
        is_lie = giver in crowd.liars
        said = lie(world, stock.labels[row], dice) if is_lie else stock.labels[row]
        try:
            face = offer(stock.pixels[row], said, giver)
        except Refused as refusal:
            counts[f"refused: {refusal.code}"] += 1
            continue
        if is_lie and said != stock.labels[row]:
            crowd.lies.add(face.pk)
        truth = None if stock.votes is None else stock.votes[row]
        act = decide(world, crowd, face, stock.labels[row], truth, dice)
        counts[f"lies {act}" if face.pk in crowd.lies else act] += 1
    return counts


def offer(pixels: NDArray[np.uint8], emotion: str, giver: User) -> Contribution:
    rgb = np.repeat(pixels[..., None], 3, axis=2)
    offered = contributions.offer(
        images.encode_jpeg(rgb, quality=95),
        emotion,
        by=giver,
        consent=consent.for_import(may_be_seen=True),
        claim=None,
        source=Contribution.Source.IMPORT,
        source_name="simulated crowd",
        consent_basis="FER-2013, played by simulate_crowd",
    )
    return offered.contribution


def lie(world: World, label: str, dice: random.Random) -> str:
    if world.poison == "pair":
        return PAIR.get(label, label)
    if world.poison == "group":
        return GROUP_SAYS
    return dice.choice(EMOTIONS)


def decide(
    world: World,
    crowd: Crowd,
    face: Contribution,
    label: str,
    truth: NDArray[np.float32] | None,
    dice: random.Random,
) -> str:
    """Votes, then a reviewer who goes by rule: what most voters say stands."""
    if world.without == "votes":
        reviews.accept(face, by=crowd.reviewer)
        return "accepted"
    reviews.screen(face, by=crowd.reviewer)
    everybody = crowd.voters + crowd.lying_voters
    said: Counter[str] = Counter()
    for voter in dice.sample(everybody, VOTES_A_FACE):
        choice = seen(label, truth, dice)
        if voter in crowd.lying_voters and face.giver in crowd.liars:
            choice = face.emotion
        votes.cast(face, choice, by=voter)
        said[choice] += 1
    top, count = said.most_common(1)[0]
    if count < AGREEMENT * VOTES_A_FACE:
        reviews.reject(face, by=crowd.reviewer, reason="not_clear")
        return "rejected"
    if top != face.emotion:
        reviews.relabel(face, top, by=crowd.reviewer)
        return "relabelled"
    reviews.accept(face, by=crowd.reviewer)
    return "accepted"


def seen(label: str, truth: NDArray[np.float32] | None, dice: random.Random) -> str:
    """What an honest voter sees: drawn from what FER+'s ten saw, where they did."""
    if truth is not None and float(truth.sum()) > 0:
        weights = [float(weight) for weight in truth]
        return str(dice.choices(EMOTIONS, weights)[0])
    if dice.random() < EXPERT:
        return label
    return str(dice.choice(EMOTIONS))


def learn(crowd: Crowd, options: dict[str, Any]) -> dict[str, Any]:
    """Retrain, and see what came of it."""
    run = training.request(preset="quick", options=options)
    trainer.retrain(run.pk)
    run.refresh_from_db()
    version = ModelVersion.objects.filter(run=run).first()
    rows = SnapshotRow.objects.filter(snapshot__run=run)
    lies = rows.filter(contribution_id__in=crowd.lies)
    relabelled = Contribution.objects.filter(pk__in=crowd.lies, reviews__act="relabel")
    in_force = lies.exclude(contribution_id__in=relabelled.values("pk"))
    return {
        "status": run.status,
        "message": run.message,
        "outcome": run.exam.outcome if version else None,
        "rows": rows.count(),
        "weight": _sum(rows),
        "lies_weight": _sum(in_force),
        "challenger": measured(version),
        "champion": measured(champions.current()),
    }


def _sum(rows: Any) -> float:
    return float(sum(rows.values_list("weight", flat=True)))


def measured(version: ModelVersion | None) -> dict[str, Any]:
    """On PrivateTest: this is research, nothing is decided by it."""
    if version is None:
        return {}
    figures: list[dict[str, Any]] = []
    command = trainer.evaluate_command(version)
    child.run(command, go_on=lambda: None, on_event=figures.append)
    kept = ("n", "accuracy", "macro_f1", "ece", "recall")
    return {"name": version.name} | {name: figures[-1].get(name) for name in kept}


def as_json(world: World) -> dict[str, Any]:
    return asdict(world) | {"name": world.name}
