"""One's own data: in hand, complete, and by mail."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import ForeignKey, OneToOneField
from django.test import Client
from pytest_django import Settings

from labeling.contributions.withdrawals import secret_hash
from labeling.models import AuditEntry, Contribution, User
from tests.support.factories import make_contribution, make_user, make_votes
from tests.support.public_site import open_to_the_public
from webapp.presenters import data_export

pytestmark = pytest.mark.django_db

LINK = "https://mien.example/withdraw/#"


def by_link(secret: str, **fields: Any) -> Contribution:
    return make_contribution(withdrawal_hash=secret_hash(secret), **fields)


def told(archive: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(
        zipfile.ZipFile(io.BytesIO(archive)).read("mien.json")
    )
    return answer


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("personal_data", *arguments, stdout=out)
    return out.getvalue()


def test_no_table_that_names_an_account_is_left_out_of_the_download():
    held = {
        (model, field)
        for model, field, _columns in [
            *data_export.ACCOUNT.values(),
            *data_export.WORK.values(),
            (Contribution, "giver", ()),
        ]
    }
    there = {
        (relation.related_model, relation.field.name)
        for relation in User._meta.get_fields(include_hidden=True)
        if relation.auto_created
        and isinstance(getattr(relation, "field", None), (ForeignKey, OneToOneField))
        and not relation.related_model._meta.auto_created
    }
    assert there == held


def test_it_says_what_became_of_each_face(client: Client):
    ada = make_user("ada")
    client.force_login(ada)
    make_contribution(giver=ada)
    archive = b"".join(client.get("/my/download/").streaming_content)
    [face] = told(archive)["faces"]
    assert face["became"] == "A reviewer will look at it."
    assert told(archive)["account"]["is_of_age"] is False


def test_who_has_only_links_sees_and_takes_along_the_same(client: Client):
    face = by_link("one", emotion="fear")
    make_votes(face, "sad", [make_user("bo")])
    by_link("two")
    by_link("of somebody else")
    links = f"{LINK}one,two"
    page = client.post("/withdraw/", {"links": links}).text
    assert page.count("A reviewer will look at it.") == 2
    assert "Votes: 1 × sad." in page
    answer = client.post(
        "/withdraw/", {"links": links, "sure": "yes", "download": "yes"}
    )
    archive = b"".join(answer.streaming_content)
    assert len(told(archive)["faces"]) == 2
    assert Contribution.objects.count() == 3
    assert "no-store" in answer["Cache-Control"]


def test_a_link_that_is_not_known_downloads_nothing(client: Client):
    answer = client.post("/withdraw/", {"links": "nonsense", "download": "yes"})
    assert answer.status_code == 400


def test_a_request_by_mail_is_one_command(tmp_path: Path):
    ada = make_user("ada")
    face = make_contribution(giver=ada, status="rejected")
    file = tmp_path / "ada.zip"
    said = command(ada.email.upper(), "--download", str(file))
    assert f"{face.pk} {face.emotion}: We could not use it." in said
    assert told(file.read_bytes())["account"]["email"] == ada.email
    assert file.stat().st_mode & 0o777 == 0o600
    assert "and the account" in command(ada.email, "--delete")
    assert not User.objects.filter(pk=ada.pk).exists()
    assert not Contribution.objects.exists()
    acts = {entry.act: entry for entry in AuditEntry.objects.all()}
    assert set(acts) == {"handed_out", "account"}
    for entry in acts.values():
        assert entry.subject == f"account {ada.key}"
        assert entry.system_user
        assert entry.details["faces"] == 1


def test_so_it_is_with_a_private_link(tmp_path: Path):
    by_link("one")
    by_link("two")
    kept = by_link("three")
    file = tmp_path / "faces.zip"
    command(f"{LINK}one,two", "--download", str(file), "--delete")
    assert len(told(file.read_bytes())["faces"]) == 2
    assert Contribution.objects.get() == kept


def test_what_cannot_be_done_is_said_and_changes_nothing(tmp_path: Path):
    with pytest.raises(CommandError, match="No account has this address"):
        command("nobody@example.org", "--delete")
    with pytest.raises(CommandError, match="This link is not known"):
        command("#nonsense", "--delete")
    ada = make_user("ada")
    file = tmp_path / "there.zip"
    file.write_text("mine")
    with pytest.raises(CommandError, match="File exists"):
        command(ada.email, "--download", str(file), "--delete")
    assert file.read_text() == "mine"
    assert User.objects.filter(pk=ada.pk).exists()
    assert not AuditEntry.objects.exists()


def sign_up(client: Client, **more: str) -> Any:
    sent = {"email": "new@example.org", "password1": "correct-horse-battery"}
    return client.post("/accounts/signup/", sent | more)


@pytest.mark.parametrize("said", ["", "no", "false", "1"])
def test_a_site_in_public_asks_for_the_minimum_age(
    client: Client, settings: Settings, said: str
):
    open_to_the_public(settings)
    assert "I am 16 or older" in client.get("/accounts/signup/").text
    sign_up(client, of_age=said)
    assert not User.objects.exists()
    sign_up(client, of_age="on")
    assert User.objects.get().is_of_age


def test_ones_own_machine_does_not(client: Client):
    assert "or older" not in client.get("/accounts/signup/").text
    sign_up(client)
    assert not User.objects.get().is_of_age


def test_who_had_an_account_before_says_so_with_the_notice(
    client: Client, settings: Settings
):
    ada = make_user("ada")
    client.force_login(ada)
    client.post("/notice/")
    ada.refresh_from_db()
    assert not ada.is_of_age
    open_to_the_public(settings)
    client.post("/notice/")
    ada.refresh_from_db()
    assert ada.is_of_age
