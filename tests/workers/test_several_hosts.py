"""Several training hosts on one run, each a thread here: who leads, joins, is lost."""

import sys
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from labeling.errors import Refused
from labeling.models import TrainingHost, TrainingRun
from labeling.registry import serving
from labeling.training import training_hosts, training_runs
from tests.support import several_processes
from tests.support.factories import make_accepted_crowd, make_run
from tests.support.supervised_site import until
from workers.retrain import hosts, trainer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Status = TrainingRun.Status
HERE, THERE = several_processes.free_addresses(2)


@pytest.fixture(autouse=True)
def one_of_several(settings, fake_ml):
    settings.FER2013 = settings.FERPLUS = None
    settings.TRAINING_ADDRESS = HERE
    settings.TRAINING_WAIT = 60
    serving.forget()


@pytest.fixture
def run():
    make_accepted_crowd()
    return training_runs.request(preset="full", options={"hosts": 2})


def in_thread(act, *arguments):
    def work():
        try:
            act(*arguments)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def waits_for_hosts(run):
    run = TrainingRun.objects.get(pk=run.pk)
    here = training_hosts.addresses(run.pk, run.attempt)
    return run.status == Status.TRAINING and here == [HERE]


def train_together(run):
    lead = in_thread(trainer.retrain, run.pk)
    until(lambda: waits_for_hosts(run))
    other = in_thread(hosts.join, run.pk, THERE)
    lead.join()
    other.join()
    run.refresh_from_db()


def test_a_host_joins_and_the_one_that_leads_ends_the_run(run):
    train_together(run)
    assert run.status == Status.DONE, run.log
    assert f"trained by {HERE}, {THERE}" in run.log
    assert run.version.origin == "trained"


def test_a_lost_host_is_named_and_the_next_attempt_goes_on(run, fake_ml):
    fake_ml("--fail", "lost", "--at", 3, "--pace", 0.5)
    train_together(run)
    assert (run.status, run.losses) == (Status.QUEUED, 1)
    assert "b:2 was lost" in run.message
    fake_ml("--epochs", 4)
    train_together(run)
    assert run.status == Status.DONE, run.log
    resumed = run.events.filter(attempt=2)[0].data["resumed_after"]
    assert resumed >= 1


def test_a_host_without_a_sign_of_life_is_named(run, fake_ml, settings):
    fake_ml("--pace", 600)
    lead = in_thread(trainer.retrain, run.pk)
    until(lambda: waits_for_hosts(run))
    silent = training_hosts.join(run.pk, THERE)
    long_ago = timezone.now() - timedelta(seconds=2 * settings.RETRAIN_LOST_AFTER)
    TrainingHost.objects.filter(pk=silent.pk).update(heartbeat_at=long_ago)
    lead.join()
    run.refresh_from_db()
    assert run.status == Status.QUEUED
    assert f"{THERE} shows no sign of life" in run.message


def test_hosts_that_do_not_come_end_the_run_with_a_sentence(run, settings):
    settings.TRAINING_WAIT = 0
    trainer.retrain(run.pk)
    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert "Of 2 training hosts 1 came within 0 seconds." in run.message


def test_a_host_without_an_address_neither_leads_nor_joins(run, settings):
    hosts.join(run.pk, "")
    settings.TRAINING_ADDRESS = ""
    trainer.retrain(run.pk)
    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert "has no TRAINING_ADDRESS" in run.message


def test_a_cancelled_run_lets_the_others_go(run, fake_ml, settings):
    settings.ML_COMMAND = [sys.executable, "-c", "import time; time.sleep(600)"]
    lead = in_thread(trainer.retrain, run.pk)
    until(lambda: waits_for_hosts(run))
    other = in_thread(hosts.join, run.pk, THERE)
    until(lambda: "trained by" in TrainingRun.objects.get(pk=run.pk).log)
    training_runs.cancel(run)
    lead.join()
    other.join()
    run.refresh_from_db()
    assert run.status == Status.CANCELLED
    assert [host.address for host in run.hosts.all()] == [HERE]


def test_places_are_for_who_is_asked_for_once_each_and_while_it_trains(run):
    assert training_hosts.join(run.pk, THERE) is None, "nobody leads"
    TrainingRun.objects.update(status=Status.TRAINING, attempt=1)
    assert training_hosts.join(run.pk, THERE) is None, "nobody leads"
    training_hosts.lead(run.pk, 1, HERE)
    assert training_hosts.join(run.pk, HERE) is None, "it is there already"
    host = training_hosts.join(run.pk, THERE)
    assert host.place == 1
    assert training_hosts.join(run.pk, "c.example:7070") is None, "all are there"
    assert training_hosts.is_wanted(host)
    TrainingRun.objects.update(status=Status.EXAMINING)
    assert not training_hosts.is_wanted(host)
    TrainingRun.objects.update(status=Status.TRAINING, attempt=2)
    assert not training_hosts.is_wanted(host), "another attempt's"
    training_hosts.lead(run.pk, 2, HERE)
    assert training_hosts.addresses(run.pk, 2) == [HERE]


@pytest.mark.parametrize("hosts", [0, 17, 1.5, "many"])
def test_a_number_of_hosts_that_makes_no_sense_is_refused(hosts):
    with pytest.raises(Refused) as refusal:
        training_runs.request(preset="quick", options={"hosts": hosts})
    assert refusal.value.code == "bad_option"


def test_an_older_attempt_takes_no_lead():
    run = make_run(status="training", attempt=2)
    with pytest.raises(training_runs.Lost):
        training_hosts.lead(run.pk, 1, HERE)
