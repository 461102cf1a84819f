from datetime import UTC, datetime

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from unfold.admin import ModelAdmin

from labeling import accounts, db
from labeling.models import (
    ApiToken,
    AuditEntry,
    Contribution,
    TrainingRun,
    User,
    Withdrawal,
)
from labeling.registry import model_versions
from tests.support.factories import make_contribution, make_run, make_user, make_version
from webapp.admin import read_only

pytestmark = pytest.mark.django_db

MODELS = (
    "contribution",
    "trainingrun",
    "user",
    "modelversion",
    "review",
    "vote",
    "exam",
    "promotion",
    "snapshot",
    "withdrawal",
    "erasure",
    "auditentry",
    "webhook",
    "webhookdelivery",
)


@pytest.fixture
def boss(client: Client) -> User:
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    return boss


def act(client: Client, model: str, action: str, *rows: object) -> None:
    url = f"/admin/labeling/{model}/"
    picked = [str(getattr(row, "pk", row)) for row in rows]
    data = {"action": action, "_selected_action": picked}
    assert client.post(url, data).status_code == 302


def test_strangers_sign_in_by_the_sites_own_door(client: Client):
    assert client.get("/admin/").url.startswith("/admin/login/")
    door = client.get("/admin/login/", follow=True)
    assert door.redirect_chain[-1][0].startswith("/accounts/login/")


def test_people_without_staff_rights_stay_out(client: Client):
    client.force_login(make_user("rita", "reviewer", "trainer"))
    for model in MODELS:
        assert client.get(f"/admin/labeling/{model}/").status_code in (302, 403)


@pytest.mark.parametrize("model", MODELS)
def test_every_list_can_be_looked_at_and_searched(
    client: Client, boss: User, model: str
):
    make_contribution()
    make_run()
    make_version()
    assert client.get(f"/admin/labeling/{model}/").status_code == 200
    assert client.get(f"/admin/labeling/{model}/?q=x").status_code in (200, 302)


def test_a_faces_page_shows_it_without_a_field_to_write_in(client: Client, boss: User):
    face = make_contribution(source_name="<b>hostile</b>")
    html = client.get(f"/admin/labeling/contribution/{face.pk}/change/").text
    assert f"/faces/{face.pk}.jpg" in html
    assert f"/review/{face.pk}/" in html
    assert "<b>hostile" not in html
    assert 'name="status"' not in html
    url = f"/admin/labeling/contribution/{face.pk}/change/"
    assert client.post(url, {"status": "accepted"}).status_code == 403


def test_accepting_leaves_an_event(client: Client, boss: User):
    face = make_contribution(emotion="fear")
    act(client, "contribution", "accept", face)
    face.refresh_from_db()
    assert face.status == "accepted"
    assert face.reviews.get().by == boss


def test_a_list_of_faces_shows_them_to_whoever_may_see_faces(
    client: Client, boss: User
):
    face, doubted = make_contribution(), make_contribution()
    Contribution.objects.filter(pk=doubted.pk).update(
        status="in_doubt", decided_at=timezone.now()
    )
    html = client.get("/admin/labeling/contribution/").text
    assert f'src="/faces/{face.pk}.jpg" width="56" height="56" loading="lazy"' in html
    assert f"/faces/{doubted.pk}.jpg" not in html
    sam = make_user("sam", is_staff=True)
    view = {"content_type__app_label": "labeling", "codename": "view_contribution"}
    sam.user_permissions.add(Permission.objects.get(**view))
    client.force_login(sam)
    html = client.get("/admin/labeling/contribution/").text
    assert str(face.pk)[:8] in html
    assert "/faces/" not in html


def test_a_bulk_says_what_was_done_and_is_undone_by_one_button(
    client: Client, boss: User
):
    make_user("rita", "reviewer")
    faces = [make_contribution(giver=boss), make_contribution(), make_contribution()]
    picked = [face.pk for face in faces]
    url, data = "/admin/labeling/contribution/", {"_selected_action": picked}
    html = client.post(url, {"action": "accept", **data}, follow=True).text
    assert "2 accepted, 1 skipped: your own gift" in html
    assert "Undo: 2 accepted" in html
    page = client.post("/review/bulk/undo/", follow=True)
    assert page.redirect_chain == [(url, 302)]
    assert "2 undone" in page.text
    assert Contribution.objects.waiting().count() == 3
    run = make_run(status="done")
    data = {"action": "cancel", "_selected_action": [run.pk]}
    html = client.post("/admin/labeling/trainingrun/", data, follow=True).text
    assert "0 runs cancelled, 1 skipped: " in html


