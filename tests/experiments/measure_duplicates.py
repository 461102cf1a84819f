"""How well near-duplicates are told from others.

python -m tests.experiments.measure_duplicates --fer2013 PATH --photos FOLDER

Copies are made of test faces and looked for among all test faces; then Training faces,
none of which has the pixels of a test face, are looked for there too. What is found is
a true copy more often than not, so its doubtful part is drawn for the eye to decide.
With --by-index they are found as the site finds them, by a database of its own.
With photos: the same for what a giver gave before, where another expression is no copy.
"""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.data import arrays, fer2013
from ml.vision import face_crop, near_duplicates
from ml.vision.decode import encode_jpeg, resize
from ml.vision.detector import Detector, load_detector
from ml.vision.local_change import CHANGED, local_change
from ml.vision.yunet import YuNet
from tests.experiments import sittings

Grey = NDArray[np.uint8]
Dice = np.random.Generator
Search = Any  # a `SignatureIndex`, or what finds like one
Alarm = tuple[float, Grey, Grey]  # how alike a Training face and a test face are

DOUBTFUL = (0.90, 0.97)  # scores whose pairs are drawn


def main(argv: list[str]) -> int:
    args = arguments(argv)
    tests, others = _faces(args.fer2013, args.cache)
    report, doubtful = measure(tests, others, args)
    if args.photos:
        report["own"] = measure_own(args)
    if args.sheet:
        _draw(doubtful, args.sheet)
    print(json.dumps(report) if args.json else _table(report))
    return 0


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.experiments.measure_duplicates"
    )
    parser.add_argument("--fer2013", type=Path, required=True, metavar="PATH")
    parser.add_argument("--cache", type=Path, help="folder that keeps what was read")
    parser.add_argument("--detector", type=Path, help="YuNet's file: adds a family")
    parser.add_argument("--photos", type=Path, help="their folder; needs YuNet")
    parser.add_argument(
        "--by-index", action="store_true", help="Postgres', as the site"
    )
    parser.add_argument("--copies", type=int, default=500, help="of each family")
    parser.add_argument("--pairs", type=int, help="of each sort, at most")
    parser.add_argument("--others", type=int, default=1500, help="Training faces")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sheet", type=Path, help="draw the doubtful pairs here (PNG)")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(argv)


def measure(
    tests: Grey, others: Grey, args: argparse.Namespace
) -> tuple[dict[str, Any], list[Alarm]]:
    """The figures, and the alarms that only an eye can decide, the likest first."""
    start = time.process_time()
    signatures = [near_duplicates.signature(face) for face in tests]
    made = time.process_time() - start
    with _search(signatures, by_index=args.by_index) as known:
        return _measured(known, tests, others, made, args)


@contextmanager
def _search(signatures: list[bytes], *, by_index: bool) -> Iterator[Search]:
    if not by_index:
        yield near_duplicates.SignatureIndex(signatures)
        return
    from tests.experiments.indexed_search import indexed

    with indexed(signatures) as known:
        yield known


def _measured(
    known: Search, tests: Grey, others: Grey, made: float, args: argparse.Namespace
) -> tuple[dict[str, Any], list[Alarm]]:
    detector = load_detector(args.detector) if args.detector else None
    dice = np.random.default_rng(args.seed)
    found = {
        name: _found(known, tests, family, args.copies, dice)
        for name, family in _families(detector).items()
    }
    chosen = dice.choice(len(others), min(args.others, len(others)), replace=False)
    start = time.perf_counter()
    alarms = [
        (match.score, others[index], tests[match.position])
        for index in chosen
        for match in known.find(
            near_duplicates.signature(others[index]), min_score=0.9
        )[:1]
    ]
    searched = time.perf_counter() - start
    low, high = DOUBTFUL
    doubtful = sorted(
        (alarm for alarm in alarms if low <= alarm[0] < high), key=lambda a: -a[0]
    )
    return {
        "known": len(known),
        "ms_to_make_one": round(made / len(known) * 1000, 2),
        "same": near_duplicates.SAME,
        "found": found,
        "ms_to_find_one": round(searched / len(chosen) * 1000, 1),
        "others": len(chosen),
        "alarms": sum(score >= near_duplicates.SAME for score, *_pair in alarms),
        "doubtful": [round(score, 3) for score, *_pair in doubtful],
    }, doubtful


