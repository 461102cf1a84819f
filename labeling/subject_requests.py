"""What somebody asks for by mail, about themselves: their data, or that they go. The
operator does it at the shell, and it is on record."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from labeling import accounts, audit
from labeling.contributions import withdrawals
from labeling.contributions.withdrawals import Receipt
from labeling.errors import Refused
from labeling.models import Contribution, User


@dataclass(frozen=True)
class Subject:
    """Whom the data are about: an account, or whoever has these faces' links."""

    user: User | None
    faces: QuerySet[Contribution]


def find(who: str) -> Subject:
    """By an account's address, or by private links. Raises Refused."""
    if "@" in who:
        user = User.objects.filter(email__iexact=who.strip()).first()
        if user is None:
            raise Refused("unknown_account", _("No account has this address."))
        return Subject(user, user.gifts.all())
    secrets = who.rpartition("#")[2].split(",")
    ids = [withdrawals.face_of_secret(secret.strip()).pk for secret in secrets]
    return Subject(None, Contribution.objects.filter(pk__in=ids))


@transaction.atomic
def record_download(subject: Subject) -> None:
    _record(audit.Act.DATA_HANDED_OUT, subject)


@transaction.atomic
def delete(subject: Subject) -> Receipt:
    """The account with all that it gave, or the faces of the links."""
    if subject.user:
        _record(audit.Act.ACCOUNT_DELETED, subject)
        return accounts.delete_account(subject.user)
    _record(audit.Act.FACE_WITHDRAWN, subject)
    return withdrawals.withdraw_ids(subject.faces.values_list("pk", flat=True))


def _record(act: audit.Act, subject: Subject) -> None:
    details = {"faces": subject.faces.count(), "asked_by": "mail"}
    audit.record(act, subject=subject.user or subject.faces.first(), details=details)