def test_the_first_page_says_what_waits_runs_serves_and_is_wrong(
    client: Client, boss: User
):
    make_contribution(created_at=datetime(2026, 11, 28, 11, 20, tzinfo=UTC))
    failed = make_run(status="failed", message="No worker came back.")
    active = make_run(status="training", progress=0.4)
    model_versions.promote(make_version("mien-7"), kind="first")
    html = client.get("/admin/").text
    assert "The oldest was given on 28 Nov 2026, 11:20." in html
    assert f"/admin/labeling/trainingrun/{active.pk}/change/" in html
    assert f"/admin/labeling/trainingrun/{failed.pk}/change/" in html
    assert "No worker came back." in html
    assert "mien-7" in html
    assert "A worker is missing" in html


def test_on_the_first_page_staff_see_what_they_may_elsewhere(client: Client):
    make_contribution()
    make_run(status="failed", message="No worker came back.")
    client.force_login(make_user("sam", is_staff=True))
    html = client.get("/admin/").text
    assert "Problems" in html
    assert "No worker came back." not in html
    assert "waiting for review" not in html


def test_withdrawing_leaves_a_tombstone(client: Client, boss: User):
    face = make_contribution()
    act(client, "contribution", "take_back", face)
    assert not Contribution.objects.exists()
    assert Withdrawal.objects.filter(pk=face.pk).exists()


def test_cancelling_asks_the_run(client: Client, boss: User):
    run = make_run(status="training")
    act(client, "trainingrun", "cancel", run)
    assert TrainingRun.objects.get().cancel_asked_at


def test_deleting_an_account_withdraws_its_faces(client: Client, boss: User):
    ada = make_user("ada")
    face = make_contribution(giver=ada)
    url = f"/admin/labeling/user/{ada.pk}/delete/"
    assert client.get(url).status_code == 200
    client.post(url, {"post": "yes"})
    assert not User.objects.filter(pk=ada.pk).exists()
    assert Withdrawal.objects.filter(pk=face.pk).exists()


def test_every_list_has_the_same_look_and_groups_are_left_out():
    assert all(isinstance(one, ModelAdmin) for one in admin.site._registry.values())
    assert Group not in admin.site._registry


def test_an_admin_makes_somebody_a_reviewer(client: Client, boss: User):
    ada, rita = make_user("ada"), make_user("rita", "reviewer")
    group = rita.groups.get()
    url = f"/admin/labeling/user/{ada.pk}/change/"
    assert "reviewer" in client.get(url).text
    assert (
        client.post(url, {"is_active": "on", "groups": [group.pk]}).status_code == 302
    )
    assert User.objects.get(pk=ada.pk).is_reviewer


def test_an_admin_sets_a_forgotten_password(client: Client, boss: User):
    ada = make_user("ada")
    url = f"/admin/labeling/user/{ada.pk}/password/"
    new = dict.fromkeys(("password1", "password2"), "a new long password")
    assert client.post(url, {**new, "usable_password": "true"}).status_code == 302
    ada.refresh_from_db()
    assert ada.check_password("a new long password")


def test_an_admin_confirms_an_address(client: Client, boss: User):
    ada = make_user("ada")
    address = EmailAddress.objects.create(user=ada, email=ada.email)
    url, picked = "/admin/account/emailaddress/", [address.pk]
    client.post(url, {"action": "make_verified", "_selected_action": picked})
    address.refresh_from_db()
    assert address.verified
    url = f"/admin/account/emailaddress/{address.pk}/change/"
    assert client.post(url, {"email": "eve@example.org"}).status_code == 403


def test_a_lost_second_factor_is_taken_off_and_shows_no_secret(
    client: Client, boss: User
):
    ada = make_user("ada")
    for kind in ("totp", "recovery_codes"):
        factor = Authenticator.objects.create(
            user=ada, type=kind, data={"secret": "JBSWY3DP"}
        )
    page = f"/admin/mfa/authenticator/{factor.pk}"
    assert "JBSWY3DP" not in client.get(f"{page}/change/").text
    client.post(f"{page}/delete/", {"post": "yes"})
    assert not Authenticator.objects.exists()


def test_staff_who_are_no_admins_touch_no_account(client: Client):
    sam, ada = make_user("sam", is_staff=True), make_user("ada")
    every = Permission.objects.filter(content_type__app_label__in=("mfa", "account"))
    sam.user_permissions.set(every)
    client.force_login(sam)
    address = EmailAddress.objects.create(user=ada, email=ada.email)
    factor = Authenticator.objects.create(user=ada, type="totp", data={})
    for path in (
        f"mfa/authenticator/{factor.pk}/delete",
        f"account/emailaddress/{address.pk}/delete",
        f"labeling/user/{ada.pk}/password",
    ):
        assert client.post(f"/admin/{path}/", {"post": "yes"}).status_code == 403
    url, picked = "/admin/account/emailaddress/", [address.pk]
    client.post(url, {"action": "make_verified", "_selected_action": picked})
    address.refresh_from_db()
    assert not address.verified
    assert Authenticator.objects.exists()


