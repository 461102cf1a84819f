"""Which givers' faces examine the model and which train it. Nobody can choose.

The side is an HMAC of the giver's random key under the site's secret, and it is fixed
at the first gift: a new secret moves nobody.
"""

from django.conf import settings
from django.utils.crypto import salted_hmac

from labeling.models import Side, User


def side_of(giver: User | None) -> str:
    """The giver's side, fixed now if this is the first gift.

    Without an account nobody can be told from anybody: such faces train.
    """
    if giver is None:
        return Side.TRAIN
    User.objects.filter(pk=giver.pk, side="").update(side=_draw(giver))
    giver.side = User.objects.values_list("side", flat=True).get(pk=giver.pk)
    return giver.side


def side_after_claim(giver: User, side: str) -> str:
    """The side of a face that was given without an account and is claimed now.

    The first gift was made on the training side, so whoever has no side yet is there
    too. With an examiner it would mix the sides: it goes to neither.
    """
    User.objects.filter(pk=giver.pk, side="").update(side=Side.TRAIN)
    giver.side = User.objects.values_list("side", flat=True).get(pk=giver.pk)
    return side if giver.side == side else Side.NEITHER


def _draw(giver: User) -> str:
    drawn = salted_hmac("labeling.holdout", str(giver.key), algorithm="sha256").digest()
    return (
        Side.EXAM
        if int.from_bytes(drawn) % 100 < settings.HOLD_OUT_PERCENT
        else Side.TRAIN
    )
