"""A gift that is sent again because its answer was lost gets its first answer.

Number and private link follow from the sender's key, the face token and the site's
secret key, so that nothing has to be stored to find them again.
"""

import base64
from dataclasses import dataclass
from uuid import UUID

from django.utils.crypto import salted_hmac

from labeling.contributions.offers import SECRET_BYTES, Offer
from labeling.contributions.withdrawals import secret_hash
from labeling.models import Contribution, User

SALT = "mien.gift.repeated"


@dataclass(frozen=True)
class GiftName:
    pk: UUID
    secret: str  # of the private link, where there is no account

    def first_answer(self, *, by: User | None) -> Offer | None:
        """None where it was never given, or is gone."""
        face = Contribution.objects.filter(pk=self.pk, giver=by).first()
        if face is None:
            return None
        is_ours = face.withdrawal_hash == secret_hash(self.secret)
        secret = self.secret if is_ours else None
        return Offer(face, secret, is_second_label=face.cluster is not None)


def name_of(key: str, token: str, *, by: User | None) -> GiftName:
    """What the gift of this token is called, if it is sent with this key."""
    who = str(by.key) if by else ""
    said = "|".join((who, token, key))
    number = salted_hmac(f"{SALT}.number", said, algorithm="sha256").digest()
    secret = salted_hmac(f"{SALT}.secret", said, algorithm="sha256").digest()
    text = base64.urlsafe_b64encode(secret[:SECRET_BYTES]).rstrip(b"=").decode()
    return GiftName(UUID(bytes=number[:16], version=4), text)
