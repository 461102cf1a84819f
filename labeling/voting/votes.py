"""What people say a face shows, the giver's label unseen: drawn at random, cast once.

A voter is an account (`by`) or a device; `own` are faces that he gave without an
account; `network` is where he votes from, and for one face counts once. Some faces are
gold: accepted, and all voters agreed. They test the voter and are not counted again.
"""

import logging
import random
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID, uuid4

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from labeling.emotions import Emotion
from labeling.errors import Refused
from labeling.models import Contribution, Crop, Review, User, Vote
from labeling.models.contribution import ContributionQuerySet
from labeling.review import decisions, review_queue
from labeling.voting import rings, undone, vote_weights

log = logging.getLogger(__name__)

GOLD_SHARE = 0.1  # of the faces shown
GOLD_VOTES = 3  # that agree, before a face is gold
LAST_LOOK = 1000  # faces, where a voter has seen nearly all
WINDOW = 12  # faces looked at around a random place, of each number of votes
LOOKS = 10  # at one face from one network in a day: nobody uses up everybody's
DAY = 24 * 3600  # seconds
UNDO_WITHIN = timedelta(minutes=10)
NETWORK_SALT = "mien.vote.network"


def next_face(
    *,
    by: User | None = None,
    device: str | None = None,
    own: Collection[UUID] = (),
    network: str = "",
    skipping: Collection[UUID] = (),
) -> Contribution | None:
    """A face for this voter to look at: never an own one, never one voted on before.

    `skipping`: seen and passed over. Faces that others have begun on come first, so
    that votes add up. None: all done.
    """
    counts = range(settings.VOTES_WANTED - 1, -1, -1)
    pools = [_open().filter(vote_count=count) for count in counts]
    if random.random() < GOLD_SHARE:  # noqa: S311
        pools.insert(0, _gold())
    drawn = _draw(pools)
    rest = _unvoted(by, device, own).exclude(pk__in=skipping)
    among = rest.filter(pk__in=drawn).order_by()
    fresh = _open_to_voter(among, network, by, device)
    best = min((drawn[face] for face in fresh), default=None)
    if best is None:  # somebody who voted on nearly everything: look at all the rest
        some = rest.filter(vote_count__lt=settings.VOTES_WANTED)
        left = _open_to_voter(some.order_by("vote_count", "pk"), network, by, device)
        return rest.filter(pk=left[0]).first() if left else None
    chosen = random.choice([face for face in fresh if drawn[face] == best])  # noqa: S311
    return rest.filter(pk=chosen).first()


def picture(
    contribution: Contribution,
    *,
    by: User | None = None,
    device: str | None = None,
    own: Collection[UUID] = (),
    network: str = "",
) -> bytes:
    """The crop, for a voter's eyes; each look counts, and there is an end to them."""
    may_look = _unvoted(by, device, own).filter(pk=contribution.pk)
    crop = Crop.objects.filter(pk=contribution.pk, views__lt=settings.VOTE_VIEWS)
    is_open = _open_to_voter(may_look, network, by, device)
    if not is_open or not _may_look_again(contribution.pk, network):
        raise _not_to_be_seen()
    if not crop.update(views=F("views") + 1):
        raise _not_to_be_seen()
    return bytes(
        crop.model.objects.values_list("jpeg", flat=True).get(pk=contribution.pk)
    )


def cast(
    contribution: Contribution,
    choice: str,
    *,
    by: User | None = None,
    device: str | None = None,
    own: Collection[UUID] = (),
    network: str = "",
) -> Vote:
    """One vote. With it the agreement, and the face's priority in review, change."""
    if choice not in dict(Vote.CHOICES):
        raise Refused("choice_missing", _("Please say what the face shows."))
    try:
        with transaction.atomic():
            face = _seeable(contribution)
            _refuse_own(face, by, own)
            if undone.among([face.pk], by=by, device=device):
                raise _undone()
            is_gold = _is_gold(face)
            vote = Vote.objects.create(
                contribution=face,
                choice=choice,
                voter=by,
                device_hash=device,
                network_hash=_network_hash(face.pk, network, by),
                gold_answer=face.decided_emotion if is_gold else "",
                place=None if is_gold else _free_place(face),
            )
            if not vote.gold_answer:
                _update_agreement(face)
    except IntegrityError:
        raise Refused(
            "already_voted",
            _("You, or somebody at your address, voted on this face already."),
        ) from None
    return vote


