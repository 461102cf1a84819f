"""axe-core finds no serious fault on any page, in either theme (see `axe.py`)."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from labeling.contributions.withdrawals import secret_hash
from labeling.models import Contribution, User
from tests.browser.axe import faults
from tests.browser.test_live_view import wait_until_long_enough
from tests.support import factories

pytestmark = pytest.mark.usefixtures("champion")

OPEN = [
    "/",
    "/live/",
    "/about/",
    "/privacy/",
    "/terms/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/nothing/",
    "/booth/",
    "/contribute/",
    "/notice/",
    "/faces/report/",
    "/withdraw/",
    "/vote/",
    "/data/",
    "/data/releases/",
    "/models/",
]
SIGNED_IN = [
    "/account/",
    "/accounts/2fa/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/my/",
    "/my/withdraw/",
    "/my/FACE/consent/",
    "/my/delete/",
]
STAFF = ["/review/", "/review/grid/", "/review/FACE/", "/training/"]


@pytest.mark.parametrize("path", OPEN)
def test_open_pages(visit: Any, path: str) -> None:
    page = visit(path, reduced_motion="reduce")
    assert faults(page) == []


def signed_in(visit: Any, path: str, user: User) -> Page:
    client = Client()
    client.force_login(user)
    session = client.cookies["sessionid"].value
    page: Page = visit("/about/", reduced_motion="reduce")
    cookie = {"name": "sessionid", "value": session, "url": visit.server}
    page.context.add_cookies([cookie])
    page.goto(path)
    assert page.url.endswith(path)
    return page


def make_staff_with_faces() -> tuple[User, Contribution]:
    """Somebody who gave, and who has something of everything on the desk."""
    ada = factories.make_user("ada", "reviewer", "trainer")
    cluster = uuid4()
    seen = {"may_be_seen": True, "screened_at": timezone.now()}
    factories.make_contribution(cluster=cluster)
    factories.make_contribution(giver=ada, status="rejected")
    face = factories.make_contribution(
        giver=ada,
        priority=2,
        cluster=cluster,
        model_emotion="fear",
        model_probabilities={"fear": 0.7, "happy": 0.2},
        **seen,
    )
    factories.make_votes(face, "sad", [factories.make_user("bo")])
    return ada, face


@pytest.mark.parametrize("path", SIGNED_IN + STAFF)
def test_pages_behind_an_account(visit: Any, path: str) -> None:
    ada, face = make_staff_with_faces()
    page = signed_in(visit, path.replace("FACE", str(face.pk)), ada)
    assert faults(page) == []


def test_the_desks_dialogs(visit: Any) -> None:
    ada, _face = make_staff_with_faces()
    page = signed_in(visit, "/review/", ada)
    for key, name in (("r", "Reject, because"), ("?", "Keys")):
        page.keyboard.press(key)
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        assert faults(page) == []
        page.keyboard.press("Escape")


def test_a_face_to_vote_on_and_the_end_of_them(visit: Any) -> None:
    make_staff_with_faces()
    page = visit("/vote/", reduced_motion="reduce")
    expect(page.locator("#vote .face")).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="Look at them again")).to_be_visible()
    assert faults(page) == []


def test_what_others_said_after_a_vote(visit: Any) -> None:
    make_staff_with_faces()
    page = visit("/vote/", reduced_motion="reduce")
    page.keyboard.press("4")
    said = page.get_by_role("complementary", name="The last face")
    expect(said).to_contain_text("Other people (1 vote)")
    assert faults(page) == []


def test_a_face_before_it_is_taken_back(visit: Any) -> None:
    factories.make_contribution(withdrawal_hash=secret_hash("a-secret"))
    page = visit("/withdraw/#a-secret", reduced_motion="reduce")
    expect(page.locator(".thumbs .face")).to_be_visible()
    assert faults(page) == []


def test_giving_a_face(visit: Any, photo_file: Any) -> None:
    page = visit("/contribute/", reduced_motion="reduce")
    page.get_by_label("Choose a photo").set_input_files(photo_file(29, 2))
    expect(page.locator(".face-choice button")).to_have_count(2)
    assert faults(page) == []
    page.locator(".face-choice button").first.click()
    page.get_by_role("checkbox", name=re.compile("^Mien may keep")).check()
    assert faults(page) == []
    page.get_by_role("checkbox", name=re.compile("^Other people may")).check()
    page.get_by_role("button", name="Give this face").click()
    expect(page.get_by_role("textbox", name="Your private link")).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize("path", ["/admin/", "/admin/labeling/contribution/"])
def test_the_admin(visit: Any, path: str) -> None:
    ada, _face = make_staff_with_faces()
    ada.is_staff = ada.is_superuser = True
    ada.save()
    assert faults(signed_in(visit, path, ada)) == []


def test_a_result_with_its_question(visit: Any, photo_file: Any) -> None:
    page = visit("/", reduced_motion="reduce")
    page.locator("#photo").set_input_files(photo_file(29, 2))
    expect(page.locator(".face-card")).to_have_count(2)
    assert faults(page) == []
    page.locator(".ask button:visible").first.click()
    expect(page.get_by_role("button", name="Give this face")).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize("permissions", [[], ["camera"]])
def test_the_cameras_dialog(visit: Any, permissions: list[str]) -> None:
    page = visit("/", permissions=permissions, reduced_motion="reduce")
    page.get_by_role("button", name="Use the camera").click()
    if permissions:
        shown = page.get_by_role("button", name="Take the picture")
    else:
        assert faults(page) == []
        page.get_by_role("button", name="Turn the camera on").click()
        shown = page.locator("[data-camera-problem]")
    expect(shown).to_be_visible()
    assert faults(page) == []


def test_a_live_session_and_its_summary(visit: Any, settings: Any) -> None:
    settings.LIVE_RATE = None
    page = visit("/live/", reduced_motion="reduce")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-status]")).to_contain_text("times a second")
    wait_until_long_enough(page)
    assert faults(page) == []
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-summary]")).to_be_visible()
    assert faults(page) == []
