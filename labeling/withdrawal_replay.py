"""What a restored backup brought back is withdrawn again, by the log of withdrawals."""

from pathlib import Path

from labeling import accounts
from labeling.contributions import withdrawal_log, withdrawals
from labeling.models import User, Withdrawal

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
