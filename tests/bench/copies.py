"""What it costs to look for copies of a face among many, and whether they are found.

    FER2013=PATH python -m tests.bench.copies
    COPIES=10000,100000 python -m tests.bench.copies    # 10⁶ takes long, mostly adding

The many are pictures of FER-2013's Training faces, laid over one another by twos, so
that all differ. Among them are PublicTest faces, whose copies are looked for: mirrored
or not, re-cropped, turned, relit, re-compressed. Processor time is Postgres' and ours.
Some are also looked for without the index, among all vectors one by one.
"""

# ruff: noqa: E402 (Django is set up before anything of ours is imported)

import logging
import math
import os
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django
import numpy as np
from numpy.typing import NDArray

django.setup()

from django.core.management import call_command
from django.db import connection, transaction

from labeling import face_vectors
from labeling.contributions import near_duplicates
from labeling.db import copy_rows
from labeling.models import Crop
from ml.data import arrays, fer2013
from ml.vision.near_duplicates import SignatureIndex, low_frequencies, signature
from tests.bench.parts import page
from tests.experiments import measure_duplicates
from tests.support.real_data import FER2013

SIZES = [int(n) for n in os.environ.get("COPIES", "10000,100000").split(",")]
ASKED = int(os.environ.get("COPIES_ASKED", "60"))
EXHAUSTIVE = 3  # of the copies: a minute each among a million
CHUNK = 10_000
TICKS = os.sysconf("SC_CLK_TCK")
FACE = {
    "status": "waiting",
    "emotion": "neutral",
    "decided_emotion": "",
    "source": "import",
    "source_name": "",
    "consent_version": "",
    "consent_language": "",
    "consent_basis": "",
    "may_be_seen": "f",
    "may_be_released": "f",
    "model_emotion": "",
    "model_probabilities": "{}",
    "digest_key": b"",
    "digest": b"",
}


def main() -> None:
    if FER2013 is None:
        sys.exit("FER2013 says nothing of where that is.")
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    cache = os.environ.get("FER2013_CACHE")
    data = fer2013.read(FER2013, cache=Path(cache) if cache else None)
    varied = data.pixels.reshape(len(data.pixels), -1).std(axis=1) > 5
    pool = np.stack(
        [
            np.frombuffer(signature(face), np.uint8)
            for face in data.pixels[varied & (data.usage == arrays.TRAINING)]
        ]
    )
    known = data.pixels[varied & (data.usage == arrays.PUBLIC)][:ASKED]
    ids = [uuid4() for _face in known]
    add(dict(zip(ids, map(signature, known), strict=True)))
    dice = np.random.default_rng(1)
    copies = [measure_duplicates.everything(face, dice) for face in known]
    rows, costs = list[list[str]](), list[float]()
    for size in SIZES:
        for some in made_up(pool, size - Crop.objects.count(), dice):
            add(some)
        megabytes, minutes, memory = build()
        postgres, ours, found, of = look_for(copies, dict(zip(ids, known, strict=True)))
        costs.append(postgres + ours)
        built = [f"{megabytes:.0f}", f"{minutes:.1f}", f"{memory:,.0f}"]
        share = f"{100 * seen_of_exhaustive(copies[:EXHAUSTIVE]):.1f} %"
        looked = [f"{postgres:.0f}", f"{ours:.0f}", f"{found} of {of}", share]
        rows.append([f"{size:,}", *built, *looked])
        print("; ".join(rows[-1]), flush=True)
    report(rows, costs)


def report(rows: list[list[str]], costs: list[float]) -> None:
    grows = "one size says nothing of growth"
    if len(SIZES) > 1:
        power = math.log(costs[-1] / costs[0]) / math.log(SIZES[-1] / SIZES[0])
        grows = f"from the first row to the last it grows by the power {power:.2f}"
    head = [
        "faces",
        "index, MB",
        "built in, min",
        "by, MB",
        "Postgres, ms",
        "worker, ms",
        "found",
        "candidates",
    ]
    page.write_section(
        "copies",
        f"""## Duplicates

Looking for copies of a face among all (`python -m tests.bench.copies`), on one core of
{os.cpu_count()} ({platform.machine()}): the index and the processor's minutes to build
it, and the most memory that its process took for itself; the processor's ms a face;
{grows}.
*Found*: of the copies that are known beside their face alone, those that are known
among all. *Candidates*: of the faces that are nearest to {EXHAUSTIVE} of the copies
when all are looked at one by one, those that the index brings.

{page.table(head, rows)}
""",
        page=page.PAGE.with_name("scale.md"),
    )


