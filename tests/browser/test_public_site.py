"""A site that others reach, as a visitor meets it."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings

from labeling.contributions import face_reports
from labeling.detection import notice
from labeling.models import AuditEntry, Contribution
from tests.browser.axe import faults
from tests.support import factories
from tests.support.public_site import STATED, open_to_the_public

pytestmark = pytest.mark.usefixtures("champion")


@pytest.fixture(autouse=True)
def public(settings: Settings) -> None:
    open_to_the_public(settings)


def test_a_visitor_reads_the_notice_once_and_by_keyboard(
    visit: Any, photo_file: Any
) -> None:
    page = visit("/", phone=True)
    yes = page.get_by_role("button", name="I have read this and am 16 or older")
    expect(page.get_by_text(STATED["CONTROLLER"])).to_be_visible()
    expect(page.locator("input[type=file], video")).to_have_count(0)
    assert faults(page) == []
    page.get_by_role("button", name="Drawn face 1").click()
    expect(page.get_by_text("We drew this face")).to_be_visible()
    page.go_back()
    yes.focus()
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    page.locator("input[type=file]").set_input_files(photo_file(29))
    expect(page.get_by_text("Is this right?")).to_be_visible()
    page.goto("/live/")
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    assert faults(page) == []


def test_a_giver_is_led_on_to_giving_and_the_face_keeps_the_notice(
    visit: Any, photo_file: Any
) -> None:
    page = visit("/contribute/")
    assert faults(page) == []
    with page.expect_event("load"):  # its script sends the photo
        page.get_by_role("button", name="I have read this").click()
    page.locator("input[type=file]").set_input_files(photo_file(29))
    page.locator("[name=agree]").check()
    page.get_by_role("button", name="Give this face").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Contribution.objects.get().notice_version == notice.version()


def test_a_voter_reports_a_face_and_the_operator_decides(
    visit: Any, settings: Settings
) -> None:
    settings.STAFF_MFA = "optional"
    root = factories.make_user("root", "reviewer", is_superuser=True, is_staff=True)
    face = factories.make_contribution(may_be_seen=True, screened_at=timezone.now())
    page = visit("/vote/", phone=True)
    page.get_by_text("Report this face").click()
    assert faults(page) == []
    page.get_by_role("button", name="It shows a child").click()
    expect(page.get_by_text("That face is hidden now")).to_be_visible()
    face_reports.alert(face_reports.not_alerted()[0])  # as the worker does
    assert mail.outbox[0].to == [STATED["CONTROLLER_CONTACT"], root.email]
    client = Client()
    client.force_login(root)
    session = client.cookies["sessionid"].value
    page.context.add_cookies(
        [{"name": "sessionid", "value": session, "url": visit.server}]
    )
    page.goto("/review/")
    page.get_by_role("link", name="1 face reported").click()
    assert faults(page) == []
    page.get_by_role("button", name="Remove it for good").click()
    expect(page.get_by_text("No face is reported.")).to_be_visible()
    assert not Contribution.objects.filter(pk=face.pk).exists()
    assert AuditEntry.objects.get().act == "removed"
