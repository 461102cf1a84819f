"""Acts with more rights than a visitor's are on record, together or not at all."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import serializers
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from labeling import accounts, audit
from labeling.contributions import withdrawals
from labeling.errors import Refused
from labeling.models import (
    ApiToken,
    AuditEntry,
    Contribution,
    Promotion,
    TrainingRun,
    User,
)
from labeling.registry import lineage, model_versions
from labeling.training import training_runs
from tests.support.concurrency import crash_before, together
from tests.support.factories import (
    make_contribution,
    make_run,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db

Act = AuditEntry.Act
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.MIEN_DATA = tmp_path
    settings.FER2013 = tmp_path / "fer2013.csv"
    settings.FER2013.write_text("stands in")


@dataclass
class Case:
    """Something that an admin can do, and whether it was done."""

    prepare: Callable[[], Any]
    act: Callable[[Any, User], Any]
    is_done: Callable[[], bool]
    details: dict[str, object]


def with_factors() -> User:
    ada = make_user("ada")
    for kind in ("totp", "recovery_codes"):
        Authenticator.objects.create(user=ada, type=kind, data={})
    return ada


def with_token() -> ApiToken:
    return accounts.make_token(make_user("ada"), name="my script")[0]


def with_address() -> EmailAddress:
    ada = make_user("ada")
    return EmailAddress.objects.create(user=ada, email=ada.email)


def with_face() -> User:
    ada = make_user("ada")
    make_contribution(giver=ada)
    return ada


RUN = {"preset": "quick", "trigger": "person", "options": {}}
CASES = {
    Act.RIGHTS_CHANGED: Case(
        lambda: make_user("ada", "reviewer"),
        lambda ada, by: accounts.change_rights(ada, {"active", "staff"}, by=by),
        lambda: User.objects.filter(username="ada", is_staff=True).exists(),
        {"granted": ["staff"], "revoked": ["reviewer"]},
    ),
    Act.PASSWORD_SET: Case(
        lambda: make_user("ada"),
        lambda ada, by: accounts.set_password(ada, "a quiet evening", by=by),
        lambda: User.objects.get(username="ada").check_password("a quiet evening"),
        {},
    ),
    Act.SECOND_FACTOR_REMOVED: Case(
        with_factors,
        lambda ada, by: accounts.remove_second_factors(ada, by=by),
        lambda: not Authenticator.objects.exists(),
        {"kinds": ["recovery_codes", "totp"]},
    ),
    Act.ADDRESS_CONFIRMED: Case(
        with_address,
        lambda address, by: accounts.confirm_address(address, by=by),
        lambda: EmailAddress.objects.get().verified,
        {},
    ),
    Act.TOKEN_REVOKED: Case(
        with_token,
        lambda token, by: accounts.revoke_token(token, by=by),
        lambda: not ApiToken.objects.exists(),
        {"hint": ""},  # of this very token
    ),
    Act.ACCOUNT_DELETED: Case(
        with_face,
        lambda ada, by: accounts.delete_account(ada, by=by),
        lambda: not User.objects.filter(username="ada").exists(),
        {"faces": 1},
    ),
    Act.FACE_WITHDRAWN: Case(
        make_contribution,
        lambda face, by: withdrawals.withdraw(face, by=by),
        lambda: not Contribution.objects.exists(),
        {},
    ),
    Act.RUN_STARTED: Case(
        lambda: None,
        lambda _nothing, by: training_runs.request(preset="quick", by=by),
        lambda: TrainingRun.objects.exists(),
        RUN,
    ),
    Act.RUN_CANCELLED: Case(
        lambda: make_run(status="training"),
        lambda run, by: training_runs.cancel(run, by=by),
        lambda: TrainingRun.objects.get().cancel_asked_at is not None,
        {},
    ),
    Act.ROWS_EXPORTED: Case(
        make_version,
        lambda version, by: lineage.export_faces_seen_by(version, by=by),
        lambda: AuditEntry.objects.exists(),
        {},
    ),
}


def subject_of(made: Any) -> str:
    if made is None:
        return f"run {TrainingRun.objects.get().pk}"
    person = made if isinstance(made, User) else getattr(made, "user", None)
    if isinstance(person, User):
        return f"account {person.key}"
    return f"{audit.KINDS[type(made)]} {made.pk}"


@pytest.mark.parametrize("act", CASES)
def test_an_act_says_who_did_it_to_whom(act: Act) -> None:
    boss, case = make_user("boss", is_superuser=True), CASES[act]
    made = case.prepare()
    expected = dict(case.details)
    if "hint" in expected:
        expected["hint"] = made.hint
    subject = subject_of(made) if made else ""
    case.act(made, boss)
    assert case.is_done()
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.by_key, entry.details) == (act, boss.key, expected)
    assert entry.subject == (subject or subject_of(None))
    assert entry.at


@pytest.mark.parametrize("act", CASES)
def test_a_crash_leaves_act_and_entry_or_neither(act: Act) -> None:
    boss, case = make_user("boss", is_superuser=True), CASES[act]
    made = case.prepare()
    statement, is_dead = 0, True
    while is_dead:
        statement += 1
        is_dead = crash_before(statement, lambda: case.act(made, boss))
        done = not is_dead
        assert (case.is_done(), AuditEntry.objects.exists()) == (done, done)
    assert statement > 1


def test_what_one_does_with_ones_own_is_not_on_record() -> None:
    ada = make_user("ada")
    token, _secret = accounts.make_token(ada, name="my script")
    accounts.revoke_token(token, by=ada)
    withdrawals.withdraw(make_contribution(giver=ada))
    accounts.delete_account(ada)
    training_runs.request(preset="quick", trigger="schedule")
    assert not AuditEntry.objects.exists()


def test_what_changes_nothing_is_not_on_record() -> None:
    boss, ada = make_user("boss", is_superuser=True), make_user("ada", "reviewer")
    accounts.change_rights(ada, {"active", "reviewer"}, by=boss)
    accounts.remove_second_factors(ada, by=boss)
    face = make_contribution()
    withdrawals.withdraw(face)
    withdrawals.withdraw(face, by=boss)
    run = make_run(status="training")
    for _twice in range(2):
        training_runs.cancel(run, by=boss)
    assert AuditEntry.objects.get().act == Act.RUN_CANCELLED


def test_the_last_admin_gives_no_right_away_that_only_he_has() -> None:
    boss = make_user("boss", is_superuser=True)
    for rights in ({"active"}, {"admin"}):
        with pytest.raises(Refused) as refused:
            accounts.change_rights(boss, rights, by=boss)
        assert refused.value.code == "last_admin"
    assert not AuditEntry.objects.exists()
    make_user("other", is_superuser=True)
    accounts.change_rights(boss, {"active"}, by=boss)
    assert AuditEntry.objects.get().details["revoked"] == ["admin"]


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_remove_each_other_one_stays() -> None:
    pair = [make_user(name, is_superuser=True) for name in ("ada", "bob")]
    acts = [
        lambda: accounts.change_rights(pair[1], {"active"}, by=pair[0]),
        lambda: accounts.delete_account(pair[0], by=pair[1]),
    ]
    outcomes = together(2, lambda i: acts[i]())
    refused = [one for one in outcomes if isinstance(one, Refused)]
    assert [refusal.code for refusal in refused] == ["last_admin"]
    assert User.objects.filter(is_superuser=True).count() == 1
    assert AuditEntry.objects.count() == 1


def test_an_entry_outlives_the_account_and_does_not_name_it() -> None:
    boss, ada = make_user("boss", is_superuser=True), make_user("ada")
    accounts.change_rights(ada, {"active", "reviewer"}, by=boss)
    accounts.delete_account(ada, by=boss)
    make_user("other", is_superuser=True)
    accounts.delete_account(boss)
    kept = serializers.serialize("json", AuditEntry.objects.all())
    assert [entry["fields"]["by_key"] for entry in json.loads(kept)] == 2 * [
        str(boss.key)
    ]
    for name in ("ada", "boss", "example.org"):
        assert name not in kept


def test_without_a_person_it_says_who_ran_the_program() -> None:
    training_runs.request(preset="quick", trigger="command")
    entry = AuditEntry.objects.get()
    assert (entry.by_key, entry.details["trigger"]) == (None, "command")
    assert entry.system_user


def test_the_sites_own_log_tells_of_it_once_it_stands(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    caplog.set_level("INFO")
    boss, ada = make_user("boss", is_superuser=True), make_user("ada")
    with django_capture_on_commit_callbacks(execute=True):
        accounts.change_rights(ada, {"active", "staff"}, by=boss)
        assert "on record" not in caplog.text
    assert f"on record: rights account {ada.key} by {boss.key}" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_an_entry_without_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        audit.record(Act.BACKED_UP)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.update(by_key=None),
        lambda rows: rows.update(details={}),
        lambda rows: rows.update(act=Act.BACKED_UP),
        lambda rows: rows.delete(),
    ],
)
def test_postgres_lets_nobody_change_or_delete_an_entry(
    change: Callable[[Any], object],
) -> None:
    entry = audit.record(Act.RESTORED, by=make_user("boss"), details={"file": "x"})
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        change(AuditEntry.objects.all())
    assert AuditEntry.objects.get().details == entry.details


def test_a_promotion_keeps_its_reason_though_its_person_leaves() -> None:
    tom, version = make_user("tom"), make_version()
    model_versions.override(version, by=tom, reason="It is better.")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Promotion.objects.update(reason="Because.")
    accounts.delete_account(tom)
    promotion = Promotion.objects.get()
    assert (promotion.by, promotion.reason) == (None, "It is better.")


def test_runs_of_before_forget_who_cancelled_them() -> None:
    run = make_run(log="taken by a worker\ncancelled by ann\nCancelled.\n")
    migration = import_module("labeling.migrations.0009_audit_log")
    with connection.cursor() as cursor:
        cursor.execute(migration.FORGET_WHO_CANCELLED)
    run.refresh_from_db()
    said = ["taken by a worker", "cancelled by a person", "Cancelled."]
    assert run.log.splitlines() == said


def test_a_start_records_limits_that_are_others_than_before(settings: Settings) -> None:
    settings.DETECT_RATE = (120, 60)
    first = audit.record_limits()
    assert first
    assert first.details["all_limits"]["detect_rate"] == [120, 60]
    assert audit.record_limits() is None
    settings.DETECT_RATE = None
    second = audit.record_limits()
    assert second
    assert second.details["changed"] == {"detect_rate": "[120, 60] → None"}
    assert AuditEntry.objects.count() == 2


def test_all_that_bounds_how_much_at_once_is_on_record() -> None:
    example = (ROOT / "deploy" / "env.example").read_text()
    bounds = example.partition("# --- how much at once")[2]
    listed = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", bounds, re.MULTILINE)
    assert listed
    assert set(listed) <= set(audit.LIMITS)
