"""Rings: givers and voters in league, as far as their votes betray them.

Suspected voters' votes weigh nothing, nor do those of accounts deleted since, behind
which a ring could hide. Of a suspected giver, whatever is accepted as he gave it counts
for nothing until a second reviewer confirms it. So does a face whose label would not be
ahead without such votes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from labeling import audit
from labeling.db import AdvisoryLock, hold_lock
from labeling.errors import Refused
from labeling.models import Contribution, Review, Suspect, User, Vote
from labeling.models.contribution import ContributionQuerySet
from labeling.review import own_gifts, review_events
from labeling.voting import vote_weights
from ml.data import collusion
from ml.emotions import EMOTIONS

SURE = 0.7  # of suspicion, from which it counts
# A giver's word is as good as a vote where votes that count agree with him so often,
# and as good as two where they do nearly as often as with each other.
WORD_VOTES, WORD_SHARE, SURE_WORD_SHARE = 5, 0.6, 0.75
MOST_VOTES = 100_000  # looked through at once, the newest: two seconds and 50 MB
ANSWERS = [*EMOTIONS, *Vote.NoEmotion.values]

# Everybody's votes as numbers: a face, its giver's account or -1, its label, a voter,
# and what he says; the last two of the columns name the voter.
_VOTES = """
SELECT dense_rank() OVER (ORDER BY v.contribution_id) - 1 AS face,
       COALESCE(c.giver_id, -1) AS giver, array_position(%(answers)s, c.emotion) - 1,
       dense_rank() OVER (ORDER BY v.voter_id, CASE WHEN v.voter_id IS NULL
                          THEN v.device_hash END) - 1 AS voter,
       array_position(%(answers)s, v.choice) - 1,
       v.voter_id, v.device_hash
FROM labeling_vote v CROSS JOIN LATERAL (
    SELECT giver_id, emotion, status FROM labeling_contribution
    WHERE id = v.contribution_id OFFSET 0  -- one by one, or all faces would be read
) AS c
WHERE v.gold_answer = '' AND NOT v.voter_left AND c.status <> 'in_doubt'
  AND v.id > %(oldest)s
"""
_NUMBERS = ("face", "giver", "label", "voter", "choice")

# Who of the suspects met whom, and how often the voter said what the giver says.
_LINKS = """
SELECT g.id, s.id, count(*), count(*) FILTER (WHERE v.choice = c.emotion)
FROM labeling_vote v JOIN labeling_contribution c ON c.id = v.contribution_id
JOIN labeling_suspect g ON g.role = 'giver' AND g.user_id = c.giver_id
JOIN labeling_suspect s ON s.role = 'voter' AND (s.user_id = v.voter_id
    OR (v.voter_id IS NULL AND s.device_hash = v.device_hash))
WHERE v.gold_answer = '' AND g.cleared_at IS NULL AND s.cleared_at IS NULL
GROUP BY g.id, s.id
"""

# Accepted faces with the label that a void vote names, where the other votes, and the
# word of a giver with a record, do not put it ahead.
_NOT_AHEAD = f"""
WITH backed AS MATERIALIZED (
    SELECT DISTINCT c.id, c.giver_id, c.emotion, c.decided_emotion
    FROM ({vote_weights.VOID}) AS void
    JOIN labeling_contribution c ON c.id = contribution_id
    WHERE c.status = 'accepted' AND choice = c.decided_emotion
), said AS MATERIALIZED (
    SELECT contribution_id, choice, count(*) AS votes FROM labeling_vote
    WHERE contribution_id IN (SELECT id FROM backed) AND {vote_weights.COUNTS}
    GROUP BY contribution_id, choice
), word AS MATERIALIZED (
    SELECT giver_id, CASE WHEN agreed >= {SURE_WORD_SHARE} * votes THEN 2 ELSE 1 END
        AS votes
    FROM (
        SELECT c.giver_id, count(*) AS votes,
               count(*) FILTER (WHERE choice = c.emotion) AS agreed
        FROM labeling_vote JOIN labeling_contribution c ON c.id = contribution_id
        WHERE c.giver_id IN (SELECT giver_id FROM backed) AND {vote_weights.COUNTS}
        GROUP BY c.giver_id
    ) AS record WHERE agreed >= GREATEST({WORD_VOTES}, {WORD_SHARE} * votes)
)
SELECT id FROM backed LEFT JOIN word
    ON word.giver_id = backed.giver_id AND emotion = decided_emotion
