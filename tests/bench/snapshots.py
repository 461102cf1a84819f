"""Freezing a snapshot of a million faces: rate, and memory that does not grow.

FACES=50000 python -m tests.bench.snapshots measures a smaller one.
"""

import os
import platform
import resource
import shutil
import tempfile
import time
from pathlib import Path

import django

from tests.bench.parts import page
from tests.support import services

FACES = int(os.environ.get("FACES", "1000000"))


def main() -> None:
    services.start_once()
    os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.config.settings"
    django.setup()
    from django.core.management import call_command

    from labeling import synthetic_data

    call_command("migrate", verbosity=0)
    began = time.monotonic()
    synthetic_data.make(FACES)
    made = time.monotonic() - began
    print(f"{FACES:,} faces with their votes made in {made:.0f} s", flush=True)
    rows = [measure(size) for size in (FACES // 10, FACES)]
    head = ["", "frozen", "a second", "written anew", "a second", "read", "a second"]
    page.write_section(
        "snapshots",
        f"""## Snapshots

A crowd of {FACES:,} drawn faces with votes, on {os.cpu_count()} cores
({platform.machine()}), load average {os.getloadavg()[0]:.1f}; s and faces. *Frozen*:
chosen, put on record and written as Parquet; *written anew*: as a run does that is
resumed; *read*: as training reads it.

{page.table([*head, "Parquet, MB", "peak memory, MB"], rows)}
""",
    )


def measure(size: int) -> list[str]:
    """Accept so many; freeze, write and read them; the peak of this process."""
    from django.conf import settings

    from labeling.datasets import snapshots
    from labeling.models import TrainingRun
    from ml.data import snapshot as reading
    from ml.emotions import EMOTIONS

    accept(size)
    # Any file does for FER-2013: it is named in the manifest, not read.
    settings.FER2013 = Path(__file__)
    TrainingRun.objects.all().delete()
    run = TrainingRun.objects.create(preset="quick", status="snapshot", attempt=1)
    folder = Path(tempfile.mkdtemp(prefix="mien-bench-"))
    moments = [time.monotonic()]
    snapshot = snapshots.freeze(run, 1, folder / "snapshot")
    moments.append(time.monotonic())
    snapshots.write(snapshot, folder / "snapshot")
    moments.append(time.monotonic())
    shards = reading.stream(folder / "snapshot", "train", EMOTIONS)
    rows = sum(len(shard.ids) for shard in shards)
    moments.append(time.monotonic())
    on_disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    taken = [
        after - before for before, after in zip(moments, moments[1:], strict=False)
    ]
    told = [f"{cell:,.0f}" for s in taken for cell in (s, rows / s)]
    line = [f"{rows:,} faces", *told, f"{on_disk / 2**20:,.0f}", f"{peak:.0f}"]
    print(" | ".join(line), flush=True)
    return line


def accept(size: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE labeling_contribution SET
                status = 'accepted', decided_emotion = emotion,
                decided_at = COALESCE(decided_at, now()),
                split = 'train', cluster = NULL
            WHERE id IN (SELECT id FROM labeling_contribution ORDER BY id LIMIT %s)
            """,
            [size],
        )
        cursor.execute(
            """
            UPDATE labeling_contribution SET status = 'rejected', decided_at = now(),
                decided_emotion = ''
            WHERE id IN (SELECT id FROM labeling_contribution ORDER BY id OFFSET %s)
            """,
            [size],
        )
        cursor.execute("VACUUM ANALYZE labeling_contribution")


if __name__ == "__main__":
    main()
