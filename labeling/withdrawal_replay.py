"""What a restored backup brought back is withdrawn again, by the log of withdrawals; or
set aside, where nobody can tell what was withdrawn."""

from pathlib import Path
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models.functions import Now

from labeling import accounts
from labeling.contributions import withdrawal_log, withdrawals
from labeling.models import (
    Contribution,
    Erasure,
    SiteRecord,
    TrainingRun,
    User,
    Withdrawal,
)
from labeling.training import training_runs

BATCH = 1000


def replay(file: Path) -> tuple[int, int]:
    """Withdraw again what a restored backup brought back; (faces, accounts) gone."""
    lines = list(withdrawal_log.read(file))
    keys = {line.id for line in lines if line.kind == "account"}
    erased = [
        accounts.delete_account(user, is_replay=True)
        for user in User.objects.filter(key__in=keys)
    ]
    tombstones = [
        Withdrawal(
            contribution_id=line.id,
            withdrawn_at=line.at,
            was_released=line.was_released,
        )
        for line in lines
        if line.kind == "face"
    ]
    faces = sum(receipt.count for receipt in erased)
    for start in range(0, len(tombstones), BATCH):
        batch = tombstones[start : start + BATCH]
        faces += withdrawals.withdraw_ids([tombstone.pk for tombstone in batch]).count
        # Those that the backup never knew may stand in a release all the same.
        Withdrawal.objects.bulk_create(batch, ignore_conflicts=True)
    return faces, len(erased)


def tombstones() -> set[UUID]:
    """All faces and accounts that are known to be gone."""
    erased = Erasure.objects.values_list("pk", flat=True)
    return {*Withdrawal.objects.values_list("pk", flat=True), *erased}


@transaction.atomic
def set_all_aside() -> int:
    """Nobody sees the faces and no training uses them, until their givers consent anew.

    What this site knows of withdrawals is no longer all: it is another site from now
    on, and no dump made before takes its word. Runs under way, which hold such faces,
    are cancelled.
    """
    for run in TrainingRun.objects.active():
        training_runs.cancel(run)
    SiteRecord.objects.filter(pk=SiteRecord.get().pk).update(key=uuid4())
    return Contribution.objects.update(
        status=Contribution.Status.IN_DOUBT, decided_at=Now(), screened_at=None
    )
