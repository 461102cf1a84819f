from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from labeling.emotions import Emotion
from labeling.models.contribution import Contribution
from labeling.models.user import User


class Vote(models.Model):
    """What one person says a face shows, the giver's label unseen. Immutable.

    A signed-in vote names the device too, so that logging out gives no second one.
    """

    class NoEmotion(models.TextChoices):
        NOT_CLEAR = "not_clear", _("not clear")
        NOT_A_FACE = "not_a_face", _("not a face, or not appropriate")

    CHOICES = [*Emotion.choices, *NoEmotion.choices]

    contribution = models.ForeignKey(
        Contribution,
        verbose_name=_("face"),
        on_delete=models.CASCADE,
        related_name="votes",
    )
    choice = models.CharField(_("choice"), max_length=10, choices=CHOICES)
    voter = models.ForeignKey(
        User,
        verbose_name=_("voter"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="votes",
    )
    device_hash = models.CharField(
        _("device hash"), max_length=64, null=True, blank=True
    )
    gold_answer = models.CharField(
        _("gold answer"),
        max_length=10,
        choices=Emotion,
        blank=True,
        help_text=_("For a face whose answer was known then: a test of the voter."),
    )
    place = models.PositiveSmallIntegerField(
        _("place"),
        null=True,
        blank=True,
        help_text=_(
            "Which of the votes that a face wants; none for a test of the voter."
        ),
    )
    network_hash = models.CharField(
        _("network hash"),
        max_length=64,
        null=True,
        blank=True,
        help_text=_(
            "Of network and face together: it ties no two faces to each other."
        ),
    )
    voter_left = models.BooleanField(
        _("voter left"),
        default=False,
        db_default=False,
        help_text=_("Deleted the account since. Nothing says who it was."),
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("vote"), _("votes")
        constraints = [
            models.UniqueConstraint(
                fields=["contribution", "voter"], name="one_vote_per_person"
            ),
            models.UniqueConstraint(
                fields=["contribution", "device_hash"], name="one_vote_per_device"
            ),
            models.UniqueConstraint(
                fields=["contribution", "network_hash"], name="one_vote_per_network"
            ),
            models.UniqueConstraint(
                fields=["contribution", "place"], name="no_more_votes_than_wanted"
            ),
            models.CheckConstraint(
                name="vote_has_a_voter",
                condition=Q(voter__isnull=False) | Q(device_hash__isnull=False),
            ),
            models.CheckConstraint(
                name="who_left_is_not_named",
                condition=Q(voter_left=False) | Q(voter=None),
            ),
        ]
        indexes = [
            # How reliable a voter is, and the last vote, which may be taken back.
            models.Index(
                fields=["voter", "-id"],
                condition=Q(voter__isnull=False),
                name="votes_of_a_person",
            ),
            models.Index(
                fields=["device_hash", "-id"],
                condition=Q(voter=None),
                name="votes_of_a_device",
            ),
            models.Index(
                fields=["voter", "device_hash"],
                include=["choice", "gold_answer", "contribution"],
                condition=~Q(gold_answer=""),
                name="gold_records",
            ),
            models.Index(
                fields=["contribution"],
                condition=Q(voter_left=True),
                name="votes_of_who_left",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.choice} for {self.contribution_id}"


class Suspect(models.Model):
    """Somebody who seems to be in league with others: see `labeling/voting/rings.py`.

    A voter is an account or a device, as with `Vote`.
    """

    class Role(models.TextChoices):
        GIVER = "giver", _("giver")
        VOTER = "voter", _("voter")

    role = models.CharField(max_length=10, choices=Role)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="suspected"
    )
    device_hash = models.CharField(max_length=64, null=True, blank=True)
    belief = models.FloatField(help_text=_("How sure it is, 0 to 1."))
    found_at = models.DateTimeField(db_default=Now())
    cleared_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_("A reviewer looked, and saw no league: it is not raised again."),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"], name="suspected_once_in_each_role"
            ),
            models.UniqueConstraint(fields=["device_hash"], name="suspect_device_once"),
            models.CheckConstraint(
                name="suspect_is_somebody",
                condition=Q(user__isnull=False, device_hash=None)
                | Q(user=None, device_hash__isnull=False, role="voter"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id or 'on a device'}"
