"""The seven expressions as people read them: translated words beside `ml.emotions`."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ml import emotions


class Emotion(models.TextChoices):
    ANGRY = "angry", _("angry")
    DISGUST = "disgust", _("disgust")
    FEAR = "fear", _("fear")
    HAPPY = "happy", _("happy")
    SAD = "sad", _("sad")
    SURPRISE = "surprise", _("surprise")
    NEUTRAL = "neutral", _("neutral")

    @property
    def emoji(self) -> str:
        return emotions.BY_NAME[self.value].emoji

    @property
    def colour(self) -> str:
        return emotions.BY_NAME[self.value].colour
