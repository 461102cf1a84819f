"""A no is never kept as a yes, at whatever door it is said."""

from importlib import import_module
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from labeling.contributions import consent, offers
from labeling.datasets import selection
from labeling.errors import Refused
from labeling.models import Contribution, User
from tests.support.factories import make_contribution, make_photo, make_user
from webapp.forms.contribute import GiveForm

pytestmark = pytest.mark.django_db

API = "/api/v1/contributions"
CONSENTS = ("adult", "keep", "may_be_seen", "may_be_released")
UNCLEAR = (0, 1, 0.0, "0", "1", "no", "off", "yes", "False", "True", "ON", " true", "")
NO_WORDS = (None, [], [True], ["true"], {}, {"true": True}, "null", "none", "n", "☑")
AGREED = {"adult": "on", "keep": "on"}


@pytest.fixture
def gift(client: Client, champion: Any) -> dict[str, Any]:
    """A face as the API hands it out, to be given."""
    detect = "/api/v1/detect?crops=1"
    seen = client.post(detect, make_photo(29), content_type="image/jpeg").json()
    face = {name: seen["faces"][0][name] for name in ("crop", "token")}
    return {**face, "emotion": "happy", "adult": True, "keep": True}


@pytest.fixture
def ada(client: Client) -> User:
    ada = make_user("ada")
    client.force_login(ada)
    return ada


def put_in_doubt() -> None:
    """What the migration does to what came before it."""
    migration = import_module("labeling.migrations.0007_doubtful_consents")
    with connection.cursor() as cursor:
        cursor.execute(migration.DOUBT)


@pytest.mark.parametrize("name", CONSENTS)
def test_the_api_refuses_what_is_no_plain_yes_or_no(
    client: Client, gift: dict[str, Any], name: str
) -> None:
    for said in (*UNCLEAR, *NO_WORDS, "on", "true", "false"):
        fields = {**gift, name: said}
        answer = client.post(API, fields, content_type="application/json")
        assert answer.status_code == 400, said
        assert list(answer.json()["error"]["fields"]) == [name], said
    assert not Contribution.objects.exists()


@pytest.mark.parametrize("kind", ["form", "multipart"])
def test_so_it_does_where_a_form_is_sent(
    client: Client, gift: dict[str, Any], kind: str
) -> None:
    how = {"form": {"content_type": "application/x-www-form-urlencoded"}}.get(kind, {})
    for said in ("0", "no", "off", "", ["false", "true"], ["on", "on"]):
        fields = {**gift, "adult": "true", "keep": "on", "may_be_seen": said}
        answer = client.post(API, _encoded(fields) if how else fields, **how)
        assert answer.status_code == 400, said
        assert list(answer.json()["error"]["fields"]) == ["may_be_seen"], said
    assert not Contribution.objects.exists()


def _encoded(fields: dict[str, Any]) -> str:
    return urlencode(fields, doseq=True)


@pytest.mark.parametrize("agreed", [True, "true", "on"])
def test_a_plain_yes_is_a_yes_and_a_plain_no_a_no(
    client: Client, gift: dict[str, Any], agreed: object
) -> None:
    """In JSON by its own two words, in a form by text."""
    in_json, no = agreed is True, False if agreed is True else "false"
    words = {"adult": agreed, "keep": agreed, "may_be_released": agreed}
    fields = {**gift, **words, "may_be_seen": no}
    how: Any = {"content_type": "application/json"} if in_json else {}
    answer = client.post(API, fields, **how)
    assert answer.status_code == 201
    face = Contribution.objects.get()
    assert (face.may_be_seen, face.may_be_released) == (False, True)


@pytest.mark.parametrize("name", ["adult", "keep"])
@pytest.mark.parametrize("said", [False, "false"])
def test_without_the_two_that_are_needed_nothing_is_kept(
    client: Client, gift: dict[str, Any], name: str, said: object
) -> None:
    answer = client.post(API, {**gift, name: said}, content_type="application/json")
    assert answer.status_code == 400
    assert name in answer.json()["error"]["fields"]
    assert not Contribution.objects.exists()


def test_the_page_refuses_it_too_and_ticks_no_box(
    client: Client, gift: dict[str, Any]
) -> None:
    fields = {**gift, **AGREED, "may_be_seen": "no", "may_be_released": "false"}
    page = client.post("/contribute/give/", fields)
    assert page.status_code == 400
    assert "consent is not guessed" in page.text
    assert 'name="may_be_seen">' in page.text
    assert 'name="may_be_released">' in page.text
    assert not Contribution.objects.exists()


def test_no_box_is_ticked_beforehand_by_what_was_sent_along(
    client: Client, gift: dict[str, Any]
) -> None:
    page = client.post("/contribute/", {**gift, **dict.fromkeys(CONSENTS, "on")}).text
    assert "Shall we keep this one?" in page
    assert not [name for name in CONSENTS if f'name="{name}" checked' in page]
    assert "checked" not in page.split("You decide what it is for")[1]


