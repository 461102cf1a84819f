"""Copies of faces: the giver's own are refused, so are FER-2013's test faces; another
giver's are taken without a word, for nobody shall learn what is stored. A worker
clusters those later, and only one of a cluster enters a snapshot.

Signatures say which faces may be copies, those of all faces by an index in Postgres
(`labeling/face_vectors.py`); the pixels of those few say whether the expression is
another one (`ml/vision/local_change.py`), and then they are none. The test faces of
FER-2013 are known by their signatures alone, whatever they show."""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

import numpy as np
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from labeling import face_vectors
from labeling.contributions import fer2013_test_set, recent_gifts
from labeling.db import AdvisoryLock, hold_lock_on, try_lock
from labeling.errors import Refused
from labeling.models import Contribution, Crop, DatasetSplit, Review, User
from labeling.review import decisions
from ml.vision import decode, near_duplicates
from ml.vision.local_change import CHANGED, local_change
from ml.vision.near_duplicates import Alignment, SignatureIndex

log = logging.getLogger(__name__)

LATEST_OWN = 2000  # of a giver's faces, the latest, are looked through
LIKELY = 60  # are aligned: of one sitting, many are nearly alike
BATCH = 50  # new faces a run
BACKLOG = 2_000  # faces a run that are made ready to be found


def signature_of(crop: NDArray[np.uint8]) -> bytes:
    """What a crop is known by; refused if it is one of FER-2013's test faces."""
    signature = near_duplicates.signature(crop)
    tests = fer2013_test_set.known()
    if tests is not None and tests.find(signature):
        raise Refused(
            "test_face",
            _(
                "This picture belongs to a public test set, by which models are "
                "compared. Learning from it would spoil that."
            ),
        )
    return signature


def own_copy(
    crop: NDArray[np.uint8],
    signature: bytes,
    emotion: str,
    *,
    by: User | None,
    before: Collection[UUID] = (),
    network: str = "",
) -> Contribution | None:
    """The giver's earlier face that is this picture under another label, if there is
    one. Refused if he gave it under this label, also mirrored or cut otherwise.

    `before` are the faces that somebody without an account is known to have given. What
    came from his network within the hour is taken for his, with an account and without.
    Call it in the transaction that keeps the face: it holds the giver's row and his
    network's name, so that of the same picture sent twice at once the second is found.
    """
    if by:
        User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)
    if network:
        hold_lock_on(recent_gifts.key_of(network))
    own = _own_signatures(by, [*before, *recent_gifts.given_from(network)])
    matches = SignatureIndex(list(own.values())).find(signature, most=LIKELY)
    ids = list(own)
    found = {ids[match.position]: match.alignment for match in matches}
    copies = Contribution.objects.filter(pk__in=_unchanged(crop, found))
    if copies.filter(Q(emotion=emotion) | Q(decided_emotion=emotion)).exists():
        raise Refused(
            "own_duplicate",
            _("You gave this picture already. Another one helps the model more."),
        )
    return copies.order_by("created_at").first()


def cluster_with(earlier: Contribution) -> UUID | None:
    """The cluster of a face, for a copy of it to join; there is one from now on."""
    rows = Contribution.objects.filter(pk=earlier.pk)
    rows.filter(cluster=None).update(cluster=uuid4())
    return rows.values_list("cluster", flat=True).first()


def cluster_new(*, batch: int = BATCH) -> int:
    """Compare the latest faces with all others; with how many something was done.

    Near-duplicates share a cluster from then on. A cluster never lies on both splits:
    who came first stays, a later copy from the other split goes to neither. Nothing is
    compared before all can be found: after an upgrade that takes some runs.
    """
    with transaction.atomic():
        if not try_lock(AdvisoryLock.NEAR_DUPLICATES) or not face_vectors.are_ready():
            return 0
        added = face_vectors.add_missing(BACKLOG)
    if added == BACKLOG:
        return added
    with transaction.atomic():
        if not try_lock(AdvisoryLock.NEAR_DUPLICATES):
            return 0
        new = _not_compared(batch)
        if not new:
            return 0
        fer2013_test_set.prepare()
        pairs = list(_pairs(new))
        _reject_test_faces(new)
        _assign_clusters(pairs, new)
        Crop.objects.filter(pk__in=new).update(is_compared=True)
    return len(new)


def _own_signatures(by: User | None, others: Collection[UUID]) -> dict[UUID, bytes]:
    own = [Crop.objects.filter(pk__in=others)]
    if by:
        own.append(Crop.objects.filter(contribution__giver=by))
    known: dict[UUID, bytes] = {}
    for crops in own:
        latest = crops.order_by("-contribution__created_at")
        known |= _signatures(latest, LATEST_OWN)
    return known