def undo(*, by: User | None = None, device: str | None = None) -> Contribution:
    """Take back the last vote, soon after it was cast; the face goes to others."""
    mine = (
        Vote.objects.filter(voter=by)
        if by
        else Vote.objects.filter(voter=None, device_hash=device)
    )
    recent = mine.filter(created_at__gt=Now() - UNDO_WITHIN)
    with transaction.atomic():
        vote = recent.order_by("-pk").select_for_update().first()
        if vote is None:
            raise Refused("nothing_to_undo", _("There is no vote to take back."))
        rows = Contribution.objects.select_for_update()
        face = rows.get(pk=vote.contribution_id)
        undone.remember(face.pk, by=by, device=vote.device_hash)
        vote.delete()
        if not vote.gold_answer:
            _update_agreement(face)
    return face


def _open() -> ContributionQuerySet:
    wanted = Q(vote_count__lt=settings.VOTES_WANTED)
    return Contribution.objects.seeable().filter(wanted)


def _gold() -> ContributionQuerySet:
    """A ring could pass off its lies as known answers: what it touched is not gold."""
    faces = Contribution.objects.seeable().accepted().filter(agreement=1)
    said = Vote.objects.filter(rings.void(), contribution=OuterRef("pk"))
    return faces.exclude(rings.of_suspected_givers()).filter(~Exists(said))


def _is_gold(face: Contribution) -> bool:
    is_agreed = face.agreement == 1 and face.vote_count >= GOLD_VOTES
    return is_agreed and _gold().filter(pk=face.pk).exists()


def _unvoted(
    by: User | None, device: str | None, own: Collection[UUID]
) -> ContributionQuerySet:
    """Faces that are not the voter's own and that he has not voted on."""
    mine = Q(voter=by) if by else Q()
    mine |= Q(device_hash=device) if device else Q()
    if not mine:
        return Contribution.objects.none()
    votes = Vote.objects.filter(mine, contribution=OuterRef("pk"))
    faces = Contribution.objects.seeable().filter(~Exists(votes)).exclude(pk__in=own)
    if by is None:
        return faces
    decided = _decisions_of(by).filter(contribution=OuterRef("pk"))
    return faces.filter(~Exists(decided)).exclude(giver=by)


def _decisions_of(reviewer: User) -> QuerySet[Review]:
    """Whoever decided has seen the giver's label, and on gold would test himself."""
    acts = (Review.Act.ACCEPT, Review.Act.RELABEL, Review.Act.REJECT)
    return Review.objects.filter(by=reviewer, act__in=acts)


def _refuse_own(face: Contribution, by: User | None, own: Collection[UUID]) -> None:
    if (by and face.giver_id == by.pk) or face.pk in own:
        raise Refused("own_face", _("This face is yours: others decide on it."))
    if by and _decisions_of(by).filter(contribution=face).exists():
        raise Refused("own_decision", _("You decided about this face yourself."))


def _free_place(face: Contribution) -> int:
    """The first that is free; the face is held, and Postgres gives no place twice."""
    taken = face.votes.filter(place__isnull=False).values_list("place", flat=True)
    wanted = range(1, settings.VOTES_WANTED + 1)
    free = sorted(set(wanted) - set(taken))
    if not free or face.vote_count >= settings.VOTES_WANTED:
        raise Refused("enough_votes", _("This face has all the votes that it needs."))
    return free[0]


