"""Giving, voting, reviewing and taking back, as people do it: by camera and by keys."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from labeling.contributions.withdrawals import secret_hash
from labeling.models import Contribution, Review, User, Vote
from ml.emotions import EMOTIONS
from tests.browser.conftest import Visit
from tests.support.factories import make_contribution, make_user, make_votes

FACES = 50


def signed_in(visit: Visit, user: User, path: str) -> Page:
    """A page of somebody who signed in before."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page = visit("/about/")
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": visit.server}]
    )
    page.goto(path)
    return page


def count_loads(page: Page) -> list[str]:
    """Every address that the page itself goes to from now on."""
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    return loads


@pytest.mark.usefixtures("champion")
def test_a_face_is_given_by_camera_and_taken_back_with_its_link(visit: Visit) -> None:
    page = visit("/contribute/", phone=True)
    page.locator(".emotion-tile", has_text="surprise").click()
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take the picture").click()
    expect(page.get_by_role("heading", name="Shall we keep this one?")).to_be_visible()
    expect(page.locator("[value=surprise]")).to_be_checked()
    page.get_by_role("checkbox", name=re.compile("^Mien may keep")).check()
    page.get_by_role("button", name="Give this face").click()
    expect(page.get_by_role("heading", name="Thank you. That helps.")).to_be_visible()
    assert Contribution.objects.get().emotion == "surprise"
    link = page.get_by_role("textbox", name="Your private link").input_value()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(link)
    expect(page.get_by_role("heading", name="Take this face back?")).to_be_visible()
    expect(page.get_by_role("img", name="surprise")).to_be_visible()
    assert "#" not in page.url
    assert Contribution.objects.exists()
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("heading", name="One face is gone")).to_be_visible()
    assert not Contribution.objects.exists()
    secret = link.split("#")[1]
    assert not [url for url in asked if secret in url.split("#")[0]]


@pytest.mark.usefixtures("champion")
def test_a_face_is_given_from_a_file(visit: Visit, photo_file: Any) -> None:
    page = visit("/contribute/")
    page.get_by_label("Choose a photo").set_input_files(photo_file(29))
    expect(page.get_by_role("img", name="The face we would keep")).to_be_visible()


@pytest.mark.usefixtures("champion")
def test_giving_works_without_scripts(visit: Visit, photo_file: Any) -> None:
    page = visit("/contribute/?emotion=fear", java_script_enabled=False)
    page.locator("input[type=file]").set_input_files(photo_file(29))
    page.get_by_role("button", name="Find the face").click()
    page.get_by_role("checkbox", name=re.compile("^Mien may keep")).check()
    page.get_by_role("button", name="Give this face").click()
    expect(page.get_by_role("heading", name="Thank you. That helps.")).to_be_visible()
    assert Contribution.objects.get().emotion == "fear"


def test_votes_are_cast_by_keyboard_without_page_loads(visit: Visit) -> None:
    for _ in range(9):
        make_contribution(may_be_seen=True, screened_at=timezone.now())
    page = visit("/vote/")
    loads = count_loads(page)
    for number in range(1, 10):
        expect(page.locator("#vote .face")).to_be_visible()
        expect(page.locator("#vote")).to_have_attribute("data-count", str(number - 1))
        page.keyboard.press(str(number))
        expect(page.locator("#vote")).to_have_attribute("data-count", str(number))
    expect(page.get_by_text("You have seen all there are.")).to_be_visible()
    assert [v.choice for v in Vote.objects.order_by("pk")] == list(dict(Vote.CHOICES))
    page.keyboard.press("u")
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert Vote.objects.count() == 8
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    assert loads == []


def test_fifty_faces_are_reviewed_by_keyboard_with_undo(visit: Visit) -> None:
    for number in range(FACES):
        emotion = EMOTIONS[number % len(EMOTIONS)]
        make_contribution(emotion=emotion, priority=FACES - number)
    page = signed_in(visit, make_user("rita", "reviewer"), "/review/")
    loads = count_loads(page)
    for number in range(FACES):
        expect(page.locator("#desk")).to_have_attribute(
            "data-waiting", str(FACES - number)
        )
        if number % 5 == 3:
            page.keyboard.press("r")
            expect(page.get_by_role("dialog", name="Reject, because")).to_be_visible()
            page.keyboard.press("2")
        elif number % 5 == 4:
            page.keyboard.press("6")
        else:
            page.keyboard.press("a")
    expect(page.get_by_text("No face is waiting. Well done.")).to_be_visible()
    assert Review.objects.count() == FACES
    assert Contribution.objects.filter(status="rejected").count() == FACES // 5
    for back in (1, 2):
        page.keyboard.press("u")
        expect(page.locator("#desk")).to_have_attribute("data-waiting", str(back))
    assert Contribution.objects.waiting().count() == 2
    assert loads == []


def make_full_desk(giver: User) -> None:
    """Faces of whom everybody has said something, with copies."""
    cluster = uuid4()
    for number in range(20):
        face = make_contribution(
            giver=giver,
            cluster=cluster,
            priority=20 - number,
            emotion="surprise",
            model_emotion="neutral",
            model_probabilities={"neutral": 0.7, "surprise": 0.2, "fear": 0.1},
            may_be_seen=True,
            may_be_released=True,
        )
        if number < 3:
            for choice in ("surprise", "neutral", "not_a_face"):
                make_votes(face, choice, [make_user(f"{choice}{number}")])


