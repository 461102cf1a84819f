"""Pages with something on them: axe-core finds no serious fault, nothing sticks out."""

import itertools
from uuid import uuid4

from django.utils import timezone
from playwright.sync_api import Page

from labeling.models import Exam, RunEvent, TrainingRun, User
from tests.browser.axe import THEMES, faults
from tests.browser.conftest import Visit
from tests.browser.test_desk import signed_in
from tests.support.exam_reports import make_report
from tests.support.factories import (
    make_contribution,
    make_ring,
    make_run,
    make_user,
    make_version,
    make_votes,
)
from tests.webapp.views.test_models import make_answers, promoted

WIDTHS = (1280, 390)


def fill() -> dict[str, str]:
    """A little of everything; the addresses that show it."""
    staff = make_user("ada", "reviewer", "trainer")
    cluster = uuid4()
    probabilities = {"happy": 0.6, "fear": 0.4}
    faces = [
        make_contribution(
            giver=staff,
            emotion=emotion,
            model_emotion="happy",
            model_probabilities=probabilities,
            cluster=cluster,
            may_be_seen=True,
            status=status,
        )
        for emotion, status in (
            ("fear", "waiting"),
            ("sad", "waiting"),  # one picture, two labels
            ("fear", "accepted"),
            ("fear", "rejected"),
        )
    ]
    done = make_run(status=TrainingRun.Status.DONE, started_at=timezone.now())
    _giver, accomplice = make_ring()
    make_votes(faces[2], "fear", [accomplice])
    versions = [promoted(make_version()), make_version("mien-2", run=done)]
    for version in versions:
        make_answers(version, yes=32, no=8)
    Exam.objects.create(
        run=done,
        champion=versions[0],
        challenger=versions[1],
        exam_hash="ab" * 32,
        policy="improves",
        outcome="kept",
        report=make_report(outcome="kept"),
    )
    figures = {"loss": 1.5, "accuracy": 0.4, "tune_loss": 1.4, "tune_accuracy": 0.5}
    active = make_run(status="training", progress=0.4, seconds_left=90)
    for run in (done, active):
        for epoch in (1, 2):
            data = {"event": "epoch", "epoch": epoch, "epochs": 5, **figures}
            RunEvent.objects.create(run=run, attempt=1, data=data)
    return {
        "desk": "/review/",
        "grid": "/review/grid/",
        "rings": "/review/rings/",
        "history": f"/review/{faces[2].pk}/",
        "my": "/my/",
        "training": "/training/",
        "running": f"/training/{active.pk}/",
        "report": f"/training/{done.pk}/",
        "models": "/models/",
        "model": "/models/mien-2/",
        "data": "/data/",
    }


def sticks_out(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_full_pages_are_sound_in_both_themes_and_widths(visit: Visit) -> None:
    paths = fill()
    page = signed_in(visit, User.objects.get(username="ada"), "/about/")
    for name, path in paths.items():
        page.goto(path)
        assert (name, faults(page)) == (name, [])
        for theme, width in itertools.product(THEMES, WIDTHS):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 900})
            assert (name, theme, width, sticks_out(page)) == (name, theme, width, 0)
