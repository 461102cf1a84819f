"""Freezing a snapshot of a million faces: rate, and memory that does not grow.

FACES=50000 python -m tests.bench.snapshots measures a smaller one.
"""

import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

import django

from tests import services

FACES = int(os.environ.get("FACES", "1000000"))


def main() -> None:
    services.start_once()
    os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings"
    django.setup()
    from django.core.management import call_command

    from labeling import crowd

    call_command("migrate", verbosity=0)
    began = time.monotonic()
    crowd.make(FACES)
    print(f"{FACES:,} faces with their votes made in {time.monotonic() - began:.0f} s")
    sizes = [FACES // 10, FACES]
    peaks = [freeze(size) for size in sizes]
    growth = peaks[1] - peaks[0]
    print(f"memory grew by {growth:.0f} MB from {sizes[0]:,} to {sizes[1]:,} faces")


def freeze(size: int) -> float:
    """Accept so many, freeze and write them; the peak of this process in MB."""
    from django.conf import settings

    from labeling import snapshots
    from labeling.models import TrainingRun

    accept(size)
    # Any file does for FER-2013: it is named in the manifest, not read.
    settings.FER2013 = Path(__file__)
    TrainingRun.objects.all().delete()
    run = TrainingRun.objects.create(preset="quick", status="snapshot", attempt=1)
    folder = Path(tempfile.mkdtemp(prefix="mien-bench-"))
    began = time.monotonic()
    snapshot = snapshots._choose(run, 1, lambda: None)
    chosen = time.monotonic()
    snapshots.write(snapshot, folder / "snapshot")
    written = time.monotonic()
    on_disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder)
    rows = snapshot.rows.count()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{rows:,} rows: manifest {chosen - began:.1f} s "
        f"({rows / (chosen - began):,.0f}/s), pixels {written - chosen:.1f} s "
        f"({rows / (written - chosen):,.0f}/s), {on_disk / 2**20:,.0f} MB of Parquet, "
        f"peak memory {peak:.0f} MB"
    )
    return peak


def accept(size: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE labeling_contribution SET
                status = 'accepted', decided_emotion = emotion,
                decided_at = COALESCE(decided_at, now()), side = 'train', cluster = NULL
            WHERE id IN (SELECT id FROM labeling_contribution ORDER BY id LIMIT %s)
            """,
            [size],
        )
        cursor.execute(
            """
            UPDATE labeling_contribution SET status = 'rejected', decided_at = now(),
                decided_emotion = ''
            WHERE id NOT IN (
                SELECT id FROM labeling_contribution ORDER BY id LIMIT %s)
            """,
            [size],
        )
        cursor.execute("VACUUM ANALYZE labeling_contribution")


if __name__ == "__main__":
    main()
