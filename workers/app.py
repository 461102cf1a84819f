"""The Celery app: two queues, messages that carry only ids, and the clock (beat).

Threads, not forked processes: a training task must hear of a shutdown to hand its run
back, and only threads share the signal with the main process. The heavy work is done in
a child process anyway (`workers/retrain/trainer.py`).
"""

import logging
import os
import sys
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import (
    beat_init,
    celeryd_init,
    setup_logging,
    worker_ready,
    worker_shutting_down,
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.config.settings")
# They would load every page; the supervisor checks the site before it starts.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

from django.conf import settings

from workers import heartbeat

app = Celery("mien")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    task_default_queue="default",
    task_routes={
        "workers.tasks.retrain": {"queue": "training"},
        "workers.tasks.join": {"queue": "training"},
        "workers.tasks.measure": {"queue": "training"},
    },
    # Nobody waits for a result: the rows are the truth.
    task_ignore_result=True,
    # Early ack: a lost worker's run is found by the sweeper, not by redelivery.
    task_acks_late=False,
    task_reject_on_worker_lost=False,
    worker_prefetch_multiplier=1,
    worker_pool="threads",
    worker_concurrency=2,
    worker_hijack_root_logger=False,
    # With the broker away, a button answers at once; the sweeper sends it later.
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1},
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "socket_connect_timeout": 3,
        "socket_timeout": 30,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "visibility_timeout": 86_400,
    },
    beat_schedule_filename=str(settings.MIEN_DATA / "beat-schedule"),
    beat_max_loop_interval=5,
    timezone=settings.TIME_ZONE,
    imports=["workers.tasks"],
)


def _daily(clock: str) -> crontab:
    hour, _, minute = clock.partition(":")
    return crontab(hour=hour, minute=minute or "0")


# What a late tick would only repeat expires before the next one.
app.conf.beat_schedule = {
    "sweep": {
        "task": "workers.tasks.sweep",
        "schedule": timedelta(seconds=settings.SWEEP_EVERY),
        "options": {"expires": max(settings.SWEEP_EVERY, 1)},
    },
    "purge": {
        "task": "workers.tasks.purge",
        "schedule": crontab(hour="4", minute="10"),
        "options": {"expires": 3600},
    },
    # Each hour, whether it is due: in the night, or by day when the night was missed.
    "erase": {
        "task": "workers.tasks.erase",
        "schedule": crontab(minute="40"),
        "options": {"expires": 3000},
    },
    "rank": {
        "task": "workers.tasks.rank",
        "schedule": crontab(hour="4", minute="20"),
        "options": {"expires": 3600},
    },
    "compare": {
        "task": "workers.tasks.compare",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "count": {
        "task": "workers.tasks.count",
        "schedule": timedelta(minutes=5),
        "options": {"expires": 300},
    },
}
if settings.RETRAIN_AT:
    app.conf.beat_schedule["retrain when due"] = {
        "task": "workers.tasks.retrain_when_due",
        "schedule": _daily(settings.RETRAIN_AT),
        "options": {"expires": 3600},
    }
if settings.BACKUP_AT:
    app.conf.beat_schedule["back up"] = {
        "task": "workers.tasks.back_up",
        "schedule": _daily(settings.BACKUP_AT),
        "options": {"expires": 3600},
    }


@celeryd_init.connect
@beat_init.connect
def _refuse_without_controller(**_: Any) -> None:
    """Workers and clock of a site that others reach, however they were started."""
    if settings.UNSTATED:
        sys.exit("\n".join(["Not stated for a site in public:", *settings.UNSTATED]))


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Django's LOGGING is in force already; Celery must not put its own over it."""
    # A sweep every few seconds is no news.
    for name in ("celery.beat", "celery.app.trace"):
        logging.getLogger(name).setLevel(logging.WARNING)


@beat_init.connect
def _be_the_only_clock(sender: Any, **_: Any) -> None:
    from workers import clock  # the models were not ready when this file was read

    if clock.wait_for_turn():
        for entry in sender.scheduler.schedule.values():
            entry.last_run_at = app.now()  # the clock before has seen to it


@worker_ready.connect
def _start_heartbeat(**_: Any) -> None:
    heartbeat.start(list(app.amqp.queues.consume_from))


@worker_shutting_down.connect
def _hand_runs_back(**_: Any) -> None:
    from workers.retrain import (
        run_lease,  # the models were not ready when this file was read
    )

    run_lease.stop_all()