WHERE COALESCE(word.votes, 0) + (
    SELECT COALESCE(sum(votes), 0) FROM said
    WHERE contribution_id = id AND choice = decided_emotion
) <= (
    SELECT COALESCE(max(votes), 0) FROM said
    WHERE contribution_id = id AND choice <> decided_emotion
)
"""  # noqa: S608 (no value from outside is in it)


def refresh() -> int:
    """Look through the votes anew; how many people are suspected. Who was cleared by a
    reviewer stays so, and so does a suspect without a vote among the newest."""
    with transaction.atomic():
        hold_lock(AdvisoryLock.RINGS)
        oldest = _before_the_newest()
        known = {_who(one): one for one in Suspect.objects.all()}
        now = {_who(one): one for one in _found(oldest)}
        gone = [one.pk for who, one in known.items() if who not in now]
        Suspect.objects.filter(_is_seen(oldest), pk__in=gone, cleared_at=None).delete()
        Suspect.objects.bulk_create(one for who, one in now.items() if who not in known)
        for who in known.keys() & now.keys():
            known[who].belief = now[who].belief
        Suspect.objects.bulk_update(known.values(), ["belief"])
    return Suspect.objects.filter(cleared_at=None).count()


def _who(one: Suspect) -> tuple[str, int | None, str | None]:
    return one.role, one.user_id, one.device_hash


def _before_the_newest() -> int:
    """The vote before the newest MOST_VOTES, by its number; 0 where these are all."""
    votes = Vote.objects.order_by("-pk").values_list("pk", flat=True)
    return next(iter(votes[MOST_VOTES : MOST_VOTES + 1]), 0)


def _is_seen(oldest: int) -> Q:
    """Suspects of whom the newest votes say something."""
    if not oldest:
        return Q()
    votes = Vote.objects.filter(pk__gt=oldest, gold_answer="")
    given = votes.filter(contribution__giver=OuterRef("user"))
    cast = votes.filter(voter=OuterRef("user"))
    on_device = votes.filter(voter=None, device_hash=OuterRef("device_hash"))
    is_giver = Q(role=Suspect.Role.GIVER)
    return (is_giver & Exists(given)) | (~is_giver & (Exists(cast) | Exists(on_device)))


def _found(oldest: int) -> Iterator[Suspect]:
    rows = _numbers(oldest)
    if not len(rows):
        return
    people, giver = np.unique(rows["giver"], return_inverse=True)
    unknown = int(people[0] < 0)  # the first is nobody, where there is such a face
    _faces, first = np.unique(rows["face"], return_index=True)
    said = collusion.find(
        collusion.Votes(
            face=rows["face"],
            voter=rows["voter"],
            choice=rows["choice"],
            label=rows["label"][first],
            giver=giver[first] - unknown,
            classes=len(EMOTIONS),
        )
    )
    for n in np.flatnonzero(said.givers >= SURE):
        belief, account = float(said.givers[n]), int(people[n + unknown])
        yield Suspect(role="giver", user_id=account, belief=belief)
    sure = np.flatnonzero(said.voters >= SURE).tolist()
    for number, voter, device in _voters(sure, oldest):
        belief, device = float(said.voters[number]), None if voter else device
        yield Suspect(role="voter", user_id=voter, device_hash=device, belief=belief)


def _numbers(oldest: int) -> np.ndarray[Any, np.dtype[np.void]]:
    """The votes since, forty bytes each: read row by row, never as a list of rows."""
    query = f"SELECT * FROM ({_VOTES}) AS votes"  # noqa: S608 (ours alone)
    kind = np.dtype([(name, np.int64) for name in _NUMBERS])
    with transaction.atomic(), connection.cursor():
        assert connection.connection is not None  # noqa: S101 (for the type checker)
        with connection.connection.cursor(name="votes") as cursor:
            cursor.itersize = 10_000
            cursor.execute(query, {"answers": ANSWERS, "oldest": oldest})
            return np.fromiter((row[: len(_NUMBERS)] for row in cursor), kind)


def _voters(
    numbers: list[int], oldest: int
) -> list[tuple[int, int | None, str | None]]:
    """Account and device of voters by their numbers."""
    if not numbers:
        return []
    query = f"""SELECT DISTINCT ON (voter) voter, voter_id, device_hash
                FROM ({_VOTES}) AS votes WHERE voter = ANY(%(voters)s)"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, {"answers": ANSWERS, "oldest": oldest, "voters": numbers})
        return list(cursor.fetchall())


def quarantined() -> ContributionQuerySet:
    """Accepted faces that count for nothing until a second reviewer confirms them: as a
    suspect gave them, or with a label that is not ahead by votes that count."""
    suspects = Suspect.objects.filter(cleared_at=None)
    givers = suspects.filter(role=Suspect.Role.GIVER).values("user")
    as_given = Q(giver__in=givers, emotion=F("decided_emotion"))
    return _accepted(as_given | _not_ahead())


def _not_ahead() -> Q:
    return Q(pk__in=RawSQL(_NOT_AHEAD, []))  # noqa: S611 (ours alone)


def _accepted(which: Q) -> ContributionQuerySet:
    """Without those that a second reviewer confirmed."""
    confirmed = Review.objects.filter(
        contribution=OuterRef("pk"), act=Review.Act.CONFIRM, undone_by=None
    )
    return Contribution.objects.accepted().filter(which, ~Exists(confirmed))


