"""Dawid-Skene and GLAD on the votes that `collude` left, beside what Mien does.

python -m tests.experiments.aggregators OUT, in an environment of its own with
requirements-aggregators.txt: crowd-kit is no part of the site, nor of its tests.

Each way says of every accepted face with its giver's label whether it still stands. An
aggregator, fed with the votes alone, keeps it where it comes to the same label; Mien,
where it is ahead without those who are suspected.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from crowdkit.aggregation import GLAD, DawidSkene, MajorityVote

from ml.data import collusion
from ml.emotions import EMOTIONS

COMPARED = ("none", "group", "spread", "fifth-spread")
SURE = 0.7  # as labeling/voting/rings.py has it, which needs a database
Face = dict[str, Any]
Faces = list[Face]
Votes = list[list[str]]
Way = Callable[[Faces], list[bool]]  # does each face's label stand?


def main(argv: list[str]) -> int:
    groups: dict[tuple[str, float], list[list[tuple[float, float]]]]
    groups = defaultdict(list)
    for file in sorted(Path(argv[0]).glob("s*.json")):
        found = json.loads(file.read_text())
        world, faces = found["world"], found["faces"]
        if world["poison"] not in COMPARED or world["leaving"]:
            continue
        said = [measured(faces, way(faces)) for way in WAYS.values()]
        groups[world["poison"], world["share"]].append(said)
        print(file.stem, [f"{lies:.2%} {kept:.1%}" for lies, kept in said], flush=True)
    print(table(groups))
    return 0


def table(groups: dict[tuple[str, float], list[list[tuple[float, float]]]]) -> str:
    """Lies among the faces that stand, and how many of honest givers' do: the worst of
    all seeds."""
    lines = [
        "| Ring | Liars | " + " | ".join(WAYS) + " |",
        "| --- | --- |" + " --- |" * len(WAYS),
    ]
    for (kind, share), seeds in groups.items():
        cells = [
            f"{max(s[n][0] for s in seeds):.1%}, {min(s[n][1] for s in seeds):.1%}"
            for n in range(len(WAYS))
        ]
        lines.append(f"| {kind} | {share:.0%} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def measured(faces: Faces, stands: list[bool]) -> tuple[float, float]:
    """Relabelled faces stand always: their label is the reviewer's."""
    accepted = [one for one in faces if one["decided"]]
    kept = [
        one
        for one, does in zip(faces, stands, strict=True)
        if one["decided"] and (does or one["decided"] != one["given"])
    ]
    lies = sum(one["decided"] == one["given"] != one["label"] for one in kept)
    honest = sum(not one["is_liar"] for one in kept)
    of = sum(not one["is_liar"] for one in accepted)
    return lies / max(1, len(kept)), honest / max(1, of)


def nothing(faces: Faces) -> list[bool]:
    return [True] * len(faces)


def mien(faces: Faces) -> list[bool]:
    names = sorted({voter for one in faces for voter, _choice in one["votes"]})
    number = {name: n for n, name in enumerate(names)}
    rows = [(n, *vote) for n, one in enumerate(faces) for vote in one["votes"]]
    said = collusion.find(
        collusion.Votes(
            face=np.array([face for face, _voter, _choice in rows]),
            voter=np.array([number[voter] for _face, voter, _choice in rows]),
            choice=np.array([EMOTIONS.index(choice) for _f, _v, choice in rows]),
            label=np.array([EMOTIONS.index(one["given"]) for one in faces]),
            giver=np.array([one["giver"] for one in faces]),
            classes=len(EMOTIONS),
        )
    )
    trusted = {name for name in names if said.voters[number[name]] < SURE}
    heard = [[vote for vote in one["votes"] if vote[0] in trusted] for one in faces]
    return [
        said.givers[one["giver"]] < SURE
        and (len(votes) == len(one["votes"]) or ahead(one, votes, faces, heard))
        for one, votes in zip(faces, heard, strict=True)
    ]


def ahead(one: Face, votes: Votes, faces: Faces, heard: list[Votes]) -> bool:
    """By votes that count and the giver's word, as labeling/voting/rings.py has it."""
    agreed = [
        choice == other["given"]
        for other, those in zip(faces, heard, strict=True)
        if other["giver"] == one["giver"]
        for _voter, choice in those
    ]
    share = sum(agreed) / max(1, len(agreed))
    word = (1 + (share >= 0.75)) * (share >= 0.6 and sum(agreed) >= 5)
    said = Counter(choice for _voter, choice in votes)
    backing = said.pop(one["given"], 0)
    return bool(backing + word > max(said.values(), default=0))


def by(aggregator: Callable[[], Any]) -> Way:
    def way(faces: Faces) -> list[bool]:
        rows = [
            (n, voter, choice)
            for n, one in enumerate(faces)
            for voter, choice in one["votes"]
        ]
        frame = pd.DataFrame(rows, columns=["task", "worker", "label"])
        found = aggregator().fit_predict(frame)
        return [found[n] == one["given"] for n, one in enumerate(faces)]

    return way


WAYS: dict[str, Way] = {
    "nothing": nothing,
    "majority": by(MajorityVote),
    "Dawid-Skene": by(lambda: DawidSkene(n_iter=100)),
    "GLAD": by(lambda: GLAD(n_iter=30, silent=True)),
    "Mien": mien,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
