"""Several hosts that train one run together: who leads, who joins, who is lost.

The attempt that leads takes place 0 and waits for as many as the run asks for; free
training hosts take the other places. Rows carry the attempt: once the run is another's,
or no longer in training, a place is worth nothing.
"""

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from labeling.errors import Refused
from labeling.models import TrainingHost, TrainingRun
from labeling.training import run_options, training_runs

Status = TrainingRun.Status


def lead(run_id: int, attempt: int, address: str) -> TrainingHost:
    """The first place of an attempt; those of former attempts are gone. Raises
    training_runs.Lost."""
    with training_runs.fenced(run_id, attempt) as run:
        TrainingHost.objects.filter(run=run).delete()
        return TrainingHost.objects.create(
            run=run, attempt=attempt, place=0, address=address
        )


@transaction.atomic
def join(run_id: int, address: str) -> TrainingHost | None:
    """A place in a run that waits for hosts, if there is one left."""
    in_training = TrainingRun.objects.filter(pk=run_id, status=Status.TRAINING)
    run = in_training.select_for_update().first()
    if run is None:
        return None
    here = dict(_of(run_id, run.attempt).values_list("place", "address"))
    free = set(range(run_options.of(run).hosts)) - set(here)
    if not here or not free or address in here.values():
        return None
    return TrainingHost.objects.create(
        run=run, attempt=run.attempt, place=min(free), address=address
    )


def is_wanted(host: TrainingHost) -> bool:
    """Still alive; and whether the attempt that it joined is still in training."""
    return bool(
        TrainingHost.objects.filter(
            pk=host.pk, run__attempt=F("attempt"), run__status=Status.TRAINING
        ).update(heartbeat_at=Now())
    )


def leave(host: TrainingHost) -> None:
    TrainingHost.objects.filter(pk=host.pk).delete()


def addresses(run_id: int, attempt: int) -> list[str]:
    """By place."""
    return list(_of(run_id, attempt).values_list("address", flat=True))


def lost(run_id: int, attempt: int) -> str:
    """The address of one that has joined and shows no sign of life, if any."""
    others = _of(run_id, attempt).exclude(place=0)
    silent = others.filter(
        training_runs.older("heartbeat_at", settings.RETRAIN_LOST_AFTER)
    )
    return silent.values_list("address", flat=True).first() or ""


def no_address() -> Refused:
    return Refused(
        "no_training_address",
        _(
            "This run asks for several training hosts, and the host that took it has "
            "no TRAINING_ADDRESS, as in host:7070, at which others would reach it."
        ),
    )


def too_few(here: int, hosts: int) -> Refused:
    return Refused(
        "too_few_hosts",
        format_lazy(
            _("Of {hosts} training hosts {here} came within {seconds} seconds."),
            hosts=hosts,
            here=here,
            seconds=settings.TRAINING_WAIT,
        ),
    )


def _of(run_id: int, attempt: int) -> QuerySet[TrainingHost]:
    return TrainingHost.objects.filter(run=run_id, attempt=attempt)
