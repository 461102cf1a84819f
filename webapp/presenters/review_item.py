"""What lies before a reviewer: one face with all that helps to decide about it, or a
ring with the faces that wait."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from labeling.emotions import Emotion
from labeling.models import Contribution, Crop, Suspect, User, Vote
from labeling.registry import serving
from labeling.voting import rings
from labeling.voting.rings import Ring
from ml.artefact.predictor import evidence_map
from ml.vision import decode, face_crop
from webapp.charts.axes import Chart
from webapp.charts.ring_diagram import Agreement, ring_diagram
from webapp.presenters import detection

NEIGHBOURS = 12
SHOWN = 60  # faces of a ring; the rest comes when those are decided
LONGEST = 15  # letters of a name


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


@dataclass(frozen=True)
class Member:
    suspect: Suspect
    name: str


@dataclass(frozen=True)
class RingSheet:
    givers: list[Member]
    voters: list[Member]
    chart: Chart
    faces: list[Thumbnail]
    waiting: int


@dataclass(frozen=True)
class OtherFaces:
    """What waits because of votes, and was given by nobody who is suspected."""

    faces: list[Thumbnail]
    waiting: int


def ring_sheets() -> list[RingSheet]:
    return [_sheet(ring) for ring in rings.found()]


def other_faces() -> OtherFaces:
    waiting = list(rings.other_faces().values_list("pk", flat=True))
    shown = Contribution.objects.filter(pk__in=waiting[:SHOWN]).order_by("pk")
    return OtherFaces(thumbnails(list(shown)), len(waiting))


def _sheet(ring: Ring) -> RingSheet:
    names = _names([*ring.givers, *ring.voters])
    shown = Contribution.objects.filter(pk__in=ring.faces[:SHOWN])
    return RingSheet(
        givers=[Member(one, names[one.pk]) for one in ring.givers],
        voters=[Member(one, names[one.pk]) for one in ring.voters],
        chart=_chart(ring, names),
        faces=thumbnails(list(shown.select_related("giver"))),
        waiting=len(ring.faces),
    )


def _names(people: list[Suspect]) -> dict[int, str]:
    """Each another one, for the picture's sake."""
    found: dict[int, str] = {}
    for one in people:
        name = one.user.get_username() if one.user else _("a device")
        short, number = Truncator(name).chars(LONGEST), 2
        while short in found.values():
            short, number = f"{Truncator(name).chars(LONGEST)} {number}", number + 1
        found[one.pk] = short
    return found


def _chart(ring: Ring, names: dict[int, str]) -> Chart:
    return ring_diagram(
        [names[one.pk] for one in ring.givers],
        [names[one.pk] for one in ring.voters],
        [
            Agreement(names[link.giver.pk], names[link.voter.pk], link.met, link.backed)
            for link in ring.links
        ],
        title=_("Who agrees with whom"),
        giver_label=_("Givers"),
        voter_label=_("Voters"),
        backed_label=_("Votes that agree"),
    )
