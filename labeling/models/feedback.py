from django.db import models
from django.db.models.functions import Now

from labeling.emotions import Emotion


class PredictionFeedback(models.Model):
    """What somebody said to "Is this right?": no picture, no person, only the guess
    and, since answers name it, the emotion they saw."""

    model_version = models.ForeignKey(
        "labeling.ModelVersion", on_delete=models.CASCADE, related_name="answers"
    )
    guess = models.CharField(max_length=10, choices=Emotion)
    is_right = models.BooleanField()
    emotion = models.CharField(
        max_length=10,
        choices=Emotion,
        blank=True,
        default="",
        db_default="",
        help_text="What the face shows; empty of answers from before they named it.",
    )
    nonce = models.CharField(max_length=32, unique=True, help_text="One answer a face.")
    is_from_device = models.BooleanField(
        default=False,
        db_default=False,
        help_text="The browser looked by itself: nothing proves the guess, nor that "
        "one face was answered once. Counted apart.",
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "labeling_answer"
        indexes = [
            models.Index(
                fields=["model_version", "guess", "is_right"],
                name="answers_per_version",
            ),
            models.Index(fields=["created_at"], name="answers_since"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(emotion="")
                | models.Q(is_right=True, emotion=models.F("guess"))
                | (models.Q(is_right=False) & ~models.Q(emotion=models.F("guess"))),
                name="answer_right_if_it_names_the_guess",
            )
        ]

    def __str__(self) -> str:
        no = f"no, {self.emotion}" if self.emotion else "no"
        return f"{self.guess}: {'yes' if self.is_right else no}"
