"""Which givers' faces examine the model and which train it. Nobody can choose.

The split is an HMAC of the giver's random key under the site's secret, and it is fixed
at the first gift: a new secret moves nobody.
"""

from django.conf import settings
from django.utils.crypto import salted_hmac

from labeling.models import DatasetSplit, User


def split_of(giver: User | None) -> str:
    """The giver's split, fixed now if this is the first gift.

    Without an account nobody can be told from anybody: such faces train.
    """
    if giver is None:
        return DatasetSplit.TRAIN
    User.objects.filter(pk=giver.pk, split="").update(split=_draw(giver))
    giver.split = User.objects.values_list("split", flat=True).get(pk=giver.pk)
    return giver.split


def split_after_claim(giver: User, split: str) -> str:
    """The split of a face that was given without an account and is claimed now.

    The first gift was made on the training split, so whoever has no split yet is there
    too. With an examiner it would mix the splits: it goes to neither.
    """
    User.objects.filter(pk=giver.pk, split="").update(split=DatasetSplit.TRAIN)
    giver.split = User.objects.values_list("split", flat=True).get(pk=giver.pk)
    return split if giver.split == split else DatasetSplit.NEITHER


def _draw(giver: User) -> str:
    drawn = salted_hmac("labeling.holdout", str(giver.key), algorithm="sha256").digest()
    return (
        DatasetSplit.EXAM
        if int.from_bytes(drawn) % 100 < settings.HOLD_OUT_PERCENT
        else DatasetSplit.TRAIN
    )
