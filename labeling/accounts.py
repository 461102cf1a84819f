"""Accounts: who may do what, tokens for programs, and leaving with everything."""

import hashlib
import logging
import secrets
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from labeling.contributions import withdrawal_log, withdrawals
from labeling.contributions.withdrawals import Receipt
from labeling.errors import Refused
from labeling.models import ApiToken, Erasure, User, Vote

log = logging.getLogger(__name__)

TOKEN_PREFIX = "mien_"  # noqa: S105  so that scanners for leaked secrets know it
TOKEN_BYTES = 32
MAX_TOKENS = 20
HINT_LENGTH = 9
USE_NOTED_EVERY = timedelta(minutes=1)


def make_token(user: User, *, name: str) -> tuple[ApiToken, str]:
    """A new personal token and its secret, which is shown now and never again."""
    name = name.strip()[:60]
    if not name:
        raise Refused("name_missing", _("Please give the token a name."), field="name")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if user.api_tokens.count() >= MAX_TOKENS:
            raise Refused(
                "too_many_tokens", _("You have many tokens. Please delete one first.")
            )
        token = user.api_tokens.create(
            name=name, hint=secret[:HINT_LENGTH], token_hash=_token_hash(secret)
        )
    return token, secret


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


def revoke_token(token: ApiToken) -> None:
    """From now on it opens nothing. Revoking it twice is harmless."""
    ApiToken.objects.filter(pk=token.pk).delete()


@transaction.atomic
def delete_account(user: User, *, is_replay: bool = False) -> Receipt:
    """Delete an account: its faces are withdrawn, its votes belong to nobody.

    Decisions and promotions that the person made stay on record, without a name.
    """
    if not is_replay:
        _keep_one_admin(user)
    user = User.objects.select_for_update().get(pk=user.pk)
    receipt = withdrawals.withdraw_all(by=user)
    _anonymise_votes(user)
    now = timezone.now()
    Erasure.objects.get_or_create(user_key=user.key, defaults={"erased_at": now})
    transaction.on_commit(partial(withdrawal_log.account, user.key, now))
    user.delete()
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
    """Each vote gets a random device of its own, so that nothing ties them together."""
    votes = list(Vote.objects.filter(voter=user).only("pk"))
    for vote in votes:
        vote.voter, vote.device_hash = None, secrets.token_hex(32)
    Vote.objects.bulk_update(votes, ["voter", "device_hash"], batch_size=1000)


def _token_hash(secret: str) -> str:
    """256 random bits need no salt and no stretching."""
    return hashlib.sha256(secret.encode()).hexdigest()
