"""What people say to "Is this right?": guess and answer are kept, no picture."""

import secrets

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from labeling.detection.photos import NONCE_BYTES, FaceClaim
from labeling.emotions import Emotion
from labeling.errors import Refused
from labeling.models import ModelVersion, PredictionFeedback


def record(claim: FaceClaim, emotion: str) -> PredictionFeedback:
    """Keep which emotion somebody sees, one answer a face; the face may still be given
    afterwards. Raises Refused."""
    _check(emotion)
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


def record_from_device(
    version: ModelVersion, guess: str, emotion: str
) -> PredictionFeedback:
    """The same of a face that only its own device has seen. Raises Refused."""
    _check(emotion)
    return PredictionFeedback.objects.create(
        model_version=version,
        guess=guess,
        is_right=emotion == guess,
        emotion=emotion,
        nonce=secrets.token_hex(NONCE_BYTES),
        is_from_device=True,
    )


def _check(emotion: str) -> None:
    if emotion not in Emotion.values:
        raise Refused(
            "emotion_missing", _("Please say what the face shows."), field="emotion"
        )
