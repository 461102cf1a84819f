"""Yes or no to "Is this right?": the guess and the answer are kept, no picture."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from labeling.detection.photos import FaceClaim
from labeling.errors import Refused
from labeling.models import PredictionFeedback


def record(claim: FaceClaim, is_right: bool) -> PredictionFeedback:
    """Keep one answer a face; the face may still be given afterwards."""
    try:
        with transaction.atomic():
            return PredictionFeedback.objects.create(
                model_version_id=claim.version_id,
                guess=claim.emotion,
                is_right=is_right,
                nonce=claim.nonce.hex(),
            )
    except IntegrityError:
        raise Refused(
            "already_answered", _("You answered this already. Thank you!")
        ) from None
