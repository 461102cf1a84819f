"""Several training hosts on one run: the one that leads gathers the others, each of
which trains along and leaves the rest of the run to it."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils.translation import gettext as _

from labeling.datasets import snapshots
from labeling.models import Snapshot, TrainingHost, TrainingRun
from labeling.training import run_options, training_hosts, training_runs
from ml.training_events import ignore
from workers.retrain import ml_arguments, ml_subprocess, run_lease, workspace
from workers.retrain.ml_subprocess import SubprocessFailed
from workers.retrain.run_lease import RunLease, Stopped

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds between two looks at the rows
CALL_EVERY = 5.0  # seconds after which those that are missing are called again

# Asks one host to join the run of that number; how long that holds, in seconds.
Call = Callable[[int, float], None]


class HostLost(Exception):
    """One that trains along shows no sign of life; str() says which."""


@dataclass(frozen=True)
class Group:
    """Who trains a run together, as `python -m ml train` has to know it."""

    addresses: list[str]
    place: int
    go_on: Callable[[], None]  # raises what shall end this host's part

    def arguments(self) -> list[str]:
        return ["--strategy", "multi-worker"] if len(self.addresses) > 1 else []

    def environment(self) -> dict[str, str]:
        if len(self.addresses) < 2:
            return {}
        task = {"type": "worker", "index": self.place}
        group = {"cluster": {"worker": self.addresses}, "task": task}
        return {"TF_CONFIG": json.dumps(group)}


def gather(
    run: TrainingRun,
    lease: RunLease,
    attempt: int,
    *,
    note: Callable[..., None],
    call: Call,
) -> Group:
    """The hosts that a run asks for, this one first, once they are there. Raises
    Refused where they do not come, Stopped, and training_runs.Lost."""
    hosts = run_options.of(run).hosts
    if hosts == 1:
        return Group([], 0, lease.go_on)
    address = settings.TRAINING_ADDRESS
    if not address:
        raise training_hosts.no_address()
    lead = partial(training_hosts.lead, run.pk, attempt, address)
    lease.retry_on_disconnect(lead)
    note(message=_("Waiting for %(hosts)s training hosts.") % {"hosts": hosts})
    come = partial(training_hosts.addresses, run.pk, attempt)
    end = time.monotonic() + settings.TRAINING_WAIT
    call_at = 0.0
    while len(here := lease.retry_on_disconnect(come)) < hosts:
        lease.go_on()
        now = time.monotonic()
        if now > end:
            raise training_hosts.too_few(len(here), hosts)
        if now >= call_at:
            call_at = now + CALL_EVERY
            for _missing in range(hosts - len(here)):
                call(run.pk, CALL_EVERY)
        time.sleep(LOOK_EVERY)
    note(message=_("Training."), log=f"trained by {', '.join(here)}")

    def look() -> None:
        if silent := training_hosts.lost(run.pk, attempt):
            raise HostLost(f"{silent} shows no sign of life")

    return Group(here, 0, _Looking(look, first=lease.go_on).go_on)


def join(run_id: int, address: str) -> None:
    """Train along with the host that leads a run, if it waits for one."""
    if not address:
        log.warning("run %s asks for hosts, and this has no TRAINING_ADDRESS", run_id)
        return
    if run_lease.is_shutting_down():
        return
    host = training_hosts.join(run_id, address)
    if host is None:
        return
    try:
        _train_along(host)
    except Stopped as stopped:
        log.info("run %s is trained along no more: %s", run_id, stopped.why)
    except SubprocessFailed as failure:
        _tell(host, failure.sentence)
    finally:
        training_hosts.leave(host)


def _train_along(host: TrainingHost) -> None:
    def look() -> None:
        if run_lease.is_shutting_down():
            raise Stopped("shutdown")
        if not training_hosts.is_wanted(host):
            raise Stopped("lost")

    go_on = _Looking(look).go_on
    run = TrainingRun.objects.get(pk=host.run_id)
    with workspace.folder(run.pk, host.attempt, place=host.place) as folder:
        snapshots.write(Snapshot.objects.get(run=run), folder / "snapshot", go_on=go_on)
        command = ml_arguments.train(run, folder, run.parent)
        while len(all_ := training_hosts.addresses(run.pk, host.attempt)) < (
            run_options.of(run).hosts
        ):
            go_on()
            time.sleep(LOOK_EVERY)
        group = Group(all_, host.place, go_on)
        ml_subprocess.train(
            [*command, *group.arguments()],
            go_on=group.go_on,
            on_event=ignore,  # of the whole the one that leads tells
            environment=group.environment(),
        )


def _tell(host: TrainingHost, what: str) -> None:
    try:
        training_runs.note(host.run_id, host.attempt, log=f"{host.address}: {what}")
    except training_runs.Lost:
        log.info("run %s has ended: %s", host.run_id, what)


class _Looking:
    """Looks at the rows from time to time, whatever Postgres does meanwhile."""

    def __init__(
        self, look: Callable[[], None], *, first: Callable[[], None] = lambda: None
    ) -> None:
        self.look = look
        self.first = first
        self.next_at = 0.0

    def go_on(self) -> None:
        self.first()
        if time.monotonic() < self.next_at:
            return
        self.next_at = time.monotonic() + LOOK_EVERY
        try:
            self.look()
        except (DatabaseError, InterfaceError) as problem:
            log.warning("no look at who trains along: %s", problem)
            connection.close()
