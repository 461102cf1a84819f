"""Voting by the API, for accounts: a face to look at, a vote, and taking it back."""

import base64
from typing import Annotated
from typing import cast as cast_type
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from pydantic import BeforeValidator, Field
from rest_framework.response import Response

from labeling.emotions import Emotion
from labeling.errors import Refused
from labeling.models import Contribution, Vote
from labeling.models.user import Scope
from labeling.voting import outcomes, votes
from webapp.api.access import Need, UserRequest
from webapp.api.operations import operation
from webapp.api.shapes import Answer, Body, Probabilities, Query
from webapp.http import admission
from webapp.http.access import SiteRequest, voter
from webapp.views import faces

TAG = "votes"
MOST_SKIPPED = 300
Choice = Emotion | Vote.NoEmotion


def _split(text: object) -> object:
    return [one for one in text.split(",") if one] if isinstance(text, str) else text


class Passing(Query):
    skip: Annotated[list[UUID], BeforeValidator(_split)] = Field(
        [],
        max_length=MOST_SKIPPED,
        description="Faces that were passed over, with commas between them.",
    )


class FaceToVoteOn(Answer):
    id: UUID
    ticket: str = Field(description="With it a vote is cast, within 15 minutes.")
    picture: str = Field(description="The face, a JPEG in base64.")


class Ballot(Body):
    ticket: str = Field(max_length=1000)
    choice: Choice


class Outcome(Answer):
    """What giver, other voters and model said of this face."""

    choice: Choice
    giver: Emotion
    crowd: dict[Choice, int] = Field(description="How often others said what.")
    model: Probabilities | None


@operation(
    "next_face",
    "A face to vote on",
    tag=TAG,
    scope=Scope.VOTE,
    needs=Need.ACCOUNT,
    query=Passing,
    answers={200: FaceToVoteOn, 204: None},
    refusals=["not_to_be_seen"],
)
def next_face(request: UserRequest, query: Passing) -> Answer | Response:
    """Drawn at random; never one's own, nor one voted on before. 204: none is left."""
    who = voter(_site(request))
    face = votes.next_face(**who, skipping=query.skip)
    if face is None:
        return Response(status=204)
    jpeg = votes.picture(face, **who)
    return FaceToVoteOn(
        id=face.pk,
        ticket=faces.make_ticket(_site(request), face),
        picture=base64.b64encode(jpeg).decode(),
    )


@operation(
    "vote",
    "Say what a face shows",
    tag=TAG,
    scope=Scope.VOTE,
    needs=Need.ACCOUNT,
    body=Ballot,
    is_repeatable=True,
    answers={201: Outcome},
    refusals=[
        *("not_found", "ticket_invalid", "not_to_be_seen", "own_face", "own_decision"),
        *("already_voted", "enough_votes", "vote_undone", "too_many"),
    ],
)
def cast(request: UserRequest, body: Ballot) -> Answer:
    face = _shown(request, body.ticket)
    admission.spend(request, "vote", settings.VOTE_RATE)
    vote = votes.cast(face, body.choice, **voter(_site(request)))
    said = outcomes.outcome_of(vote)
    return Outcome.model_validate({**vars(said), "model": said.model or None})


@operation(
    "undo_vote",
    "Take one's last vote back",
    tag=TAG,
    scope=Scope.VOTE,
    needs=Need.ACCOUNT,
    answers={204: None},
    refusals=["nothing_to_undo", "not_now"],
)
def undo(request: UserRequest) -> None:
    """Within ten minutes. The face then goes to others."""
    votes.undo(by=request.user)


def _site(request: UserRequest) -> SiteRequest:
    """As the pages know it; its user is the one whom the token named."""
    return cast_type(SiteRequest, request._request)


def _shown(request: UserRequest, ticket: str) -> Contribution:
    try:
        pk = faces.read_ticket(_site(request), ticket)
    except signing.BadSignature:
        raise Refused(
            "ticket_invalid",
            _("This ticket is too old, or another's. Ask for the next face."),
        ) from None
    return get_object_or_404(Contribution, pk=pk)
