"""Accounts: who may do what, tokens for programs, and leaving with everything."""

import hashlib
import logging
import secrets
from collections.abc import Collection
from datetime import timedelta
from functools import partial

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from labeling import audit
from labeling.contributions import erasure, withdrawal_log, withdrawals
from labeling.contributions.withdrawals import Receipt
from labeling.errors import Refused
from labeling.models import ApiToken, Erasure, Scope, Session, User, Vote

log = logging.getLogger(__name__)

TOKEN_PREFIX = "mien_"  # noqa: S105  so that scanners for leaked secrets know it
TOKEN_BYTES = 32
MAX_TOKENS = 20
HINT_LENGTH = 9
USE_NOTED_EVERY = timedelta(minutes=1)
# What an account may do, beside its groups, and the column that says so.
FLAGS = {"active": "is_active", "staff": "is_staff", "admin": "is_superuser"}


@transaction.atomic
def change_rights(user: User, rights: Collection[str], *, by: User | None) -> None:
    """Give an account exactly these rights: names of FLAGS and of groups."""
    if not {"active", "admin"} <= set(rights):
        _keep_one_admin(User.objects.get(pk=user.pk))
    user = User.objects.select_for_update().get(pk=user.pk)
    before, after = rights_of(user), set(rights)
    if before == after:
        return
    flags = {column: right in after for right, column in FLAGS.items()}
    User.objects.filter(pk=user.pk).update(**flags)
    user.groups.set(Group.objects.filter(name__in=after))
    changes = {"granted": sorted(after - before), "revoked": sorted(before - after)}
    audit.record(audit.Act.RIGHTS_CHANGED, by=by, subject=user, details=changes)


def rights_of(user: User) -> set[str]:
    flags = {right for right, column in FLAGS.items() if getattr(user, column)}
    return flags | set(user.groups.values_list("name", flat=True))


@transaction.atomic
def set_password(user: User, password: str | None, *, by: User) -> None:
    """An admin sets somebody's password; None: none opens the account any more."""
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record(audit.Act.PASSWORD_SET, by=by, subject=user)


@transaction.atomic
def remove_second_factors(user: User, *, by: User | None) -> bool:
    """All of them: recovery codes alone would still ask for a factor."""
    factors = Authenticator.objects.filter(user=user)
    kinds = sorted(factors.values_list("type", flat=True))
    if not factors.delete()[0]:
        return False
    details = {"kinds": kinds}
    audit.record(audit.Act.SECOND_FACTOR_REMOVED, by=by, subject=user, details=details)
    return True


@transaction.atomic
def confirm_address(address: EmailAddress, *, by: User) -> None:
    """As if its owner had followed the link that did not arrive."""
    address = EmailAddress.objects.select_for_update().get(pk=address.pk)
    if address.verified:
        return
    if not address.set_verified():
        raise Refused("address_taken", _("Another account has confirmed this address."))
    audit.record(audit.Act.ADDRESS_CONFIRMED, by=by, subject=address.user)


def say_of_age(user: User) -> None:
    """A yes to the minimum age of the site; nothing more is kept."""
    User.objects.filter(pk=user.pk).update(is_of_age=True)


def choose_language(user: User, language: str) -> None:
    """What the pages speak to it from now on, in every browser."""
    User.objects.filter(pk=user.pk).update(language=language)


def make_token(
    user: User,
    *,
    name: str,
    scopes: Collection[str] = Scope.values,
    by: ApiToken | None = None,
) -> tuple[ApiToken, str]:
    """A new personal token and its secret, which is shown now and never again.

    `by`: the token that asks for it. It opens no more than that one, and ends with it.
    """
    name = name.strip()[:60]
    if not name:
        raise Refused("name_missing", _("Please give the token a name."), field="name")
    _check_scopes(scopes, by)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if user.api_tokens.count() >= MAX_TOKENS:
            raise Refused(
                "too_many_tokens", _("You have many tokens. Please delete one first.")
            )
        token = user.api_tokens.create(
            name=name,
            hint=secret[:HINT_LENGTH],
            token_hash=_token_hash(secret),
            scopes=[scope for scope in Scope.values if scope in scopes],
            made_by=by,
        )
    return token, secret