def _unchanged(
    crop: NDArray[np.uint8], found: Mapping[UUID, Alignment]
) -> Iterator[UUID]:
    """Of the faces that agree with a crop as a whole, those that differ nowhere."""
    for pk, known in _pixels(found).items():
        if local_change(crop, known, found[pk]) < CHANGED:
            yield pk


def _pixels(faces: Iterable[UUID]) -> dict[UUID, NDArray[np.uint8]]:
    """Without those that nobody can read (any more)."""
    crops = Crop.objects.filter(pk__in=faces).values_list("pk", "jpeg")
    pixels = {}
    for pk, jpeg in crops:
        try:
            pixels[pk] = decode.decode(bytes(jpeg))
        except decode.BadPicture as why:
            log.warning("face %s is compared with none: %s", pk, why)
    return pixels


def _signatures(rows: QuerySet[Crop], most: int) -> dict[UUID, bytes]:
    pairs = rows.exclude(signature=None).values_list("pk", "signature")
    return {pk: bytes(found) for pk, found in pairs[:most] if found is not None}


def _not_compared(batch: int) -> dict[UUID, bytes]:
    rows = Crop.objects.filter(is_compared=False)
    return _signatures(rows.order_by("contribution__created_at"), batch)


def _pairs(new: dict[UUID, bytes]) -> Iterator[tuple[UUID, UUID]]:
    """Every new face with every face that is the same picture."""
    for asked, signature in new.items():
        found = alike(signature)
        found.pop(asked, None)
        crop = _pixels([asked]).get(asked) if found else None
        if crop is not None:
            yield from ((asked, copy) for copy in _unchanged(crop, found))


def alike(signature: bytes) -> dict[UUID, Alignment]:
    """Of all faces those that agree with a signature as a whole."""
    likeliest = face_vectors.likeliest(signature)
    known = _signatures(Crop.objects.filter(pk__in=likeliest), len(likeliest))
    matches = SignatureIndex(list(known.values())).find(signature, most=LIKELY)
    ids = list(known)
    return {ids[match.position]: match.alignment for match in matches}


def _reject_test_faces(new: dict[UUID, bytes]) -> None:
    """Those that came before the test faces were known here."""
    tests = fer2013_test_set.known()
    if tests is None:
        return
    for pk, signature in new.items():
        if not tests.find(signature):
            continue
        face = Contribution.objects.waiting().filter(pk=pk).first()
        if face:
            decisions.reject(face, by=None, reason=Review.Reason.TEST_FACE)


@dataclass(slots=True)
class _Member:
    face: Contribution
    is_new: bool


def _assign_clusters(pairs: list[tuple[UUID, UUID]], new: dict[UUID, bytes]) -> None:
    asked = {face for pair in pairs for face in pair}
    clusters = Contribution.objects.filter(pk__in=asked, cluster__isnull=False)
    known = set(clusters.values_list("cluster", flat=True))
    held = Contribution.objects.select_for_update().order_by("pk")
    rows = held.filter(pk__in=asked) | held.filter(cluster__in=known)
    faces = {face.pk: face for face in rows}
    for group in _connected(pairs, faces.values()):
        members = [_Member(faces[pk], pk in new) for pk in group if pk in faces]
        if len(members) > 1:
            _merge(members)
    Contribution.objects.bulk_update(faces.values(), ["cluster", "split"])


def _connected(
    pairs: Iterable[tuple[UUID, UUID]], faces: Iterable[Contribution]
) -> list[set[UUID]]:
    """Faces that hang together, by a pair or by a cluster that is there already."""
    links: defaultdict[UUID, set[UUID]] = defaultdict(set)
    edges = list(pairs)
    edges += [(face.pk, face.cluster) for face in faces if face.cluster]
    for a, b in edges:
        links[a].add(b)
        links[b].add(a)
    groups, seen = [], set[UUID]()
    for start in links:
        if start in seen:
            continue
        group, ahead = set[UUID](), [start]
        while ahead:
            step = ahead.pop()
            if step not in group:
                group.add(step)
                ahead += links[step]
        seen |= group
        groups.append(group)
    return groups


def _merge(members: list[_Member]) -> None:
    """One cluster, one split: that of who was here first.

    Should two clusters of both splits turn out to be one, the examining faces leave:
    a model may have learned from the others.
    """
    members.sort(key=lambda member: (member.is_new, member.face.created_at))
    cluster = next((m.face.cluster for m in members if m.face.cluster), None) or uuid4()
    old = {member.face.split for member in members if not member.is_new}
    first = (
        DatasetSplit.TRAIN
        if {DatasetSplit.TRAIN, DatasetSplit.EXAM} <= old
        else DatasetSplit.NEITHER
    )
    for member in members:
        face = member.face
        face.cluster = cluster
        if first == DatasetSplit.NEITHER:
            first = DatasetSplit(face.split)
        elif face.split != first:
            face.split = DatasetSplit.NEITHER
