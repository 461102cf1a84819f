"""Names and numbers that other machines, scripts and bookmarks hold, as the site had
them before its modules moved into rooms."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import get_commands
from django.db import connection
from django.db.backends.signals import connection_created
from django.urls import resolve

from labeling.contributions import near_duplicates, withdrawals
from labeling.models import ModelVersion
from labeling.registry import model_versions
from labeling.stats import site_stats
from ml import __main__ as ml_commands
from tests.support.before_the_rooms import FACTS, OLD
from tests.support.factories import make_user
from workers.app import app
from workers.retrain.run_lease import RunLease


def roll_back() -> None:
    former = ModelVersion.objects.create(name="former", origin="trained", card={})
    by = make_user()
    model_versions.promote(former, kind="override", by=by, reason="To take the lock.")


def begin_retraining() -> None:
    with RunLease(run_id=0):
        pass


LOCKING: dict[str, Callable[[], Any]] = {
    "retraining": begin_retraining,
    "withdrawals and new versions": lambda: withdrawals.withdraw_ids([]),
    "change of champion": roll_back,
    "count": site_stats.refresh,
    "clustering": near_duplicates.cluster_new,
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", FACTS["locks"])
def test_machines_before_and_after_wait_for_each_other(what: str) -> None:
    assert locks_taken_by(LOCKING[what]) == {FACTS["locks"][what]}


def locks_taken_by(act: Callable[[], Any]) -> set[int]:
    """The numbers of the advisory locks, in this thread and in those it starts."""
    taken = set()

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "advisory" in sql:
            taken.add(int(params[0]))
        return execute(sql, params, many, context)

    def watch_too(connection: Any, **_: Any) -> None:
        connection.execute_wrappers.append(watch)

    connection_created.connect(watch_too)
    try:
        with connection.execute_wrapper(watch):
            act()
    finally:
        connection_created.disconnect(watch_too)
    return taken


def test_tasks_are_called_and_queued_as_before() -> None:
    app.loader.import_default_modules()
    assert app.tasks.keys() >= FACTS["tasks"].keys()
    route = app.amqp.router.route
    queues = {name: route({}, name)["queue"].name for name in FACTS["tasks"]}
    assert queues == FACTS["tasks"]


def test_commands_are_called_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    assert get_commands().keys() >= set(FACTS["commands"])
    ml_commands.main(["--help"])
    listed = re.findall(r"^  ([\w-]+)", capsys.readouterr().out, re.MULTILINE)
    assert set(listed) >= set(FACTS["ml_commands"])


def test_settings_are_called_as_before() -> None:
    example = (OLD.parents[1] / "deploy" / "env.example").read_text()
    listed = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE)
    assert set(listed) >= set(FACTS["settings"])


def test_addresses_lead_to_where_they_led() -> None:
    known = FACTS["addresses"]
    assert {address: resolve(address).url_name for address in known} == known