def _check_scopes(scopes: Collection[str], by: ApiToken | None) -> None:
    if not scopes or not set(scopes) <= set(Scope.values):
        raise Refused(
            "unknown_scope",
            _("Please say what the token may do, at least one thing."),
            field="scopes",
        )
    if by and not set(scopes) <= set(by.scopes):
        raise Refused(
            "scope_exceeded",
            _("A token makes none that may do more than itself."),
            field="scopes",
        )


def find_token(secret: str) -> ApiToken | None:
    """The token with its user; None for a revoked one, or one of a disabled account."""
    tokens = ApiToken.objects.filter(
        token_hash=_token_hash(secret), user__is_active=True
    )
    token = tokens.select_related("user").first()
    if token is None:
        return None
    long_ago = Q(last_used_at=None) | Q(last_used_at__lt=Now() - USE_NOTED_EVERY)
    ApiToken.objects.filter(long_ago, pk=token.pk).update(last_used_at=Now())
    return token


def tokens_to_end(user: User, *, by: ApiToken | None) -> QuerySet[ApiToken]:
    """Those that a person may revoke: all of his own. A token: itself, and those that
    it made."""
    own = ApiToken.objects.filter(user=user)
    return own.filter(Q(pk=by.pk) | Q(made_by=by)) if by else own


@transaction.atomic
def revoke_token(token: ApiToken, *, by: User | None = None) -> None:
    """From now on it opens nothing. Revoking it twice is harmless."""
    gone, _rows = ApiToken.objects.filter(pk=token.pk).delete()
    if gone and by and by.pk != token.user_id:
        details = {"hint": token.hint}
        audit.record(
            audit.Act.TOKEN_REVOKED, by=by, subject=token.user, details=details
        )


def live_sessions(user: User) -> QuerySet[Session]:
    return user.sessions.filter(expire_date__gt=Now()).order_by("-last_used_at")


def end_session(session: Session) -> None:
    """That browser is signed out with its next request."""
    session.get_session_store_class()().delete(session.session_key)


def end_other_sessions(user: User, *, but: str | None) -> int:
    """All but the one with this key; how many."""
    others = list(live_sessions(user).exclude(session_key=but))
    for session in others:
        end_session(session)
    return len(others)


@transaction.atomic
def delete_account(
    user: User, *, by: User | None = None, is_replay: bool = False
) -> Receipt:
    """Delete an account: its faces are withdrawn, its votes are nobody's, and count for
    nothing more.

    Decisions and promotions that the person made stay on record, without a name.
    `by`: the admin who does it for somebody else.
    """
    if not is_replay:
        _keep_one_admin(user)
    user = User.objects.select_for_update().get(pk=user.pk)
    receipt = withdrawals.withdraw_all(by=user)
    _anonymise_votes(user)
    now = timezone.now()
    Erasure.objects.get_or_create(user_key=user.key, defaults={"erased_at": now})
    transaction.on_commit(partial(withdrawal_log.account, user.key, now))
    if by and by.pk != user.pk:
        details = {"faces": receipt.count}
        audit.record(audit.Act.ACCOUNT_DELETED, by=by, subject=user, details=details)
    user.delete()
    erasure.count_deletion()
    log.info("an account was erased, with %s faces", receipt.count)
    return receipt


def _keep_one_admin(user: User) -> None:
    """All admins are held until this one is gone: two cannot leave at once."""
    admins = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    if user.is_superuser and not set(admins.select_for_update()) - {user}:
        raise Refused(
            "last_admin",
            _("You are the only admin. Please make somebody else one first."),
        )


def _anonymise_votes(user: User) -> None:
    """Each vote gets a random device of its own, so that nothing ties them together.
    That its voter left is kept: a ring could launder its votes otherwise."""
    votes = list(Vote.objects.filter(voter=user).only("pk"))
    for vote in votes:
        vote.voter, vote.device_hash = None, secrets.token_hex(32)
        vote.voter_left = True
    changed = ["voter", "device_hash", "voter_left"]
    Vote.objects.bulk_update(votes, changed, batch_size=1000)


def _token_hash(secret: str) -> str:
    """256 random bits need no salt and no stretching."""
    return hashlib.sha256(secret.encode()).hexdigest()
