"""What the pages ask of the database when 200,000 faces are in it.

For each page: queries, milliseconds of database time (each statement at its quickest
in nine visits), and the plan of the slowest one where they are many. BENCH_FACES sets
how many faces.
"""

# ruff: noqa: E402 (Django is set up before anything of ours is imported)

import logging
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django
import numpy as np

django.setup()

from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import reverse
from numpy.typing import NDArray

from labeling.contributions import near_duplicates
from labeling.models import Contribution, ModelVersion, User
from labeling.review import demand
from labeling.stats import site_stats
from ml.vision import decode
from tests.support.factories import make_face_jpeg, make_user

FACES = int(os.environ.get("BENCH_FACES", "200000"))
VISITS = 9
SLOW = 20.0  # ms: then the plan is printed


class Watch:
    """Adds up what the statements of one visit take."""

    def __init__(self) -> None:
        self.took: list[tuple[float, str, Any]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, c: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, c)
        finally:
            self.took.append(((time.perf_counter() - start) * 1000, sql, params))


def measure(name: str, act: Callable[[], Any]) -> None:
    act()
    visits = []
    for _ in range(VISITS):
        with connection.execute_wrapper(watch := Watch()):
            act()
        visits.append(watch.took)
    numbers_seen = sorted({len(visit) for visit in visits})
    alike = [visit for visit in visits if len(visit) == numbers_seen[0]]
    # Each statement at its quickest: what else this machine does is not its doing.
    best = [min(places, key=lambda s: s[0]) for places in zip(*alike, strict=True)]
    total = sum(ms for ms, _sql, _params in best)
    number = "–".join(map(str, numbers_seen))
    print(f"{name:28} {number:>5} queries {total:8.1f} ms", flush=True)
    if total > SLOW:
        _, sql, params = max(best, key=lambda statement: statement[0])
        explain(sql, params)


def explain(sql: str, params: Any) -> None:
    if not sql.lstrip().startswith(("SELECT", "WITH", "(")):
        return
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS OFF) {sql}", params)
        for (line,) in cursor.fetchall():
            print(f"      {line[:150]}")


def visit(client: Client, url: str) -> Callable[[], None]:
    def act() -> None:
        answer = client.get(url)
        assert answer.status_code == 200, answer.status_code

    return act


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def main() -> None:
    setup_test_environment()
    logging.disable(logging.WARNING)
    connection.creation.create_test_db(verbosity=0)
    try:
        start = time.perf_counter()
        call_command("make_crowd", faces=FACES, verbosity=0)
        print(f"make_crowd --faces {FACES}: {time.perf_counter() - start:.0f} s")
        ModelVersion.objects.update(is_champion=True)
        rita = make_user("rita", "reviewer")
        site_stats.refresh()
        givers = User.objects.annotate(n=Count("gifts"))
        giver = givers.filter(n__lt=500).order_by("-n").first()
        print(f"the giver gave {giver.n} faces")
        pages = {
            "review": client_of(rita),
            "review-grid": client_of(rita),
            "vote": client_of(rita),
            "data": Client(),
            "my": client_of(giver),
            "contribute": Client(),
        }
        for name, client in pages.items():
            measure(f"page {name}", visit(client, reverse(name)))
        face = Contribution.objects.waiting().first()
        history = visit(client_of(rita), reverse("review-history", args=[face.pk]))
        measure("page review-history", history)
        measure("needs.needs", demand.by_emotion)
        measure("numbers.refresh", site_stats.refresh)
        jpeg = make_face_jpeg(1)
        measure("copies.own_copy", lambda: own_copy(decode.decode(jpeg), giver))
    finally:
        connection.creation.destroy_test_db("mien", verbosity=0)


def own_copy(crop: NDArray[np.uint8], giver: User) -> None:
    from django.db import transaction

    signature = near_duplicates.signature_of(crop)
    with transaction.atomic():
        near_duplicates.own_copy(crop, signature, "happy", by=giver)


if __name__ == "__main__":
    main()