def made_up(
    pool: NDArray[np.uint8], count: int, dice: np.random.Generator
) -> Iterator[dict[UUID, bytes]]:
    for start in range(0, count, CHUNK):
        some = min(CHUNK, count - start)
        one, other = (pool[dice.integers(0, len(pool), some)] for _ in range(2))
        share = dice.uniform(0.5, 1, (some, 1))
        mixed = (share * one + (1 - share) * other).astype(np.uint8)
        yield {uuid4(): row.tobytes() for row in mixed}


@transaction.atomic
def add(faces: dict[UUID, bytes]) -> None:
    """As `face_vectors.add_missing` would, but for the index, which comes last."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {face_vectors.INDEX}")
    rows = ((pk, *FACE.values()) for pk in faces)
    copy_rows("labeling_contribution", ["id", *FACE], rows)
    columns = ["contribution_id", "jpeg", "edge", "signature", "has_vector"]
    rows = ((pk, b"", 48, found, "t") for pk, found in faces.items())
    copy_rows("labeling_crop", columns, rows)
    numbers = low_frequencies(list(faces.values()))
    vectors = zip(faces, map(face_vectors._text, numbers), strict=True)
    copy_rows("labeling_facevector", ["crop_id", "numbers"], vectors)


def build() -> tuple[float, float, float]:
    """Megabytes of the index; the processor's minutes for it, and megabytes at most."""
    began = used_by_postgres()
    (of_postgres() / "clear_refs").write_text("5")
    assert face_vectors.rewrite()
    took = used_by_postgres() - began
    status = dict(
        line.split(":", 1)
        for line in (of_postgres() / "status").read_text().splitlines()
    )
    # At the end the graph is written into what all processes share.
    most, shared = (int(status[name].split()[0]) for name in ("VmHWM", "RssShmem"))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE labeling_crop")
        cursor.execute("SELECT pg_relation_size(%s)", [face_vectors.INDEX])
        return cursor.fetchone()[0] / 2**20, took / 60, (most - shared) / 1024


def look_for(
    copies: list[NDArray[np.uint8]], known: dict[UUID, NDArray[np.uint8]]
) -> tuple[float, float, int, int]:
    """Milliseconds a face; and of the copies that are known beside their face alone,
    how many are known among all."""
    asked = [signature(copy) for copy in copies]
    kept = [
        (pk, copy)
        for (pk, face), copy in zip(known.items(), asked, strict=True)
        if SignatureIndex([signature(face)]).find(copy)
    ]
    with transaction.atomic():
        near_duplicates.alike(asked[0])
        postgres, ours = used_by_postgres(), time.process_time()
        found = [pk in near_duplicates.alike(copy) for pk, copy in kept]
        postgres, ours = used_by_postgres() - postgres, time.process_time() - ours
    each = 1000 / len(kept)
    return postgres * each, ours * each, sum(found), len(found)


def seen_of_exhaustive(copies: list[NDArray[np.uint8]]) -> float:
    """Of the faces that are nearest without the index, the share that come with it."""
    seen, of = 0, 0
    for copy in copies:
        asked = signature(copy)
        with transaction.atomic():
            quick = set(face_vectors.likeliest(asked))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_indexscan = off")
            exact = face_vectors.likeliest(asked)
        seen, of = seen + len(quick.intersection(exact)), of + len(exact)
    return seen / of


def used_by_postgres() -> float:
    """Seconds of processor time that our session has taken so far."""
    stat = (of_postgres() / "stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / TICKS


def of_postgres() -> Path:
    """Where the kernel tells of the process that serves our session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return Path("/proc") / str(cursor.fetchone()[0])


if __name__ == "__main__":
    main()
