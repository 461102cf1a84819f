import base64
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from labeling.models import Contribution, ModelVersion
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]

AGREED = {"agree": "on"}
EACH = {"keep": "on", "adult": "on"}  # as programs say it


def photo(*faces: int) -> SimpleUploadedFile:
    return SimpleUploadedFile("me.jpg", factories.make_photo(*faces))


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no field {name} in {html[:2000]}"
    return found[1]


def shown(client: Client, **fields: Any) -> dict[str, str]:
    """What the page that shows the face sends on."""
    page = client.post("/contribute/", {"photo": photo(29), "emotion": "sad", **fields})
    assert page.status_code == 200
    html = page.text
    return {name: hidden(html, name) for name in ("crop", "token")} | {"emotion": "sad"}


def test_it_asks_for_an_expression_first_with_a_reason_and_goals(client: Client):
    html = client.get("/contribute/").text
    assert html.count('type="radio"') == 7
    assert "Nobody has shown" in html
    assert "0 of 500" in html


def test_it_takes_the_expression_that_a_link_asks_for(client: Client):
    html = client.get("/contribute/?emotion=fear").text
    assert re.search(r'value="fear" required checked', html)


def test_a_photo_shows_the_very_crop_that_would_be_kept(client: Client):
    fields = shown(client)
    assert base64.b64decode(fields["crop"]).startswith(b"\xff\xd8")
    assert not Contribution.objects.exists()


def test_a_face_is_given_without_an_account_and_leaves_a_private_link(client: Client):
    page = client.post("/contribute/give/", shown(client) | AGREED)
    assert page.status_code == 201
    face = Contribution.objects.get()
    assert (face.emotion, face.giver, face.may_be_seen) == ("sad", None, False)
    link = re.search(r'value="(http[^"]+/withdraw/#[\w-]+)"', page.text)
    assert link
    assert link[1].split("#")[1] not in str(face.withdrawal_hash)
    assert "no-store" in page["Cache-Control"]


def test_the_same_picture_under_another_label_says_that_it_counts_once(client: Client):
    client.force_login(factories.make_user("ada"))
    pages = [
        client.post("/contribute/give/", shown(client) | AGREED | {"emotion": emotion})
        for emotion in ("sad", "fear")
    ]
    assert [page.status_code for page in pages] == [201, 201]
    assert ["It counts once" in page.text for page in pages] == [False, True]


def test_a_signed_in_giver_finds_the_face_under_my_faces(client: Client):
    ada = factories.make_user("ada")
    client.force_login(ada)
    page = client.post("/contribute/give/", shown(client) | AGREED)
    assert "#" not in re.sub(r"#main|&#x27;|icons.svg#\w+", "", page.text)
    assert Contribution.objects.get().giver == ada


def test_consents_are_kept_as_they_were_given(client: Client):
    client.post("/contribute/give/", shown(client) | AGREED | {"may_be_seen": "on"})
    face = Contribution.objects.get()
    assert (face.may_be_seen, face.may_be_released) == (True, False)
    assert face.consent_version
    assert face.consent_language == "en"


@pytest.mark.parametrize("missing", ["keep", "adult"])
def test_without_a_required_consent_nothing_is_kept_and_the_crop_stays(
    client: Client, missing: str
):
    fields = shown(client) | EACH
    del fields[missing]
    page = client.post("/contribute/give/", fields)
    assert page.status_code == 400
    assert hidden(page.text, "crop") == fields["crop"]
    assert not Contribution.objects.exists()


@pytest.mark.parametrize(
    "said",
    [{}, {"agree": "false"}, {"agree": "yes please"}, AGREED | {"keep": "false"}],
)
def test_one_box_asks_for_both_and_is_never_guessed(
    client: Client, said: dict[str, str]
):
    page = client.post("/contribute/give/", shown(client) | said)
    assert page.status_code == 400
    assert not Contribution.objects.exists()


def test_the_same_face_is_given_only_once_by_two_presses(client: Client):
    fields = shown(client) | AGREED
    client.post("/contribute/give/", fields)
    again = client.post("/contribute/give/", fields)
    assert again.status_code in (400, 409)
    assert "Nothing was kept" in again.text
    assert Contribution.objects.count() == 1


def test_a_picture_given_before_from_this_browser_is_refused(client: Client):
    client.post("/contribute/give/", shown(client) | AGREED)
    again = client.post("/contribute/give/", shown(client) | AGREED)
    assert "You gave this picture already" in again.text
    assert Contribution.objects.count() == 1
    stranger = Client(REMOTE_ADDR="192.0.2.1")  # who learns nothing of what is stored
    assert (
        stranger.post("/contribute/give/", shown(stranger) | AGREED).status_code == 201
    )


def test_of_several_faces_one_is_chosen(client: Client):
    html = client.post("/contribute/", {"photo": photo(29, 2), "emotion": "fear"}).text
    assert html.count('name="token"') == 2
    fields = {name: hidden(html, name) for name in ("crop", "token", "emotion")}
    page = client.post("/contribute/", fields)
    assert "Shall we keep this one?" in page.text
    assert re.search(r'value="fear" required checked', page.text)


def test_a_photo_without_a_face_says_what_helps(client: Client):
    page = client.post("/contribute/", {"photo": photo(), "emotion": "sad"})
    assert "find a face" in page.text
    assert "Nothing was kept" in page.text


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff\xe0broken"])
def test_a_bad_picture_gets_a_sentence(client: Client, data: bytes):
    file = SimpleUploadedFile("x.jpg", data)
    page = client.post("/contribute/", {"photo": file, "emotion": "sad"})
    assert page.status_code in (400, 415)
    assert 'role="alert"' in page.text


def test_a_crop_that_was_changed_on_the_way_is_refused(client: Client):
    fields = shown(client) | AGREED
    fields["crop"] = base64.b64encode(factories.make_face_jpeg(7)).decode()
    page = client.post("/contribute/give/", fields)
    assert page.status_code == 400
    assert not Contribution.objects.exists()


def test_hostile_text_stays_text(client: Client):
    fields = {"crop": '"><script>x</script>', "token": "<b>", "emotion": "<i>"}
    for url in ("/contribute/", "/contribute/give/"):
        page = client.post(url, fields)
        assert page.status_code == 400
        assert "<script>x" not in page.text


def test_forms_carry_csrf():
    client = Client(enforce_csrf_checks=True)
    assert client.post("/contribute/give/", {}).status_code == 403
    assert client.post("/contribute/", {}).status_code == 403


def test_only_a_post_gives(client: Client):
    assert client.get("/contribute/give/").status_code == 405


def test_too_many_gifts_are_asked_to_wait(client: Client, settings: Any):
    settings.GIVE_RATE = (1, 3600)
    client.post("/contribute/give/", shown(client) | AGREED)
    again = client.post("/contribute/give/", shown(client) | AGREED)
    assert again.status_code == 429
    assert Contribution.objects.count() == 1


def test_without_a_model_the_page_says_so(client: Client):
    ModelVersion.objects.update(is_champion=False)
    from labeling.registry import serving

    serving.forget()
    page = client.post("/contribute/", {"photo": photo(29), "emotion": "sad"})
    assert page.status_code == 503
