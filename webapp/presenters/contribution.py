"""What a giver reads of each face: its sentence, its votes, what learned from it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext as _

from labeling.models import Contribution, ModelVersion, SnapshotRow, Vote


@dataclass(frozen=True)
class ContributionSummary:
    face: Contribution
    votes: str
    versions: list[str]

    @property
    def belief(self) -> float | None:
        """What the model gave the giver's expression then."""
        believed: dict[str, float] = self.face.model_probabilities
        return believed.get(self.face.emotion)

    @property
    def sentence(self) -> str:
        face = self.face
        if face.consent_in_doubt:
            return _("Not used until you say again what you agree to.")
        if face.status == Contribution.Status.HIDDEN:
            return _("Somebody reported it. It is hidden until a reviewer decides.")
        if face.status == Contribution.Status.WAITING:
            return _("A reviewer will look at it.")
        if face.status == Contribution.Status.REJECTED:
            return _("We could not use it. It is deleted by itself after a while.")
        if face.status == Contribution.Status.IN_DOUBT:
            return _(
                "It is set aside, for it came back with a backup. Say again what it is "
                "for, or take it back."
            )
        if face.decided_emotion != face.emotion:
            return _("A reviewer saw it as %(word)s.") % {
                "word": face.get_decided_emotion_display()
            }
        if self.versions:
            return _("%(name)s learned from it.") % {"name": self.versions[-1]}
        return _("It joins the next training.")


def summarise(faces: Iterable[Contribution]) -> list[ContributionSummary]:
    """Three queries, however many faces."""
    rows = list(faces)
    ids = [face.pk for face in rows]
    votes, versions = _votes(ids), _versions(ids)
    return [
        ContributionSummary(face, votes[face.pk], versions[face.pk]) for face in rows
    ]


def _votes(ids: list[UUID]) -> defaultdict[UUID, str]:
    words = dict(Vote.CHOICES)
    counted = (
        Vote.objects.filter(contribution__in=ids)
        .values_list("contribution", "choice")
        .annotate(n=Count("pk"))
        .order_by("contribution", "-n")
    )
    parts: defaultdict[UUID, list[str]] = defaultdict(list)
    for face, choice, n in counted:
        parts[face].append(f"{n} × {words[choice]}")
    return defaultdict(str, {face: ", ".join(said) for face, said in parts.items()})


def _versions(ids: list[UUID]) -> defaultdict[UUID, list[str]]:
    """By name, oldest first: those trained with it, and those that continue them."""
    saw = SnapshotRow.objects.filter(
        contribution_id__in=ids, split=SnapshotRow.Split.TRAIN
    ).values_list("contribution_id", "snapshot__run__version")
    direct = [(face, version) for face, version in saw if version]
    names: defaultdict[UUID, list[str]] = defaultdict(list)
    if not direct:
        return names
    heirs = _heirs()
    label = dict(ModelVersion.objects.values_list("pk", "name"))
    found: defaultdict[UUID, set[int]] = defaultdict(set)
    for face, version in direct:
        found[face] |= heirs[version]
    for face, versions in found.items():
        names[face] = [label[pk] for pk in sorted(versions)]
    return names


def _heirs() -> defaultdict[int, set[int]]:
    """Each version with itself and all that were warm-started from it."""
    heirs: defaultdict[int, set[int]] = defaultdict(set)
    parents = dict(ModelVersion.objects.values_list("pk", "parent"))
    for pk in parents:
        step: int | None = pk
        while step is not None:
            heirs[step].add(pk)
            step = parents.get(step)
    return heirs