def measure_own(args: argparse.Namespace) -> dict[str, Any]:
    """Of the copies of photographed faces, the share that is known; of pairs of one
    person with different expressions, how many there are and how many pass for copies.
    """
    detector = YuNet(args.detector.read_bytes())
    dice = np.random.default_rng(args.seed)
    crops = [grey for grey in sittings.crops(args.photos, detector) if len(grey) >= 48]
    found = {}
    for name, family in _families(detector).items():
        chosen = [crops[i] for i in dice.choice(len(crops), args.copies)]
        pairs = [(family(face, dice), face) for face in chosen]
        seen = [_is_copy(copy, face) for copy, face in pairs if copy is not None]
        found[name] = round(float(np.mean(seen)), 4)
    changed = {}
    for name, pairs_of in sittings.SORTS.items():
        made = pairs_of(args.photos, detector, dice)
        pairs_made = list(itertools.islice(made, args.pairs))
        # Of two faces that come together, each is compared with the other.
        taken = sum(_is_copy(a, b) or _is_copy(b, a) for a, b in pairs_made)
        alike = sum(_is_alike(a, b) for a, b in pairs_made)
        changed[name] = {"pairs": len(pairs_made), "alike": alike, "taken": taken}
    return {"changed": CHANGED, "found": found, "expressions": changed}


def _is_alike(query: Grey, known: Grey) -> bool:
    """By the signatures alone."""
    return bool(_matches(query, known))


def _is_copy(query: Grey, known: Grey) -> bool:
    """As a giver's own, or within a cluster."""
    found = _matches(query, known)
    return bool(found) and local_change(query, known, found[0].alignment) < CHANGED


def _matches(query: Grey, known: Grey) -> list[near_duplicates.Match]:
    index = near_duplicates.SignatureIndex([near_duplicates.signature(known)])
    return index.find(near_duplicates.signature(query))


def _faces(path: Path, cache: Path | None) -> tuple[Grey, Grey]:
    """Distinct test faces, and distinct Training faces that are none of them."""
    data = fer2013.read(path, cache=cache)
    tests: dict[bytes, Grey] = {}
    others: dict[bytes, Grey] = {}
    for face, usage in zip(data.pixels, data.usage, strict=True):
        if face.std() > 5:  # blank pictures are copies of one another
            (others if usage == arrays.TRAINING else tests)[face.tobytes()] = face
    return (
        np.stack(list(tests.values())),
        np.stack([face for key, face in others.items() if key not in tests]),
    )


def _found(
    known: Search,
    tests: Grey,
    family: Callable[[Grey, Dice], Grey | None],
    count: int,
    dice: Dice,
) -> float:
    """Share of the copies that are recognised as what they were made of (or as another
    copy of it that FER-2013 itself holds)."""
    made = (family(tests[i], dice) for i in dice.choice(len(tests), count))
    hits = [
        bool(known.find(near_duplicates.signature(copy)))
        for copy in made
        if copy is not None
    ]
    return round(float(np.mean(hits)), 4)


def _families(
    detector: Detector | None,
) -> dict[str, Callable[[Grey, Dice], Grey | None]]:
    families: dict[str, Callable[[Grey, Dice], Grey | None]] = {
        "re-compressed": _compressed,
        "mirrored": lambda face, dice: _compressed(face[:, ::-1], dice),
        "re-cropped, 80–110 % of the side": lambda face, dice: _compressed(
            _cropped(face, dice, 0.8, 1.1), dice
        ),
        "all at once, turned and relit too": everything,
        "re-cropped, 65–80 % of the side": lambda face, dice: _compressed(
            _cropped(face, dice, 0.65, 0.8), dice
        ),
    }
    if detector:
        families["uploaded, found and cropped by the site"] = lambda face, dice: (
            _uploaded(face, dice, detector)
        )
    return families


