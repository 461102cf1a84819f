"""What may happen to a retraining, with real workers, a real broker, a real database.

Training is a fake that lasts until it is let go, and sweeps come every second; all
else is as it runs. Each of pytest's workers has a Postgres and a Redis of its own here.
In none of these is a run stuck, a face lost, or a second champion made.
"""

import threading

import pytest
from django.core.management import call_command
from django.db import connection

from labeling.registry import model_versions, serving
from labeling.training import training_runs
from tests.faults.steps import again
from tests.support import tiny_model
from tests.support.factories import make_accepted_crowd
from tests.support.fault_injection import Machine, Services
from webapp.config import env


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/faults" in item.path.as_posix():
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="package")
def services(django_db_setup, django_db_blocker):
    """Postgres and Redis for these tests; the ORM of this process turns to them."""
    services = Services()
    usual = dict(connection.settings_dict)
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict.update(env.postgres(services.paths.database_url))
        call_command("migrate", verbosity=0)
        yield services
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(usual)
    services.close()


@pytest.fixture(scope="package")
def sweeping(services):
    """A machine that sweeps, all the time. A clock that loses its database ends; it is
    started again, as the supervisor does."""
    machine = Machine(services, "sweeping")
    machine.worker("default")
    is_over = threading.Event()

    def tick() -> None:
        while not is_over.is_set():
            machine.start("beat", "--max-interval", "1").wait()

    ticking = threading.Thread(target=tick, daemon=True)
    ticking.start()
    yield machine
    is_over.set()
    machine.close()
    ticking.join(timeout=1)
    machine.close()  # one that was begun just then


@pytest.fixture
def machine(services, sweeping):
    machine = Machine(services, "first")
    yield machine
    machine.close()


@pytest.fixture
def other_machine(services):
    machine = Machine(services, "second")
    yield machine
    machine.close()


@pytest.fixture(autouse=True)
def base(services, tmp_path, settings):
    """A poor champion and enough faces to do better."""
    settings.FER2013 = settings.FERPLUS = None
    again(lambda: call_command("flush", verbosity=0, interactive=False))
    serving.forget()
    tiny_model.make_artefact(tmp_path / "base", name="base", knows=2)
    make_accepted_crowd(train=75, exam=35)
    return model_versions.register_shipped(tmp_path / "base")


@pytest.fixture
def run():
    return training_runs.request(preset="quick")