def void() -> Q:
    """Votes that count for nothing: of suspected voters, and of whoever left."""
    voters = Suspect.objects.filter(cleared_at=None, role=Suspect.Role.VOTER)
    accounts = voters.filter(user__isnull=False).values("user")
    devices = voters.filter(user=None).values("device_hash")
    of_suspects = Q(voter__in=accounts) | Q(voter=None, device_hash__in=devices)
    return of_suspects | Q(voter_left=True)


def of_suspected_givers() -> Q:
    """Faces of suspected givers."""
    givers = Suspect.objects.filter(cleared_at=None, role=Suspect.Role.GIVER)
    return Q(giver__in=givers.values("user"))


def confirm(contribution: Contribution, *, by: User) -> Review:
    """A second reviewer agrees: the face counts again. Whoever accepted it does only
    where there is no other reviewer."""
    with transaction.atomic():
        rows = Contribution.objects.select_for_update()
        face = rows.filter(pk=contribution.pk).first()
        if face is None or not quarantined().filter(pk=face.pk).exists():
            text = _("This face does not wait for a second reviewer.")
            raise Refused("not_in_quarantine", text)
        own_gifts.check(face.giver_id, by)
        first = face.reviews.filter(to_status=face.status, undone_by=None)
        decided = first.exclude(act=Review.Act.SCREEN).order_by("-pk").first()
        if decided and decided.by_id == by.pk and own_gifts.has_other_reviewer(by):
            text = _("You accepted this face yourself: another reviewer confirms it.")
            raise Refused("own_decision", text)
        event = review_events.confirming_review(face, by)
        event.save(force_insert=True)
    return event


def clear(suspect: Suspect, *, by: User) -> Suspect:
    """A reviewer sees no league: votes and faces count again, from now on."""
    with transaction.atomic():
        rows = Suspect.objects.filter(pk=suspect.pk, cleared_at=None)
        if suspect.user_id == by.pk:
            text = _("Another reviewer decides whether you belong to a ring.")
            raise Refused("own_suspicion", text)
        if rows.update(cleared_at=Now()):
            role = {"role": suspect.role}
            audit.record(
                audit.Act.SUSPECT_CLEARED, by=by, subject=suspect.user, details=role
            )
        suspect.refresh_from_db()
    return suspect


@dataclass(frozen=True)
class Link:
    """A suspected voter and a suspected giver who met."""

    giver: Suspect
    voter: Suspect
    met: int  # votes
    backed: int  # of those for what the giver says


@dataclass
class Ring:
    """Suspects who hang together. One without a partner is a ring of one."""

    givers: list[Suspect] = field(default_factory=list)
    voters: list[Suspect] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    faces: list[UUID] = field(default_factory=list)  # in quarantine


def found() -> list[Ring]:
    """All rings, the largest first."""
    people = Suspect.objects.filter(cleared_at=None).select_related("user")
    suspects = {one.pk: one for one in people.order_by("role", "-belief", "pk")}
    with connection.cursor() as cursor:
        cursor.execute(_LINKS)
        links = [
            Link(suspects[giver], suspects[voter], met, backed)
            for giver, voter, met, backed in cursor.fetchall()
            if backed
        ]
    faces = quarantined().filter(of_suspected_givers()).order_by("decided_at", "pk")
    waiting = list(faces.values_list("giver", "pk"))
    rings = [
        _ring(members, suspects, links, waiting)
        for members in _together(suspects, links)
    ]
    return sorted(rings, key=lambda ring: -len(ring.givers) - len(ring.voters))


def other_faces() -> ContributionQuerySet:
    """In quarantine, and of nobody who is suspected: for their votes, then, by which
    they are found. To ask for either reason is to look at all accepted faces."""
    faces = _accepted(_not_ahead()).exclude(of_suspected_givers())
    return faces.order_by("decided_at", "pk")


def _together(suspects: dict[int, Suspect], links: list[Link]) -> list[set[int]]:
    groups = {pk: {pk} for pk in suspects}
    for link in links:
        one, other = groups[link.giver.pk], groups[link.voter.pk]
        if one is not other:
            one |= other
            groups |= dict.fromkeys(other, one)
    return list({id(group): group for group in groups.values()}.values())


def _ring(
    members: set[int],
    suspects: dict[int, Suspect],
    links: list[Link],
    waiting: Sequence[tuple[int | None, UUID]],
) -> Ring:
    of_role = {
        role: [
            one for pk, one in suspects.items() if pk in members and one.role == role
        ]
        for role in Suspect.Role
    }
    givers = of_role[Suspect.Role.GIVER]
    accounts = {one.user_id for one in givers}
    return Ring(
        givers=givers,
        voters=of_role[Suspect.Role.VOTER],
        links=[link for link in links if link.giver.pk in members],
        faces=[face for giver, face in waiting if giver in accounts],
    )
