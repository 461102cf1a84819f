"""How much of what a ring gives gets in: crowds through the real doors, votes only.

FER2013=… python -m tests.experiments.collude OUT --report docs/colluders.md

Nothing is trained: what counts is the share of a snapshot's weight that lies have. Each
world is a file in OUT; stopped, it goes on with those that are missing. With
--at-once the rows that giving, voting and deciding leave are written without going
through those doors, fifty times as fast; what judges them is the site's own either way.
"""

import argparse
import json
import logging
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import django
import numpy as np

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F

from labeling import accounts
from labeling.datasets import selection
from labeling.models import Contribution, Suspect, User, Vote
from labeling.voting import rings
from ml.data import fer2013
from ml.emotions import EMOTIONS
from tests.experiments import collusion_report, crowds, held_out_rows, rows_at_once
from tests.experiments.colluders import RINGS
from tests.experiments.crowds import Crowd, World
from tests.experiments.held_out_rows import Stock
from tests.experiments.play_world import without_searches

SHARES = (0.4, 0.2, 0.1)  # of liars
LEAVING = 3  # of 15 honest voters, after each batch
MOST = 6000  # rows that are looked through for copies
FER2013_SHARES = (14, 2, 14, 25, 17, 11, 17)  # of its labels, in percent


def main(argv: list[str]) -> int:
    args = arguments(argv)
    out: Path = args.out
    out.mkdir(parents=True, exist_ok=True)
    if not (args.at_once or os.environ.get("FER2013")):
        sys.exit("FER2013 is not set: the crowd gives its faces.")
    logging.disable(logging.WARNING)
    connection.creation.create_test_db(verbosity=0)
    try:
        for world in worlds(args.seeds, args.rings):
            file = out / f"{world.name}.json"
            if not file.exists():
                call_command("flush", interactive=False, verbosity=0)
                door = (rows_at_once if args.at_once else crowds).give_and_decide
                found = play(world, stock(world.seed, out), door)
                file.write_text(json.dumps(found))
            print(collusion_report.line(json.loads(file.read_text())), flush=True)
    finally:
        connection.creation.destroy_test_db("mien", verbosity=0)
    if args.report:
        collusion_report.write(out, args.report)
    return collusion_report.check(out)


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.experiments.collude",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path, help="folder for results")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rings", nargs="*", choices=RINGS, default=list(RINGS))
    parser.add_argument("--at-once", action="store_true")
    parser.add_argument("--report", type=Path, help="write the table here")
    return parser.parse_args(argv)


def worlds(seeds: int, kinds: list[str]) -> Iterator[World]:
    for seed in range(1, seeds + 1):
        yield World(seed=seed)
        yield World(seed=seed, leaving=LEAVING)
    for kind in kinds:
        for share in SHARES:
            for seed in range(1, seeds + 1):
                yield World(seed=seed, poison=kind, share=share)


def stock(seed: int, out: Path) -> Stock:
    """Rows of Training, without copies, once for each seed. Where FER-2013 is not at
    hand, labels alone, in its shares."""
    if not os.environ.get("FER2013"):
        dice = random.Random(seed)
        labels = dice.choices(EMOTIONS, FER2013_SHARES, k=MOST)
        return Stock(np.zeros((MOST, 48, 48), np.uint8), labels)
    data = fer2013.read(Path(os.environ["FER2013"]), cache=out / "cache")
    kept = out / "cache" / f"kept-{seed}.json"
    if not kept.exists():
        rows = held_out_rows.drawn(data, share=0.4, seed=seed)[:MOST]
        kept.write_text(json.dumps(held_out_rows.without_copies(data, rows)))
    return held_out_rows.stock(data, json.loads(kept.read_text()))


def play(world: World, stock: Stock, door: Callable[..., object]) -> dict[str, Any]:
    dice = random.Random(world.seed)
    crowd = crowds.gather(world)
    order = list(range(len(stock.labels)))
    dice.shuffle(order)
    steps = []
    for batch in range(world.batches):
        rows = order[batch * world.faces : (batch + 1) * world.faces]
        with without_searches():
            door(world, stock, crowd, rows, dice, batch=batch)
        if world.poison in RINGS and RINGS[world.poison].erases:
            erase(crowd.lying_voters, len(crowd.lying_voters), batch)
        erase(crowd.voters, world.leaving, batch)
        steps.append(measure(crowd))
    return {"world": crowds.as_json(world), "steps": steps, "faces": faces(crowd)}


def erase(voters: list[User], count: int, batch: int) -> None:
    """The first of these delete their accounts; as many come, whom nobody knows."""
    for voter in voters[:count]:
        with transaction.atomic():
            accounts.delete_account(voter)
        voters.append(crowds.person(f"{voter.username}-{batch + 1}"))
    del voters[:count]


def measure(crowd: Crowd) -> dict[str, Any]:
    """The snapshot of this day: with what is known of rings, and as if nobody were
    suspected, nor had left."""
    rings.refresh()
    suspects = Suspect.objects.select_related("user")
    names = [one.user.username if one.user else "device" for one in suspects]
    lies = crowds.in_force(crowd)
    found = {"suspects": sorted(names), "defended": _weights(crowd, lies)}
    with transaction.atomic():
        Suspect.objects.all().delete()
        Vote.objects.filter(voter_left=True).update(voter_left=False)
        found["undefended"] = _weights(crowd, lies)
        transaction.set_rollback(True)
    return found


def _weights(crowd: Crowd, lies: set[UUID]) -> dict[str, float]:
    """Of the training rows: all, lies that stand, and what honest givers gave."""
    accepted = Contribution.objects.filter(giver__in=crowd.honest)
    as_given = accepted.filter(emotion=F("decided_emotion"))
    honest = set(as_given.values_list("pk", flat=True))
    weights: dict[UUID, float] = {}
    with transaction.atomic():
        for batch in selection.stream(without_fer2013=False, weight=1, size=2000):
            weights |= {row.id: row.weight for row in batch if row.split == "train"}
    return {
        "all": sum(weights.values()),
        "lies": sum(weights[face] for face in weights.keys() & lies),
        "honest": sum(weights[face] for face in weights.keys() & honest),
    }


def faces(crowd: Crowd) -> list[dict[str, Any]]:
    """Every face with its votes, for other ways to judge them."""
    liars = {user.pk for user in crowd.liars}
    givers = [user.pk for user in crowd.honest + crowd.liars]
    rows = Contribution.objects.order_by("created_at", "pk").prefetch_related("votes")
    return [
        {
            "label": crowd.labels[face.pk],
            "given": face.emotion,
            "decided": face.decided_emotion,
            "giver": givers.index(face.giver_id or 0),
            "is_liar": face.giver_id in liars,
            "votes": [
                [str(vote.voter_id or vote.device_hash), vote.choice]
                for vote in face.votes.all()
                if not vote.gold_answer
            ],
        }
        for face in rows
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
