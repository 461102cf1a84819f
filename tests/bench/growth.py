"""What each act of the site costs at 10^4, 10^5 and 10^6 faces, and how it grows.

    python -m tests.bench.growth
    GROWTH=1000,4000 python -m tests.bench.growth    # a short one

Tenfold faces cost 10^p times as much, where p is the column *grows*: 1.6 times at .2,
which is as much as anything may but what reads every face: exports, and the clock's
count of the public figures. The clock's other work is bounded, so its last tenfold
counts. It ends with status 1 where something grows faster, or where a page asks the
database for longer than 50 ms.
"""

import logging
import math
import os
import platform
import sys
from unittest.mock import patch

import django
from django.db.models.functions import Now

from tests.bench.parts import page
from tests.bench.parts.meter import Cost

SIZES = [int(n) for n in os.environ.get("GROWTH", "10000,100000,1000000").split(",")]
MOST = {"page": 0.2, "act": 0.2, "clock": 0.2, "export": 1.1}  # 1.0, and noise
SLOWEST = 50.0  # ms of a page's database
NOISE = 3.0  # ms of processor time: what costs less has no shape to be measured
TABLES = ("contribution", "crop", "vote", "review", "answer", "snapshotrow")
PAGE = page.PAGE.with_name("scale.md")


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ |= {
        "DETECT_RATE": "",
        "VOTE_RATE": "",
        "GIVE_RATE": "",
        "REPORT_RATE": "",
    }
    django.setup()
    logging.disable(logging.WARNING)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    found: dict[str, tuple[str, list[Cost]]] = {}
    for size in SIZES:
        fill(size)
        print(f"{size:,} faces", flush=True)
        measure(found)
    faults = report(found)
    print("\n".join(faults))
    sys.exit(bool(faults))


def fill(size: int) -> None:
    from django.db import connection

    from labeling import synthetic_data
    from labeling.models import Contribution, ModelVersion
    from labeling.review import review_queue
    from labeling.stats import site_stats

    missing = size - Contribution.objects.count()
    if missing > 0:
        synthetic_data.make(missing)
        with connection.cursor() as cursor:
            cursor.execute(_TAKEN_BACK, [missing // 50])
            cursor.execute("VACUUM ANALYZE labeling_withdrawal")
            # A process that helps would hide what a query costs.
            cursor.execute("SET max_parallel_workers_per_gather = 0")
    ModelVersion.objects.update(is_champion=True, contaminated_at=Now())
    site_stats.refresh()  # as the clock does every few minutes, and every hour:
    with patch.object(review_queue, "MOST_MOVED", size):
        review_queue.refresh_priorities()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE labeling_contribution")


def measure(found: dict[str, tuple[str, list[Cost]]]) -> None:
    from tests.bench.parts import acts, meter

    for act in acts.all_of():
        cost = meter.measure(act.run)
        found.setdefault(act.name, (act.kind, []))[1].append(cost)
        print(
            f"{act.name}: {cost.database:.1f} ms of the database in {cost.queries} "
            f"queries, {cost.cpu:.1f} ms in all, {cost.memory:.0f} MB",
            flush=True,
        )


def report(found: dict[str, tuple[str, list[Cost]]]) -> list[str]:
    """Write the section; what is slower, or grows faster, than it may."""
    faults, rows = [], []
    for name, (kind, costs) in found.items():
        power = growth([cost.cpu for cost in costs], last=kind == "clock")
        slow = kind == "page" and costs[-1].database > SLOWEST
        if slow or power > MOST[kind]:
            took = costs[-1].database
            faults.append(f"{name}: {took:.0f} ms, to the power {power:.2f}")
        told = [f"{cost.database:,.1f}" for cost in costs]
        last = costs[-1]
        row = [f"{last.cpu:,.1f}", f"{power:.2f}", f"{last.waited:,.1f}"]
        shown = f"`{name}`" if name.startswith("/") else name
        rows.append([shown, *told, *row, str(last.queries), f"{last.memory:,.0f}"])
    head = [f"{size:,}" for size in SIZES]
    page.write_section(
        "growth",
        f"""## Growth

What each act costs (`python -m tests.bench.growth`) on {os.cpu_count()} cores
({platform.machine()}), load {os.getloadavg()[0]:.1f}: ms of the database's processor
time at each number of faces. At the largest: ms *in all*, of it and the web process or
worker; the power of the number of faces by which these *grow*, of the clock's acts from
the last size but one; the ms that the act *waited* for the database; queries; MB of
memory more than before (a peak). What costs less than {NOISE:.0f} ms is taken not to
grow.

{page.table(["act", *head, "in all", "grows", "waited", "queries", "memory, MB"], rows)}

**A face** of {SIZES[-1]:,} takes, in bytes of Postgres:

{page.table(["", "rows a face", "table", "indexes"], sizes())}
""",
        page=PAGE,
    )
    return faults


def growth(costs: list[float], *, last: bool) -> float:
    """The slope in log-log from the first size, or the last but one, to the last."""
    if costs[-1] < NOISE or len(costs) < 2:
        return 0.0
    start = len(costs) - 2 if last else 0
    times = math.log(SIZES[-1] / SIZES[start])
    return math.log(costs[-1] / max(costs[start], 1e-3)) / times


def sizes() -> list[list[str]]:
    from django.db import connection

    rows = []
    for name in TABLES:
        with connection.cursor() as cursor:
            cursor.execute(_SIZE.format(name))
            found = cursor.fetchone()
        cells = [
            f"{of / SIZES[-1]:,.{digits}f}"
            for of, digits in zip(found, (1, 0, 0), strict=True)
        ]
        rows.append([name, *cells])
    return rows


_SIZE = """
    SELECT count(*), pg_table_size('labeling_{0}'), pg_indexes_size('labeling_{0}')
    FROM labeling_{0}
"""

# One face in fifty was taken back since the champion learned.
_TAKEN_BACK = """
    INSERT INTO labeling_withdrawal (contribution_id, withdrawn_at, was_released)
    SELECT gen_random_uuid(), now() - 300 * random() * interval '1 day', random() < .1
    FROM generate_series(1, %s)
"""


if __name__ == "__main__":
    main()
