import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from labeling.emotions import Emotion
from labeling.models.user import DatasetSplit, User
from labeling.pgvector import HalfVector


class ContributionQuerySet(models.QuerySet["Contribution"]):
    def waiting(self) -> "ContributionQuerySet":
        return self.filter(status=Contribution.Status.WAITING)

    def accepted(self) -> "ContributionQuerySet":
        return self.filter(status=Contribution.Status.ACCEPTED)

    def seeable(self) -> "ContributionQuerySet":
        """Those other people may look at: the giver agreed and a reviewer screened."""
        return (
            self.undoubted()
            .filter(screened_at__isnull=False)
            .exclude(status=Contribution.Status.REJECTED)
        )

    def undoubted(self) -> "ContributionQuerySet":
        """Without those that are set aside until somebody has said something."""
        aside = (Contribution.Status.IN_DOUBT, Contribution.Status.HIDDEN)
        return self.exclude(status__in=aside)


class Contribution(models.Model):
    """One labelled face that somebody gave, without its pixels (see `Crop`).

    Withdrawing deletes the row and everything that hangs on it; a `Withdrawal` stays.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting for review")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")
        # A backup brought it back, and whether it was withdrawn since nobody knows.
        IN_DOUBT = "in_doubt", _("set aside")
        # Somebody reported it (`FaceReport`); a reviewer has yet to decide.
        HIDDEN = "hidden", _("reported, and hidden")

    class Source(models.TextChoices):
        SITE = "site", _("the site")
        API = "api", _("the API")
        IMPORT = "import", _("an import")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(_("given on"), db_default=Now())
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=Status,
        default=Status.WAITING,
        db_default=Status.WAITING,
    )
    emotion = models.CharField(
        _("given as"),
        max_length=10,
        choices=Emotion,
        help_text=_("What the giver says it shows."),
    )
    decided_emotion = models.CharField(
        _("decided as"),
        max_length=10,
        choices=Emotion,
        blank=True,
        help_text=_("What was decided."),
    )
    decided_at = models.DateTimeField(_("decided on"), null=True, blank=True)

    # Who gave it: an account, or whoever holds the private link.
    giver = models.ForeignKey(
        User,
        verbose_name=_("giver"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="gifts",
    )
    withdrawal_hash = models.CharField(
        _("withdrawal hash"), max_length=64, null=True, blank=True, unique=True
    )
    source = models.CharField(
        _("source"), max_length=10, choices=Source, default=Source.SITE
    )
    source_name = models.CharField(_("name of the source"), max_length=100, blank=True)

    # What the giver agreed to, and to which text.
    consent_version = models.CharField(_("consent version"), max_length=20)
    consent_language = models.CharField(_("consent language"), max_length=10)
    notice_version = models.CharField(
        _("notice"),
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text=_("What the giver was told before the first look; empty: not by us."),
    )
    consented_at = models.DateTimeField(_("consented on"), db_default=Now())
    consent_basis = models.TextField(
        _("consent basis"), blank=True, help_text=_("For imports: why we may.")
    )
    may_be_seen = models.BooleanField(_("others may see it"), default=False)
    may_be_released = models.BooleanField(_("public release"), default=False)
    consent_in_doubt = models.CharField(
        _("consent in doubt"),
        max_length=60,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "The consents that may never have been given, until they are anew."
        ),
    )
    screened_at = models.DateTimeField(
        _("shown to voters since"),
        null=True,
        blank=True,
        help_text=_("A reviewer agreed that voters may see it."),
    )
    released_at = models.DateTimeField(
        _("released on"),
        null=True,
        blank=True,
        help_text=_("It first stood in a dataset release."),
    )

    # What the model of that day said.
    model_version = models.ForeignKey(
        "labeling.ModelVersion",
        verbose_name=_("version"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    model_emotion = models.CharField(
        _("model says"), max_length=10, choices=Emotion, blank=True
    )
    model_probabilities = models.JSONField(
        _("the model's probabilities"),
        default=dict,
        blank=True,
        help_text=_("Emotion to probability."),
    )

    # What the votes say, kept in step by `votes.py`; gold votes are not counted.
    vote_count = models.PositiveSmallIntegerField(_("votes"), default=0, db_default=0)
    agreement = models.FloatField(
        _("voters agree"),
        null=True,
        blank=True,
        help_text=_("Share of the votes for the most chosen answer."),
    )

    # The review queue: what orders it, and who looks at the face just now.
    priority = models.FloatField(_("priority"), default=0, db_default=0)
    leased_to = models.ForeignKey(
        User,
        verbose_name=_("being reviewed by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    leased_until = models.DateTimeField(
        _("being reviewed until"), null=True, blank=True
    )

    # For the snapshot: a giver's split is fixed at the first gift.
    split = models.CharField(
        _("used for"),
        max_length=10,
        choices=DatasetSplit,
        default=DatasetSplit.TRAIN,
        db_default=DatasetSplit.TRAIN,
    )
    digest_key = models.BinaryField(_("digest key"), max_length=32)
    digest = models.BinaryField(
        _("digest"), max_length=32, help_text=_("HMAC-SHA256 of the crop.")
    )
    cluster = models.UUIDField(
        _("group of near-duplicates"),
        null=True,
        blank=True,
        help_text=_("Shared by near-duplicates; most have none."),
    )

    objects = ContributionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("face"), _("faces")
        ordering = ["created_at"]
        permissions = [("review", "Can review contributions")]
        indexes = [
            # My page, a giver's record.
            models.Index(fields=["giver", "created_at"], name="gifts_of_a_giver"),
            # The review queue, whole and by emotion; retention.
            models.Index(
                fields=["-priority", "created_at"],
                condition=Q(status="waiting"),
                name="desk_by_worth",
            ),
            models.Index(
                fields=["emotion", "-priority", "created_at"],
                condition=Q(status="waiting"),
                name="desk_by_emotion",
            ),
            models.Index(
                fields=["-priority", "created_at"],
                condition=Q(status="waiting", may_be_seen=True, screened_at=None),
                name="desk_unscreened",
            ),
            models.Index(
                fields=["source", "-priority", "created_at"],
                condition=Q(status="waiting"),
                name="desk_by_source",
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(status="waiting"),
                name="waiting_since",
            ),
            models.Index(
                fields=["decided_at"],
                condition=Q(status="rejected"),
                name="rejected_since",
            ),
            # Whether a training is due.
            models.Index(
                fields=["decided_at"],
                condition=Q(status="accepted"),
                name="accepted_since",
            ),
            # A release goes through them in the order of their ids.
            models.Index(
                fields=["id"],
                condition=Q(status="accepted", may_be_released=True) & ~Q(split="exam"),
                name="releasable_faces",
            ),
            # The admin's list: one source, or one import, the newest first.
            models.Index(fields=["source", "-created_at"], name="faces_by_source"),
            models.Index(
                fields=["source_name"],
                condition=~Q(source_name=""),
                name="faces_by_source_name",
                opclasses=["varchar_pattern_ops"],
            ),
            # The vote page draws from a random place in here.
            models.Index(
                fields=["vote_count", "id"],
                condition=Q(screened_at__isnull=False) & ~Q(status="rejected"),
                name="open_to_votes",
            ),
            models.Index(
                fields=["id"],
                condition=Q(status="accepted", agreement=1, screened_at__isnull=False),
                name="gold_faces",
            ),
            # Duplicates; the snapshot and the demand; counting.
            models.Index(
                fields=["cluster"],
                condition=Q(cluster__isnull=False),
                name="near_duplicates",
            ),
            models.Index(
                fields=["status", "decided_emotion", "split"], name="decided_faces"
            ),
            models.Index(fields=["created_at", "status", "emotion"], name="face_days"),
        ]
        constraints = [
            models.CheckConstraint(
                name="contribution_has_an_owner",
                condition=Q(giver__isnull=False)
                | Q(withdrawal_hash__isnull=False)
                | Q(source="import"),
            ),
            models.CheckConstraint(
                name="decided_has_emotion_and_time",
                condition=Q(status="waiting", decided_emotion="", decided_at=None)
                | Q(status__in=["rejected", "in_doubt"], decided_at__isnull=False)
                | Q(status="hidden")
                | (
                    Q(status="accepted", decided_at__isnull=False)
                    & ~Q(decided_emotion="")
                ),
            ),
            models.CheckConstraint(
                name="shown_only_with_consent",
                condition=Q(screened_at=None) | Q(may_be_seen=True),
            ),
            models.CheckConstraint(
                name="in_doubt_nothing_is_agreed",
                condition=Q(consent_in_doubt="")
                | Q(may_be_seen=False, may_be_released=False),
            ),
            models.CheckConstraint(
                name="in_doubt_is_seen_by_nobody",
                condition=~Q(status__in=["in_doubt", "hidden"]) | Q(screened_at=None),
            ),
            models.CheckConstraint(
                name="examined_only_of_known_givers",
                condition=~Q(split="exam") | Q(giver__isnull=False),
            ),
            models.CheckConstraint(
                name="lease_has_an_end",
                condition=Q(leased_to=None) | Q(leased_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.emotion}, {self.status})"


class Crop(models.Model):
    """The pixels of a contribution, apart from it so that lists never read bytes."""

    contribution = models.OneToOneField(
        Contribution, on_delete=models.CASCADE, primary_key=True, related_name="crop"
    )
    jpeg = models.BinaryField(help_text=_("The re-encoded face, at most 256 px."))
    edge = models.PositiveSmallIntegerField(help_text=_("Pixels; crops are square."))
    signature = models.BinaryField(
        null=True,
        blank=True,
        help_text=_("For near-duplicates: see ml/vision/near_duplicates.py."),
    )
    is_compared = models.BooleanField(
        default=False,
        db_default=False,
        help_text=_("With all others, by `near_duplicates.py`."),
    )
    has_vector = models.BooleanField(
        default=False, db_default=False, help_text="See `FaceVector`."
    )
    views = models.PositiveIntegerField(
        default=0, db_default=0, help_text=_("How often voters were shown it: capped.")
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["contribution"],
                condition=Q(has_vector=False, signature__isnull=False),
                name="without_vector",
            ),
            models.Index(
                fields=["contribution"],
                condition=Q(is_compared=False),
                name="not_compared_yet",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class FaceVector(models.Model):
    """What copies of a face are found by, apart from it for its index is large
    (`labeling/face_vectors.py`). Postgres deletes it with the crop, whoever does that.
    """

    crop = models.OneToOneField(
        Crop, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+"
    )
    numbers = HalfVector(44)

    def __str__(self) -> str:
        return str(self.pk)


class SpentToken(models.Model):
    """A face token that has been used: the nonce is unique, so a second use fails."""

    nonce = models.CharField(max_length=32, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.nonce