def out_of_sight(page: Page) -> list[str]:
    """What of the desk does not lie in the window, wholly."""
    return list(
        page.evaluate("""() => [...document.querySelectorAll(
            "#desk :is(button, a, img, .claims, .bars, dd):not(dialog *, [hidden])")]
          .filter((one) => {
            const { top, bottom, left, right } = one.getBoundingClientRect();
            return top < document.querySelector(".top").offsetHeight || left < 0
              || bottom > innerHeight || right > innerWidth;
          }).map((one) => `${one.outerHTML.slice(0, 80)} `
            + Math.round(one.getBoundingClientRect().bottom))""")
    )


@pytest.mark.usefixtures("champion")
def test_no_key_moves_the_desk_which_is_in_sight_as_a_whole(visit: Visit) -> None:
    make_full_desk(make_user("somebody-with-a-rather-long-name"))
    page = signed_in(visit, make_user("rita", "reviewer"), "/about/")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto("/review/")
    accept = page.locator("[data-key=a]").bounding_box()
    waiting = 20
    decided = ["a", *"1234567", *(f"Shift+Digit{n}" for n in range(1, 8))]
    change = {**dict.fromkeys("efs", 0), "u": -1, **dict.fromkeys(decided, 1)}
    for key in (*decided, *"uefs"):
        page.keyboard.press(key)
        waiting -= change[key]
        expect(page.locator("#desk")).to_have_attribute("data-waiting", str(waiting))
        page.wait_for_function(
            "() => !document.querySelector('.htmx-request, .htmx-settling')"
        )
        assert (key, page.evaluate("scrollY")) == (key, 0)
        assert (key, out_of_sight(page)) == (key, [])
        assert page.locator("[data-key=a]").bounding_box() == accept
    for key in ("?", "r"):
        page.keyboard.press(key)
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        assert (key, page.evaluate("scrollY")) == (key, 0)
    acts = Review.objects.exclude(act="screen").values_list("act", flat=True)
    counts = {act: list(acts).count(act) for act in acts}
    assert counts == {"accept": 2, "relabel": 6, "reject": 7, "undo": 1}
    for key, heading in (("g", "Review grid"), ("h", "History of a face")):
        page.goto("/review/")
        page.keyboard.press(key)
        expect(page.get_by_role("heading", name=heading)).to_be_attached()
        assert (key, page.evaluate("scrollY")) == (key, 0)


def test_what_is_said_on_arrival_moves_nothing_and_goes(visit: Visit) -> None:
    make_full_desk(make_user("somebody"))
    make_user("rita", "reviewer")
    page = visit("/accounts/login/?next=/review/")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.locator("[name=login]").fill("rita@example.org")
    page.locator("[name=password]").fill("secret")
    with page.expect_navigation():  # to the desk, with its stylesheets
        page.keyboard.press("Enter")
    assert page.url.endswith("/review/")
    said = page.get_by_text("signed in as")
    expect(said).to_be_visible()
    assert out_of_sight(page) == []
    page.keyboard.press("a")
    expect(said).to_be_hidden()
    assert out_of_sight(page) == []


def test_the_desk_needs_no_sideways_scroll_on_a_phone(visit: Visit) -> None:
    make_full_desk(make_user("somebody-with-a-rather-long-name"))
    page = signed_in(visit, make_user("rita", "reviewer"), "/about/")
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/review/", "/review/grid/"):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert (path, wide) == (path, 0)


@pytest.mark.usefixtures("champion")
def test_a_key_shows_where_the_model_looks(visit: Visit) -> None:
    make_contribution()
    page = signed_in(visit, make_user("rita", "reviewer"), "/review/")
    heat = page.locator("[data-heat]")
    expect(heat).to_be_hidden()
    assert heat.evaluate("image => image.naturalWidth") == 0, "nobody asked for it yet"
    page.keyboard.press("e")
    expect(heat).to_be_visible()
    page.wait_for_function(
        "() => document.querySelector('[data-heat]').naturalWidth > 0"
    )
    page.keyboard.press("e")
    expect(heat).to_be_hidden()


def test_the_grid_rejects_a_selection(visit: Visit) -> None:
    for _ in range(4):
        make_contribution()
    page = signed_in(visit, make_user("rita", "reviewer"), "/review/grid/")
    boxes = page.locator("[name=face]")
    boxes.nth(0).check()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.locator("[data-selected]")).to_have_text("3 / 4")
    page.get_by_role("combobox", name="Reason").select_option("not_clear")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("3 rejected", exact=True)).to_be_visible()
    assert Contribution.objects.filter(status="rejected").count() == 3
    page.get_by_role("button", name="Undo: 3 rejected").click()
    expect(page.get_by_text("3 undone", exact=True)).to_be_visible()
    assert Contribution.objects.waiting().count() == 4


def test_several_faces_are_taken_back_with_a_receipt(visit: Visit) -> None:
    ada = make_user("ada")
    for _ in range(3):
        make_contribution(giver=ada)
    page = signed_in(visit, ada, "/my/")
    boxes = page.locator("[name=face]")
    boxes.nth(0).check()
    boxes.nth(2).check()
    page.get_by_role("button", name="Take back selected").click()
    expect(page.get_by_role("heading", name="Take these 2 faces back?")).to_be_visible()
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("heading", name="2 faces are gone")).to_be_visible()
    assert ada.gifts.count() == 1


def test_several_links_in_one_address_are_taken_back_together(visit: Visit) -> None:
    for secret in ("one-secret", "two-secret"):
        make_contribution(withdrawal_hash=secret_hash(secret))
    page = visit("/withdraw/#one-secret,two-secret")
    expect(page.locator(".thumbs .face")).to_have_count(2)
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("heading", name="2 faces are gone")).to_be_visible()
