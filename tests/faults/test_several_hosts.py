"""Two training hosts with real workers and TensorFlow on one run; one of them is lost.

`TRAIN_TOGETHER=1` runs it: a drill, of minutes.
"""

import os

import pytest

from labeling.models import TrainingRun
from labeling.training import training_hosts, training_runs
from tests.faults.steps import checkpoint_of, expect_ended, send, status_of
from tests.support import several_processes
from tests.support.fault_injection import wait_for

pytestmark = pytest.mark.skipif(
    not os.environ.get("TRAIN_TOGETHER"), reason="a drill: TRAIN_TOGETHER=1"
)

KNOBS = {
    "network": "vgg-tiny",
    "epochs": 40,
    "batch": 16,
    "precision": "float32",
    "int8": False,
}


@pytest.fixture
def run():
    options = {"hosts": 2, "set": KNOBS}
    return training_runs.request(preset="full", options=options)


@pytest.fixture
def addresses(machine, other_machine):
    addresses = several_processes.free_addresses(2)
    for host, address in zip((machine, other_machine), addresses, strict=True):
        host.env |= {"TRAINING_ADDRESS": address, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return addresses


def test_a_lost_host_is_named_and_the_run_goes_on_from_its_checkpoint(
    machine, other_machine, addresses, services, run
):
    workers = [host.trainer() for host in (machine, other_machine)]
    send(services, run)
    wait_for(lambda: checkpoint_of(run) >= 1, "a checkpoint of both")
    run.refresh_from_db()
    together = training_hosts.addresses(run.pk, 1)
    assert sorted(together) == sorted(addresses)

    along = addresses.index(together[1])
    workers[along].kill()
    wait_for(lambda: TrainingRun.objects.get(pk=run.pk).losses, "the loss")
    run.refresh_from_db()
    told = next(line for line in run.log.splitlines() if "has ended" in line)
    assert together[1] in told, "who finds it first: the rows, or TensorFlow"

    (machine, other_machine)[along].trainer()
    expect_ended(run, attempt=2)
    assert "resumed after epoch" in run.log
    assert run.log.count("trained by") == 2
    assert status_of(run) == "done"