def test_a_box_that_is_not_sent_is_not_ticked() -> None:
    form = GiveForm({"crop": "", "token": "t", "emotion": "sad", **AGREED})
    form.is_valid()
    assert form.consent() == consent.given()


@pytest.mark.parametrize("said", ["no", "0", "off", ""])
def test_changing_ones_mind_is_read_alike(client: Client, ada: User, said: str) -> None:
    face = make_contribution(giver=ada)
    answer = client.post(f"/my/{face.pk}/consent/", {"may_be_seen": said})
    assert answer.status_code == 400
    face.refresh_from_db()
    assert not face.may_be_seen
    client.post(f"/my/{face.pk}/consent/", {"may_be_seen": "on"})
    face.refresh_from_db()
    assert (face.may_be_seen, face.may_be_released) == (True, False)
    client.post(f"/my/{face.pk}/consent/", {"may_be_seen": "false"})
    face.refresh_from_db()
    assert not face.may_be_seen


@pytest.mark.parametrize("said", [0, 1, "no", None])
def test_behind_the_doors_consent_is_true_or_false(said: Any) -> None:
    with pytest.raises(TypeError):
        consent.given(may_be_seen=said)
    with pytest.raises(TypeError):
        consent.for_import(may_be_released=said)


def make_doubtful(**fields: Any) -> Contribution:
    """A face that came by the API before its consents were read strictly."""
    face = make_contribution(
        **{
            "source": "api",
            "may_be_seen": True,
            "screened_at": timezone.now(),
            "status": "accepted",
            "emotion": "sad",
            **fields,
        }
    )
    put_in_doubt()
    face.refresh_from_db()
    return face


def trained_on() -> set[Any]:
    with transaction.atomic():
        batches = list(selection.stream(without_fer2013=True, weight=1, size=9))
    return {row.id for batch in batches for row in batch}


def test_what_came_by_the_api_before_counts_as_not_given(ada: User) -> None:
    other = make_contribution(may_be_seen=True, status="accepted")
    face = make_doubtful(giver=ada)
    assert face.consent_in_doubt == "keep adult may_be_seen"
    assert (face.may_be_seen, face.may_be_released, face.screened_at) == (
        *(False, False),
        None,
    )
    other.refresh_from_db()
    assert (other.consent_in_doubt, other.may_be_seen) == ("", True)
    assert trained_on() == {other.pk}


def test_postgres_shows_nothing_that_is_in_doubt() -> None:
    face = make_doubtful()
    with pytest.raises(IntegrityError), transaction.atomic():
        Contribution.objects.filter(pk=face.pk).update(may_be_seen=True)


def test_who_changed_the_consent_on_the_page_since_has_said_so() -> None:
    face = make_contribution(source="api", may_be_seen=True)
    offers.change_consent(face, consent.given(may_be_seen=True))
    Contribution.objects.update(consented_at=timezone.now())
    put_in_doubt()
    face.refresh_from_db()
    assert (face.consent_in_doubt, face.may_be_seen) == ("", True)


def test_the_operator_reads_what_is_in_doubt_since_when(
    ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    face = make_doubtful(giver=ada, may_be_released=True, released_at=timezone.now())
    make_contribution()
    call_command("list_doubtful_consents")
    printed = capsys.readouterr()
    since = f"{face.consented_at:%Y-%m-%dT%H:%M:%SZ}"
    doubts = "keep,adult,may_be_seen,may_be_released"
    assert printed.out == f"{face.pk}\t{doubts}\t{since}\treleased\n"
    assert "in doubt: 1" in printed.err


def test_its_giver_reads_it_and_says_so_again(client: Client, ada: User) -> None:
    face = make_doubtful(giver=ada)
    page = client.get("/my/").text
    assert "a “no” could be kept as a “yes”" in page
    assert "Not used until you say again" in page
    address = f"/my/{face.pk}/consent/"
    assert 'name="agree" required>' in client.get(address).text
    assert client.post(address, {"may_be_seen": "on"}).status_code == 400
    assert client.post(address, {**AGREED, "keep": "no"}).status_code == 400
    assert client.post(address, {**AGREED, "agree": "no"}).status_code == 400
    face.refresh_from_db()
    assert face.consent_in_doubt
    assert client.post(address, {**AGREED, "may_be_seen": "on"}).status_code == 302
    face.refresh_from_db()
    assert (face.consent_in_doubt, face.may_be_seen) == ("", True)
    assert face.screened_at is None  # a reviewer looks at it first
    assert trained_on() == {face.pk}
    assert "Not used until" not in client.get("/my/").text


def test_no_other_door_ends_the_doubt(ada: User) -> None:
    face = make_doubtful(giver=ada)
    with pytest.raises(Refused):
        offers.change_consent(face, consent.given(may_be_seen=True))
    face.refresh_from_db()
    assert face.consent_in_doubt
