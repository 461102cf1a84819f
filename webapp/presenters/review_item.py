"""What lies before a reviewer: one face with all that helps to decide about it."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q

from labeling.emotions import Emotion
from labeling.models import Contribution, Crop, User, Vote
from labeling.registry import serving
from ml.artefact.predictor import evidence_map
from ml.vision import decode, face_crop
from webapp.presenters import detection

NEIGHBOURS = 12


@dataclass(frozen=True)
class ReviewItem:
    """One face under review, read in a constant number of queries."""

    face: Contribution
    picture: str
    votes: list[tuple[str, str, int]]  # value, word, how many
    neighbours: list[Contribution]
    record: dict[str, int]

    @property
    def disagrees(self) -> bool:
        said = self.face.model_emotion
        return bool(said) and said != self.face.emotion

    @property
    def given_also_as(self) -> list[Emotion]:
        """Other labels that this very picture has: they cannot all be right."""
        kept = [
            other
            for other in self.neighbours
            if other.status != Contribution.Status.REJECTED
        ]
        labels = {other.decided_emotion or other.emotion for other in kept}
        return [one for one in Emotion if one in labels - {self.face.emotion}]


def review_item(face: Contribution) -> ReviewItem:
    crop = Crop.objects.filter(pk=face.pk).values_list("jpeg", flat=True).first()
    jpeg = bytes(crop) if crop else b""
    return ReviewItem(
        face=face,
        picture=detection.data_url(jpeg, "image/jpeg"),
        votes=_votes(face.pk),
        neighbours=_neighbours(face),
        record=record(face.giver),
    )


def record(giver: User | None) -> dict[str, int]:
    """What became of all that this person gave."""
    if giver is None:
        return {}
    kept = Q(status=Contribution.Status.ACCEPTED)
    counts = giver.gifts.aggregate(
        given=Count("pk"),
        accepted=Count("pk", filter=kept),
        rejected=Count("pk", filter=Q(status=Contribution.Status.REJECTED)),
    )
    return dict(counts)


@dataclass(frozen=True)
class Thumbnail:
    face: Contribution
    picture: str  # data: URL


def thumbnails(rows: list[Contribution]) -> list[Thumbnail]:
    """Faces with their pictures, for the grid: one more query."""
    crops = Crop.objects.filter(pk__in=[row.pk for row in rows])
    jpegs = dict(crops.values_list("pk", "jpeg"))
    return [
        Thumbnail(row, detection.data_url(bytes(jpegs.get(row.pk, b"")), "image/jpeg"))
        for row in rows
    ]


def _votes(pk: UUID) -> list[tuple[str, str, int]]:
    words = dict(Vote.CHOICES)
    counted = (
        Vote.objects.filter(contribution=pk)
        .values_list("choice")
        .annotate(n=Count("pk"))
        .order_by("-n", "choice")
    )
    return [(choice, str(words[choice]), n) for choice, n in counted]


def _neighbours(face: Contribution) -> list[Contribution]:
    if face.cluster is None:
        return []
    others = Contribution.objects.undoubted().filter(cluster=face.cluster)
    others = others.exclude(pk=face.pk)
    return list(others.order_by("created_at")[:NEIGHBOURS])


def evidence(jpeg: bytes) -> bytes | None:
    """Where today's champion looks, as a PNG to lay over the face."""
    champion = serving.predictor()
    if champion is None:
        return None
    try:
        pixels = face_crop.to_network(decode.decode(jpeg))
    except decode.BadPicture:
        return None
    seen = champion.predictor.predict(pixels[None])
    winner = int(seen.probabilities[0].argmax())
    return detection.heatmap(evidence_map(seen.evidence[0], winner))
