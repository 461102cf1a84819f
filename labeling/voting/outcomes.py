"""What a voter learns afterwards: what others said, and what the votes decided."""

from dataclasses import dataclass

from django.db.models import Count, F, Q

from labeling.models import Contribution, User, Vote


@dataclass(frozen=True)
class Outcome:
    choice: str  # the voter's
    giver: str  # the giver's emotion
    crowd: dict[str, int]  # how often others said what
    model: dict[str, float]  # probabilities, as it saw the face when it was given

    @property
    def others(self) -> int:
        return sum(self.crowd.values())

    @property
    def shares(self) -> dict[str, float]:
        """Of the others' votes, as far as they are for an emotion."""
        return {choice: n / self.others for choice, n in self.crowd.items()}


def outcome_of(vote: Vote) -> Outcome:
    """For whoever has voted, and never before it."""
    others = Vote.objects.filter(contribution=vote.contribution_id).exclude(pk=vote.pk)
    counts = others.values_list("choice").annotate(n=Count("pk")).order_by("choice")
    face = vote.contribution
    return Outcome(vote.choice, face.emotion, dict(counts), face.model_probabilities)


def decided_with(*, by: User | None = None, device: str | None = None) -> int:
    """On how many faces was decided what this voter had said? Tests do not count."""
    if not by and not device:
        return 0
    mine = Q(voter=by) if by else Q(voter=None, device_hash=device)
    status = Contribution.Status
    is_accepted = Q(
        contribution__status=status.ACCEPTED,
        contribution__decided_emotion=F("choice"),
    )
    is_rejected = Q(
        contribution__status=status.REJECTED, choice__in=Vote.NoEmotion.values
    )
    votes = Vote.objects.filter(mine, is_accepted | is_rejected, gold_answer="")
    return votes.count()
