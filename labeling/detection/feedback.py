"""What people say to "Is this right?": guess and answer are kept, no picture."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from labeling.detection.photos import FaceClaim
from labeling.emotions import Emotion
from labeling.errors import Refused
from labeling.models import PredictionFeedback


def record(claim: FaceClaim, emotion: str) -> PredictionFeedback:
    """Keep which emotion somebody sees, one answer a face; the face may still be given
    afterwards. Raises Refused."""
    if emotion not in Emotion.values:
        raise Refused(
            "emotion_missing", _("Please say what the face shows."), field="emotion"
        )
    try:
        with transaction.atomic():
            return PredictionFeedback.objects.create(
                model_version_id=claim.version_id,
                guess=claim.shown,
                is_right=emotion == claim.shown,
                emotion=emotion,
                nonce=claim.nonce.hex(),
            )
    except IntegrityError:
        raise Refused(
            "already_answered", _("You answered this already. Thank you!")
        ) from None
