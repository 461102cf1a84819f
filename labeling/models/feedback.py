from django.db import models
from django.db.models.functions import Now

from labeling.emotions import Emotion


class PredictionFeedback(models.Model):
    """A yes or no to "Is this right?": no picture, no person, only the guess."""

    model_version = models.ForeignKey(
        "labeling.ModelVersion", on_delete=models.CASCADE, related_name="answers"
    )
    guess = models.CharField(max_length=10, choices=Emotion)
    is_right = models.BooleanField()
    nonce = models.CharField(max_length=32, unique=True, help_text="One answer a face.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "labeling_answer"
        indexes = [
            models.Index(
                fields=["model_version", "guess", "is_right"],
                name="answers_per_version",
            )
        ]

    def __str__(self) -> str:
        return f"{self.guess}: {'yes' if self.is_right else 'no'}"