def test_staff_who_are_no_admins_make_nobody_anything(client: Client):
    sam = make_user("sam", is_staff=True)
    client.force_login(sam)
    url = f"/admin/labeling/user/{sam.pk}/change/"
    assert client.post(url, {"is_superuser": "on"}).status_code == 403


def test_private_test_is_not_shown_beside_a_version(client: Client, boss: User):
    version = make_version(private_test={"accuracy": 0.9123})
    html = client.get(f"/admin/labeling/modelversion/{version.pk}/change/").text
    assert "0.9123" not in html


def test_the_last_admin_is_told_why_he_stays_one(client: Client, boss: User):
    url = f"/admin/labeling/user/{boss.pk}/change/"
    answer = client.post(url, {"is_active": "on", "is_staff": "on"})
    assert "You are the only admin" in answer.text
    assert User.objects.get(pk=boss.pk).is_superuser


# --- the audit log


def entry_about(user: User) -> AuditEntry:
    return AuditEntry.objects.get(subject=f"account {user.key}")


def test_rights_that_an_admin_gives_are_on_record(client: Client, boss: User):
    ada, rita = make_user("ada"), make_user("rita", "reviewer")
    url = f"/admin/labeling/user/{ada.pk}/change/"
    rights = {"is_active": "on", "is_staff": "on", "groups": [rita.groups.get().pk]}
    client.post(url, rights)
    entry = entry_about(ada)
    assert (entry.act, entry.by_key) == ("rights", boss.key)
    assert entry.details == {"granted": ["reviewer", "staff"], "revoked": []}


@pytest.mark.parametrize("is_usable", ["true", "false"])
def test_a_password_that_an_admin_sets_is_on_record_without_it(
    client: Client, boss: User, is_usable: str
):
    ada = make_user("ada")
    new = dict.fromkeys(("password1", "password2"), "a new long password")
    new |= {"usable_password": is_usable, "unset-password": "yes"}
    client.post(f"/admin/labeling/user/{ada.pk}/password/", new)
    ada.refresh_from_db()
    assert ada.has_usable_password() == (is_usable == "true")
    entry = entry_about(ada)
    assert (entry.act, entry.by_key, entry.details) == ("password", boss.key, {})


