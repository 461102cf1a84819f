"""The audit log: who did what with more rights than a visitor has. Decisions on faces
and promotions have rows of their own (`Review`, `Promotion`); all else is here."""

import logging
import os
import pwd
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model, Q, QuerySet

from labeling.models import (
    AuditEntry,
    Contribution,
    ModelVersion,
    TrainingRun,
    User,
    Webhook,
)

log = logging.getLogger(__name__)

Act = AuditEntry.Act

# What an act may be about, as entries call it.
KINDS: dict[type[Model], str] = {
    User: "account",
    Contribution: "face",
    TrainingRun: "run",
    ModelVersion: "version",
    Webhook: "webhook",
}

# What bounds the site or decides for people, as a start finds it.
LIMITS = (
    *("DETECT_RATE", "LIVE_RATE", "GIVE_RATE", "VOTE_RATE", "REPORT_RATE"),
    *("WEB_PROCESSES", "WEB_THREADS", "CONNECTIONS_PER_ADDRESS"),
    *("TRUSTED_PROXIES", "DEBUG", "STAFF_MFA", "CORS_ALLOWED_ORIGINS"),
    *("VOTES_WANTED", "VOTE_VIEWS"),
    *("VOTES_ACCEPT", "VOTES_REJECT", "VOTES_AGREEMENT"),
    *("PROMOTION_POLICY", "RETRAIN_MIN_FACES", "CAP_FACES", "CAP_PERCENT"),
    *("RECORD_PERCENT", "DOUBT_PERCENT", "HOLD_OUT_PERCENT"),
    *("HOLD_OUT_FACES", "HOLD_OUT_GIVERS"),
    "WEBHOOKS_TO_LOOPBACK",
    *("PURPOSE", "LEGAL_BASIS", "MINIMUM_AGE", "IMPACT_ASSESSMENT"),
    *("KEEP_WAITING_DAYS", "KEEP_REJECTED_DAYS", "KEEP_BACKUPS_DAYS"),
    *("KEEP_DAILY_BACKUPS", "KEEP_WEEKLY_BACKUPS", "KEEP_MONTHLY_BACKUPS"),
)


def record(
    act: Act,
    *,
    by: User | None = None,
    subject: Model | None = None,
    details: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Write an act down, in the transaction of the act: both stand, or neither.

    No names, addresses or secrets belong into `details`: an entry outlives the account
    that it is about. Without `by`, it says which user of the machine ran the program.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "An act and its audit entry belong into one transaction."
        )
    said = dict(details or {})
    if by is None:
        said["system_user"] = _system_user()
    entry = AuditEntry.objects.create(
        act=act,
        by_key=by.key if by else None,
        subject=_name_of(subject) if subject else "",
        details=said,
    )
    # In the site's log too: who owns the database could still change what it holds.
    who = entry.by_key or said["system_user"]
    line = ("on record: %s %s by %s", act.value, entry.subject, who)
    transaction.on_commit(partial(log.info, *line))
    return entry


@transaction.atomic
def record_limits() -> AuditEntry | None:
    """At a start: the limits, if they are others than at the last start."""
    now = {name.lower(): _as_json(getattr(settings, name)) for name in LIMITS}
    entries = AuditEntry.objects.filter(act=Act.LIMITS_SET)
    last = entries.values_list("details__all_limits", flat=True).first() or {}
    changed = {
        name: f"{last.get(name)} → {value}"
        for name, value in now.items()
        if last and last.get(name) != value
    }
    if last and not changed:
        return None
    return record(Act.LIMITS_SET, details={"changed": changed, "all_limits": now})


def last(act: Act) -> datetime | None:
    """When it was done the last time."""
    done = AuditEntry.objects.filter(act=act).order_by("-at")
    return done.values_list("at", flat=True).first()


def of(user: User) -> QuerySet[AuditEntry]:
    """What was done to an account, and what it did."""
    return AuditEntry.objects.filter(Q(subject=_name_of(user)) | Q(by_key=user.key))


def keep(entries: Iterable[AuditEntry]) -> None:
    """Bring entries along into a restored database; those it knows are passed over."""
    AuditEntry.objects.bulk_create(entries, ignore_conflicts=True, batch_size=1000)


def _name_of(subject: Model) -> str:
    """An account by its key: a restore could give its number to somebody else."""
    which = subject.key if isinstance(subject, User) else subject.pk
    return f"{KINDS[subject.__class__]} {which}"


def _as_json(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _system_user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # containers run as numbers
        return str(os.getuid())