def _compressed(face: Grey, dice: Dice) -> Grey:
    """JPEG of quality 30–90, at its own size or enlarged as a site would show it."""
    side = 48 if dice.random() < 0.5 else int(dice.integers(64, 257))
    jpeg = encode_jpeg(
        resize(np.ascontiguousarray(face), side, side),
        quality=int(dice.integers(30, 91)),
    )
    grey = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.asarray(grey, np.uint8)


def _cropped(
    face: Grey, dice: Dice, smallest: float, largest: float, angle: float = 0
) -> Grey:
    """A square part (or a little more, reflected), off the centre, as large again."""
    part = dice.uniform(smallest, largest)
    room = max(0.03, (1 - part) / 2)
    side = len(face)
    middle = np.full(2, (side - 1) / 2)
    centre = middle + dice.uniform(-room, room, 2) * side
    turn = cv2.getRotationMatrix2D((0, 0), angle, part)[:, :2]
    where = np.hstack([turn, (centre - turn @ middle)[:, None]])
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    edge = cv2.BORDER_REFLECT_101
    cut = cv2.warpAffine(face, where, (side, side), flags=how, borderMode=edge)
    return np.asarray(cut, np.uint8)


def everything(face: Grey, dice: Dice) -> Grey:
    copy = _cropped(face, dice, 0.8, 1.1, dice.uniform(-5, 5))
    if dice.random() < 0.5:
        copy = copy[:, ::-1]
    light = 255 * (copy / 255) ** dice.uniform(0.7, 1.4)
    light = light * dice.uniform(0.8, 1.15) + dice.uniform(-20, 20)
    return _compressed(np.clip(light, 0, 255).astype(np.uint8), dice)


def _uploaded(face: Grey, dice: Dice, detector: Detector) -> Grey | None:
    """As an upload of a test face would reach us; None where no face is found."""
    large = cv2.cvtColor(resize(face, 240, 240), cv2.COLOR_GRAY2RGB)
    found = detector.find(np.asarray(large, np.uint8))
    if not found:
        return None
    return sittings.grey_of(face_crop.crop(np.asarray(large, np.uint8), found[0].box))


def _draw(pairs: list[Alarm], path: Path) -> None:
    tiles = [np.hstack([a, b, np.full((48, 6), 255, np.uint8)]) for _s, a, b in pairs]
    blank = np.full((48, 102), 255, np.uint8)
    rows = [
        np.hstack([*tiles[i : i + 10], *[blank] * max(0, i + 10 - len(tiles))])
        for i in range(0, len(tiles), 10)
    ]
    cv2.imwrite(str(path), np.vstack(rows or [blank]))


def _table(report: dict[str, Any]) -> str:
    lines = [f"{report['known']} test faces known; same from {report['same']}", ""]
    lines += [f"{share:>8.1%}  {name}" for name, share in report["found"].items()]
    lines += [
        "",
        f"{report['alarms']} of {report['others']} Training faces are found; "
        f"scores from {DOUBTFUL[0]} to {DOUBTFUL[1]}: {report['doubtful']}",
        f"{report['ms_to_find_one']} ms to find one, "
        f"{report['ms_to_make_one']} ms to make one known",
    ]
    if own := report.get("own"):
        lines += ["", f"a giver's own; another expression from {own['changed']}", ""]
        lines += [f"{share:>8.1%}  {name}" for name, share in own["found"].items()]
        lines += [
            f"{n['taken']:>4} of {n['pairs']} (signatures alone: {n['alike']})  {name}"
            for name, n in own["expressions"].items()
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
