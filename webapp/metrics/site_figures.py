"""The site's figures as Prometheus reads them: each a gauge of what the database and
the broker say at that moment, so that any host tells the same."""

from collections.abc import Iterator, Mapping

from django.conf import settings
from django.db import DatabaseError
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from labeling.stats import operations
from labeling.stats.operations import Operations
from webapp.config import version
from workers import heartbeat, queues


class SiteCollector(Collector):
    def collect(self) -> Iterator[Metric]:
        yield _info("mien_version", "What runs on this host.", version.running())
        try:
            seen = operations.look()
        except DatabaseError:
            yield _gauge("mien_database_up", "Whether Postgres answers.", 0)
        else:
            yield _gauge("mien_database_up", "Whether Postgres answers.", 1)
            yield from _of_faces(seen)
            yield from _of_trainings(seen)
            yield from _of_champion(seen)
            yield from _of_backups(seen)
        try:
            yield from _of_broker(queues.look(), heartbeat.seen())
        except RedisError:
            yield _gauge("mien_broker_up", "Whether Redis answers.", 0)


def _of_faces(seen: Operations) -> Iterator[Metric]:
    yield _by("mien_faces", "Faces that are kept.", "status", seen.faces)
    yield _gauge(
        "mien_oldest_waiting_seconds",
        "How long the oldest face waits for a decision.",
        seen.oldest_waiting,
    )
    yield _gauge("mien_withdrawn_faces", "Faces taken back.", seen.withdrawn)
    yield _gauge(
        "mien_withdrawn_faces_in_champion",
        "Taken back, and the model in use has learned from them.",
        seen.withdrawn_in_champion,
    )
    yield _gauge(
        "mien_withdrawn_in_champion_seconds",
        "Since when the first of these is taken back.",
        seen.withdrawn_in_champion_for,
    )
    yield _gauge(
        "mien_not_erased_seconds",
        "Since when deleted bytes lie in the database's files.",
        seen.not_erased_for,
    )
    yield _by("mien_consents", "Faces by the text agreed to.", "version", seen.consents)
    yield _by(
        "mien_notices", "Faces by the notice read before.", "version", seen.notices
    )
    yield _info(
        "mien_consent_text", "The text shown now.", {"version": seen.consent_version}
    )


def _of_trainings(seen: Operations) -> Iterator[Metric]:
    yield _by("mien_runs", "Training runs.", "status", seen.runs)
    yield _by("mien_exams", "Exams, by what came of them.", "outcome", seen.exams)
    for name, text, value in (
        ("mien_run_seconds", "Since when the present run is on.", seen.run_started),
        (
            "mien_run_heartbeat_seconds",
            "Since the present run's last sign of life.",
            seen.run_heartbeat,
        ),
        ("mien_last_run_seconds", "What the last run took.", seen.last_run_took),
        (
            "mien_last_run_age_seconds",
            "Since the last run was done.",
            seen.last_run_done,
        ),
    ):
        yield _gauge(name, text, value)
    lost = settings.RETRAIN_LOST_AFTER
    yield _gauge("mien_run_lost_after_seconds", "Silence that loses a run.", lost)


def _of_champion(seen: Operations) -> Iterator[Metric]:
    name = {"name": seen.champion or ""}
    yield _info("mien_champion", "The model in use.", name)
    yield _gauge(
        "mien_champion_age_seconds", "Since when it is in use.", seen.champion_for
    )
    rate = seen.champion_feedback
    yield _gauge(
        "mien_corrections", "Answers that it was wrong.", rate.wrong if rate else 0
    )
    yield _gauge("mien_answers", "Answers about it, all.", rate.n if rate else 0)


def _of_backups(seen: Operations) -> Iterator[Metric]:
    yield _gauge(
        "mien_last_backup_age_seconds", "Since the last backup.", seen.last_backup
    )
    yield _gauge(
        "mien_backups_scheduled",
        "Whether the clock makes one each night.",
        bool(settings.BACKUP_AT),
    )


def _of_broker(
    waiting: Mapping[str, queues.Queue], workers: Mapping[str, int]
) -> Iterator[Metric]:
    yield _gauge("mien_broker_up", "Whether Redis answers.", 1)
    depth = {name: queue.waiting for name, queue in waiting.items()}
    age = {name: queue.oldest for name, queue in waiting.items()}
    yield _by("mien_queue_messages", "Messages that wait.", "queue", depth)
    yield _by("mien_queue_seconds", "How long the oldest waits.", "queue", age)
    yield _by("mien_workers", "Workers that serve a queue.", "queue", workers)


def _gauge(name: str, text: str, value: float | None) -> Metric:
    """Without a sample where there is no value: none is not nought."""
    family = GaugeMetricFamily(name, text, labels=[])
    if value is not None:
        family.add_metric([], value)
    return family


def _by(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _info(name: str, text: str, values: Mapping[str, str]) -> Metric:
    return InfoMetricFamily(name, text, value=dict(values))
