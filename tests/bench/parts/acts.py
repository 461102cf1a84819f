"""What people, the clock and trainings do on a site, as calls that can be measured."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

from django.db.models import Count
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from prometheus_client import generate_latest
from prometheus_client.registry import CollectorRegistry

from labeling import audit
from labeling.contributions import consent, face_reports, offers, retention, withdrawals
from labeling.contributions.consent import Consent
from labeling.datasets import dataset_release, label_noise, selection
from labeling.detection.photos import FaceClaim
from labeling.models import Contribution, ModelVersion, User
from labeling.registry import lineage
from labeling.review import decisions, demand, review_queue
from labeling.stats import site_stats
from labeling.training import schedule, training_runs
from labeling.voting import rings, votes
from labeling.webhooks import deliveries
from tests.support.factories import make_face_jpeg, make_user
from webapp.metrics.site_figures import SiteCollector

USUAL_GIFTS = 50  # of a giver


@dataclass(frozen=True)
class Act:
    name: str
    kind: str  # "page", "act", "clock" or "export"
    run: Callable[[], object]


def all_of() -> list[Act]:
    """On a database that `labeling/synthetic_data.py` has filled."""
    people = _People()
    return [*_pages(people), *_acts(people), *_of_the_clock(), *_exports()]


class _People:
    def __init__(self) -> None:
        tag = uuid4().hex[:8]
        self.reviewer = make_user(f"reviewer{tag}", "reviewer", "trainer")
        make_user(f"second{tag}", "reviewer")
        self.admin = make_user(f"admin{tag}", is_staff=True, is_superuser=True)
        counted = User.objects.filter(is_staff=False).annotate(n=Count("gifts"))
        usual = counted.filter(n__range=(USUAL_GIFTS - 15, USUAL_GIFTS + 15))
        self.giver = usual.order_by("pk")[0]
        voter = counted.filter(n=0, username__startswith="crowd").order_by("-pk")
        self.voter = voter[0]
        self.screened = votes.next_face(by=self.voter)
        self.waiting = Contribution.objects.waiting().order_by("pk")[0]


def _pages(people: _People) -> list[Act]:
    anybody = _client(None)
    rows = [
        *((anybody, reverse(name)) for name in ("try", "contribute", "vote", "data")),
        *((anybody, reverse(name)) for name in ("models", "data-json", "health")),
        (anybody, "/data/releases/"),
        (_client(people.giver), reverse("my")),
        (_client(people.giver), "/api/v1/contributions"),
        (_client(people.voter), f"{reverse('vote')}?signed-in"),
    ]
    reviewer = _client(people.reviewer)
    review, grid = reverse("review"), reverse("review-grid")
    cluster = Contribution.objects.waiting().exclude(cluster=None)[0].cluster
    filters = ("", "emotion=disgust", "source=api", "show=disputed", "show=unscreened")
    filters += (f"giver={people.giver.pk}", f"cluster={cluster}")
    filters += ("source=api&show=unscreened&emotion=fear",)
    rows += [(reviewer, f"{review}?{query}") for query in filters]
    rows += [(reviewer, f"{grid}?{query}") for query in ("", "show=unscreened")]
    rows += [
        (reviewer, reverse("review-history", args=[people.waiting.pk])),
        (reviewer, reverse("review-rings")),
        (reviewer, reverse("training")),
        (reviewer, "/api/v1/review"),
    ]
    admin = _client(people.admin)
    faces = reverse("admin:labeling_contribution_changelist")
    rows += [(admin, reverse("admin:index"))]
    rows += [(admin, f"{faces}{query}") for query in _ADMIN_QUERIES]
    rows += [
        (admin, reverse(f"admin:labeling_{name}_changelist"))
        for name in ("vote", "review", "user", "withdrawal", "auditentry")
    ]
    return [Act(_name_of(where), "page", _get(who, where)) for who, where in rows]


_ADMIN_QUERIES = (
    "",
    "?status__exact=rejected",
    "?source__exact=api",
    "?p=3",
    "?q=crowd-7@",
)


def _name_of(address: str) -> str:
    """Without numbers, which differ from size to size."""
    return re.sub(r"[0-9a-f-]{36}|(?<=giver=)\d+", "…", address)


def _client(user: User | None) -> Client:
    client = Client(SERVER_NAME="127.0.0.1")
    if user:
        client.force_login(user)
        client.get("/my/")  # the session is noted as in use, for some minutes
    return client


def _get(client: Client, address: str) -> Callable[[], object]:
    def visit() -> None:
        answer = client.get(address)
        assert answer.status_code in (200, 503), (
            address,
            answer.status_code,
            answer.headers,
        )
        for _part in answer if answer.streaming else ():
            pass

    return visit


def _acts(people: _People) -> list[Act]:
    face = people.screened
    agreed = Consent(consent.VERSION, "en", may_be_seen=True)
    jpeg = make_face_jpeg(29)
    mine = people.giver.gifts.waiting()[0]
    return [
        Act("give a face", "act", lambda: _give(jpeg, agreed, people.giver)),
        Act("draw the next face to vote on", "act",
            lambda: votes.next_face(by=people.voter)),
        Act("vote", "act", lambda: votes.cast(face, "happy", by=people.voter)),
        Act("take the next face to review", "act",
            lambda: review_queue.take(by=people.reviewer)),
        Act("accept a face", "act",
            lambda: decisions.accept(people.waiting, by=people.reviewer)),
        Act("withdraw a face", "act", lambda: withdrawals.withdraw(mine)),
        Act("withdraw all of one's faces", "act",
            lambda: withdrawals.withdraw_all(by=people.giver)),
        Act("report a face", "act", lambda: face_reports.report(face, "abuse")),
    ]  # fmt: skip


def _give(jpeg: bytes, agreed: Consent, giver: User) -> None:
    hour = timezone.now() + timedelta(hours=1)
    version = ModelVersion.objects.values_list("pk", flat=True)[0]
    claim = FaceClaim(
        uuid4().bytes, (0, 0, 9, 9), version, "happy", {"happy": 1.0}, hour
    )
    offers.offer(jpeg, "happy", by=giver, consent=agreed, claim=claim)


def _of_the_clock() -> list[Act]:
    registry = CollectorRegistry()
    registry.register(SiteCollector())
    return [
        Act("the sweep of runs, reports, webhooks", "clock", _sweep),
        Act("retention: 20 faces are too old", "clock", _purge),
        Act("whether a training is due", "clock", schedule.reason),
        Act("/metrics", "page", lambda: generate_latest(registry)),
        Act("last backup on record", "act", lambda: audit.last(audit.Act.BACKED_UP)),
        Act("count the public figures", "export", site_stats.refresh),
        Act("rank the queue: nothing moved", "clock", review_queue.refresh_priorities),
        Act("rank the queue: an emotion moved", "clock", _rank),
        Act("look for rings", "clock", rings.refresh),
    ]


def _purge() -> None:
    days = timedelta(days=400)  # older than all of the crowd's
    old = Contribution.objects.waiting().order_by("pk").values("pk")[:20]
    Contribution.objects.filter(pk__in=old).update(created_at=timezone.now() - 2 * days)
    with override_settings(KEEP_WAITING_DAYS=days.days, KEEP_REJECTED_DAYS=days.days):
        retention.purge()


def _rank() -> None:
    """As if many faces of one emotion had just been given."""
    needs = demand.urgency() | {"happy": 0.01}
    with patch.object(demand, "urgency", lambda: needs):
        review_queue.refresh_priorities()


def _sweep() -> None:
    training_runs.sweep()
    face_reports.not_alerted()
    deliveries.due()


def _exports() -> list[Act]:
    return [
        Act("choose a training's faces", "export", _select),
        Act(
            "doubted labels among them",
            "export",
            lambda: _drain(label_noise.find(lambda: None)),
        ),
        Act("a release", "export", _release),
        Act("rows that a version learned from", "export", _rows),
    ]


def _select() -> None:
    _drain(selection.stream(without_fer2013=True, weight=1.0, size=2_000))


def _drain(parts: object) -> None:
    for _part in parts:
        pass


def _release() -> None:
    with tempfile.TemporaryDirectory() as folder:
        dataset_release.write(Path(folder) / "release")


def _rows() -> None:
    version = ModelVersion.objects.filter(name="crowd").get()
    for _row in lineage.faces_seen_by(version).iterator(chunk_size=2_000):
        pass
