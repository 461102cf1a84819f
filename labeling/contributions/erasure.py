"""What was deleted lies in the database's files until its place is used again. Each
night the files are written anew, so that within a day nothing of it is in them."""

from django.db.models import F
from django.db.models.functions import Now

from labeling.models import SiteRecord


def count_deletion() -> None:
    """Something personal was deleted, in this transaction: its bytes are to follow."""
    SiteRecord.get()
    SiteRecord.objects.filter(deletions=F("erased")).update(deleted_at=Now())
    SiteRecord.objects.update(deletions=F("deletions") + 1)