def test_a_second_factor_that_an_admin_takes_off_is_on_record(
    client: Client, boss: User
):
    ada = make_user("ada")
    factor = Authenticator.objects.create(user=ada, type="totp", data={})
    client.post(f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"})
    entry = entry_about(ada)
    assert (entry.act, entry.by_key) == ("second_factor", boss.key)


def test_an_address_that_an_admin_confirms_is_on_record(client: Client, boss: User):
    ada = make_user("ada")
    address = EmailAddress.objects.create(user=ada, email=ada.email)
    url, picked = "/admin/account/emailaddress/", [address.pk]
    client.post(url, {"action": "make_verified", "_selected_action": picked})
    assert entry_about(ada).act == "address"


def test_tokens_that_an_admin_revokes_are_on_record(client: Client, boss: User):
    ada, bob = make_user("ada"), make_user("bob")
    token, secret = accounts.make_token(ada, name="my script")
    kept, _secret = accounts.make_token(bob, name="another")
    act(client, "user", "revoke_tokens", ada)
    assert accounts.find_token(secret) is None
    assert ApiToken.objects.get() == kept
    entry = entry_about(ada)
    assert (entry.act, entry.by_key) == ("token", boss.key)
    assert entry.details == {"hint": token.hint}


def test_what_an_admin_deletes_and_withdraws_is_on_record(client: Client, boss: User):
    ada, face = make_user("ada"), make_contribution()
    act(client, "contribution", "take_back", face)
    client.post(f"/admin/labeling/user/{ada.pk}/delete/", {"post": "yes"})
    assert entry_about(ada).act == "account"
    withdrawal = AuditEntry.objects.get(subject=f"face {face.pk}")
    assert (withdrawal.act, withdrawal.by_key) == ("withdrawal", boss.key)


def test_djangos_own_log_keeps_no_names(client: Client, boss: User):
    ada, rita = make_user("ada"), make_user("rita")
    url = f"/admin/labeling/user/{ada.pk}"
    client.post(f"{url}/change/", {"is_active": "on", "is_staff": "on"})
    client.post(f"{url}/delete/", {"post": "yes"})
    picked = {"action": "delete_selected", "_selected_action": [rita.pk], "post": "yes"}
    client.post("/admin/labeling/user/", picked)
    assert list(User.objects.all()) == [boss]
    assert not LogEntry.objects.exists()


def test_the_log_shows_who_and_is_found_from_an_account(client: Client, boss: User):
    ada, bob = make_user("ada"), make_user("bob")
    for user in (ada, bob):
        accounts.change_rights(user, {"active", "staff"}, by=boss)
    accounts.delete_account(ada, by=boss)
    html = client.get("/admin/labeling/auditentry/").text
    assert boss.email in html
    assert f"account {ada.key}" in html
    found = client.get(f"/admin/labeling/user/{bob.pk}/history/", follow=True).text
    assert f"account {bob.key}" in found
    assert f"account {ada.key}" not in found
    assert "staff" in found


def test_somebody_who_left_stays_a_key_in_the_log(client: Client, boss: User):
    former, ada = make_user("former", is_superuser=True), make_user("ada")
    accounts.change_rights(ada, {"active", "staff"}, by=former)
    accounts.delete_account(former)
    assert f"{former.key} (gone)" in client.get("/admin/labeling/auditentry/").text


def test_the_log_has_no_door_to_write_in(client: Client, boss: User):
    accounts.change_rights(make_user("ada"), {"active", "staff"}, by=boss)
    entry = AuditEntry.objects.get()
    page = f"/admin/labeling/auditentry/{entry.pk}"
    assert client.get(f"{page}/change/").status_code == 200
    for address in (f"{page}/change/", f"{page}/delete/"):
        assert client.post(address, {"post": "yes", "act": "run"}).status_code == 403
    assert client.post("/admin/labeling/auditentry/add/").status_code == 403
    picked = {"action": "delete_selected", "_selected_action": [entry.pk]}
    client.post("/admin/labeling/auditentry/", {**picked, "post": "yes"})
    assert AuditEntry.objects.get().details == entry.details


def test_staff_see_the_log_only_with_that_permission(client: Client):
    sam = make_user("sam", is_staff=True)
    client.force_login(sam)
    assert client.get("/admin/labeling/auditentry/").status_code == 403


def test_a_long_list_says_about_how_long_it_is_and_shows_its_beginning(
    client: Client, boss: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(db, "COUNTED_UP_TO", 3)
    rows = Contribution.objects.all()
    for _ in range(60):
        make_contribution(jpeg=b"")
    assert db.count_about(rows) >= 3
    assert db.count_about(rows.accepted()) == 0
    monkeypatch.setattr(read_only, "count_about", lambda rows: 1_234_567)
    html = client.get("/admin/labeling/contribution/").text
    assert html.count("about 1,235,000") >= 3  # in the head, at the box for all, below
    assert "The first 10,000 are shown. Search or filter to see others." in html
    assert "?p=200" in html
    assert "?p=201" not in html
    monkeypatch.undo()
    html = client.get("/admin/labeling/contribution/").text
    assert "about 6" not in html
    assert "are shown" not in html


@pytest.mark.parametrize("word", ["Ada@", "ada@example.org", "camp-2", "number"])
def test_a_face_is_found_by_how_its_number_giver_or_import_begins(
    client: Client, boss: User, word: str
):
    ada = make_user("ada")
    face = make_contribution(giver=ada, source_name="camp-2026")
    other = make_contribution(giver=make_user("bob"), source_name="old-camp")
    word = face.pk.hex[:8] if word == "number" else word
    html = client.get("/admin/labeling/contribution/", {"q": word}).text
    assert str(face.pk) in html
    assert str(other.pk) not in html


def test_a_word_that_begins_nothing_finds_nothing(client: Client, boss: User):
    face = make_contribution(giver=make_user("ada"), source_name="camp-2026")
    assert str(face.pk) not in client.get("/admin/labeling/contribution/?q=zoe").text
    assert str(face.pk) in client.get("/admin/labeling/contribution/?q=").text


def test_a_word_that_begins_several_things_finds_each(client: Client, boss: User):
    faces = [make_contribution(giver=make_user("ada"), source_name="")]
    faces += [make_contribution(source_name="ada-set"), make_contribution()]
    Contribution.objects.filter(pk=faces[2].pk).update(cluster="ada" + 29 * "0")
    html = client.get("/admin/labeling/contribution/?q=ada").text
    assert [str(face.pk) in html for face in faces] == [True] * 3


def test_the_faces_of_one_address_are_asked_for_by_nothing_else(
    client: Client, boss: User
):
    ada = make_user("ada")
    for _ in range(51):  # the list is no shorter than a page
        make_contribution(giver=ada, jpeg=b"")
    with CaptureQueriesContext(connection) as asked:
        client.get("/admin/labeling/contribution/?q=ada@")
    [listed] = [one["sql"] for one in asked if "LIMIT 50" in one["sql"]]
    where = listed.partition(" WHERE ")[2].partition(" ORDER BY ")[0]
    # By it alone, Postgres takes them in their order out of `gifts_of_a_giver`.
    assert where == f'"labeling_contribution"."giver_id" IN ({ada.pk})'