def _network_hash(face_id: UUID, network: str, by: User | None) -> str | None:
    """Keyed, so that nobody turns it back, and another one for each face, so that it
    follows nobody. Who may review is known here: reviewers share an office."""
    if not network or (by and by.is_reviewer):
        return None
    what = f"{face_id}|{network}"
    return salted_hmac(NETWORK_SALT, what, algorithm="sha256").hexdigest()


def _may_look_again(face_id: UUID, network: str) -> bool:
    key = f"looks:{_network_hash(face_id, network, None)}"
    try:
        return not network or cache.add(key, 1, DAY) or cache.incr(key) <= LOOKS
    except (redis.RedisError, ValueError):  # away, or the day ended in between
        log.warning("looks are not counted: Redis does not answer")
        return True


def _open_to_voter(
    faces: ContributionQuerySet, network: str, by: User | None, device: str | None
) -> list[UUID]:
    """Those, up to a thousand, on which nobody of this network has voted, and the voter
    took no vote back."""
    ids = list(faces.values_list("pk", flat=True)[:LAST_LOOK])
    closed = undone.among(ids, by=by, device=device)
    if network:
        hashes = [_network_hash(face, network, by) for face in ids]
        votes = Vote.objects.filter(contribution__in=ids, network_hash__in=hashes)
        closed |= set(votes.values_list("contribution", flat=True))
    return [face for face in ids if face not in closed]


def _draw(pools: list[ContributionQuerySet]) -> dict[UUID, int]:
    """Some of each pool, from a window at a random place: as quick in a million faces
    as in ten. Each face with the number of its pool."""
    place = uuid4()
    windows = []
    for number, pool in enumerate(pools):
        rows = (
            pool.order_by("pk").annotate(pool=Value(number)).values_list("pk", "pool")
        )
        windows += [
            rows.filter(pk__gte=place)[:WINDOW],
            rows.filter(pk__lt=place)[:WINDOW],
        ]
    return dict(windows[0].union(*windows[1:], all=True))


def _seeable(contribution: Contribution) -> Contribution:
    """The face as it is now, held until the vote is counted."""
    rows = Contribution.objects.seeable().select_for_update()
    face = rows.filter(pk=contribution.pk).first()
    if face is None:
        raise _not_to_be_seen()
    return face


def _not_to_be_seen() -> Refused:
    return Refused("not_to_be_seen", _("This face is not to be seen any more."))


def _undone() -> Refused:
    text = _("You took a vote on this face back. Others decide on it.")
    return Refused("vote_undone", text)


def _update_agreement(face: Contribution) -> None:
    """Bring what the row says of its votes in step; perhaps they decide."""
    said = vote_weights.weighed_votes([face.pk])[face.pk]
    face.vote_count = face.votes.filter(gold_answer="").count()
    top = max(said, key=lambda choice: said[choice], default="")
    face.agreement = said[top] / total if (total := sum(said.values())) else None
    face.priority = review_queue.priority_of(face, said)
    face.save(update_fields=["vote_count", "agreement", "priority"])
    _decide_by_votes(face, top, said.get(top, 0.0))


def _decide_by_votes(face: Contribution, top: str, weight: float) -> None:
    """Without a reviewer, where the settings say so: by default never."""
    if face.status != Contribution.Status.WAITING:
        return
    if weight < vote_weights.AGREED:  # devices alone never decide
        return
    agreement = 100 * (face.agreement or 0)
    accepts, rejects = settings.VOTES_ACCEPT, settings.VOTES_REJECT
    is_agreed = agreement >= settings.VOTES_AGREEMENT
    if accepts and face.vote_count >= accepts and is_agreed and top == face.emotion:
        decisions.accept(face, by=None)
    elif rejects and face.vote_count >= rejects and is_agreed and top not in Emotion:
        reason = Review.Reason.NOT_CLEAR
        if top == Vote.NoEmotion.NOT_A_FACE:
            reason = Review.Reason.NOT_A_FACE
        decisions.reject(face, by=None, reason=reason)
