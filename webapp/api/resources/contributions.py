"""One's own faces by the API: give, list, look at, change the consent, take back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from pydantic import Field
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request

from labeling.contributions import offers, pictures, withdrawals
from labeling.emotions import Emotion
from labeling.models import Contribution
from labeling.models.user import Scope
from webapp.api import examples, idempotency, pages, shapes
from webapp.api.access import Need, UserRequest
from webapp.api.operations import operation
from webapp.api.shapes import Answer, Body, Probabilities, Share
from webapp.forms.contribute import (
    MOST_BASE64,
    ConsentsForm,
    FreeConsentsForm,
    GiveForm,
)
from webapp.http import giving
from webapp.presenters import contribution
from webapp.views import faces

TAG = "contributions"
PARSERS = (JSONParser, FormParser, MultiPartParser)
MOST_LINKS = 200
Status = Contribution.Status
JPEG = {(200, "image/jpeg"): OpenApiTypes.BINARY}


class Gift(Body):
    crop: str = Field(max_length=MOST_BASE64, description="As it came with crops=1.")
    token: str = Field(max_length=4000, description="As it came with crops=1.")
    emotion: Emotion
    adult: Literal[True] = Field(
        description="True: the face is an adult's, who gives it or has agreed."
    )
    keep: Literal[True] = Field(description="True: it may be kept for training.")
    may_be_seen: bool = Field(
        False, description="Other visitors may see it to vote on it."
    )
    may_be_released: bool = Field(
        False, description="It may be part of a public data set."
    )


class Given(Answer):
    id: UUID
    emotion: Emotion
    status: Status
    is_second_label: bool = Field(
        description="True: you gave this same picture before, as another expression. "
        "It counts once; a reviewer decides which of the two is right."
    )
    withdrawal: str | None = Field(
        description="Without an account: the private link that takes the face back. "
        "Nobody can show it again.",
    )


class Consent(Answer):
    version: str = Field(description="Which text was agreed to.")
    given_at: datetime
    may_be_seen: bool
    may_be_released: bool
    in_doubt: bool = Field(
        description="It is not used until all four consents are given anew."
    )


class GivenFace(Answer):
    id: UUID
    given_at: datetime
    emotion: Emotion = Field(description="What its giver says it shows.")
    status: Status
    decided_emotion: Emotion | None
    decided_at: datetime | None
    model_emotion: Emotion | None = Field(description="What the model said then.")
    model_probabilities: Probabilities | None
    vote_count: int
    agreement: Share | None = Field(description="Of the votes, for the most chosen.")
    consent: Consent
    versions: list[str] = Field(description="The models that learned from it.")


class GivenFaces(pages.Page[GivenFace]):
    """One's own, the latest first."""


class OwnFilter(pages.Listing):
    status: Status | None = None
    emotion: Emotion | None = None


class Consents(Body):
    may_be_seen: bool
    may_be_released: bool
    adult: Literal[True] | None = Field(
        None, description="Said again, with `keep`, where the consent is in doubt."
    )
    keep: Literal[True] | None = None


class Links(Body):
    links: list[str] = Field(
        min_length=1,
        max_length=MOST_LINKS,
        description="Private links, or the secrets behind their #.",
    )


class Receipt(Answer):
    withdrawn_at: datetime
    withdrawn: list[UUID]
    unknown: int = Field(
        0, description="How many links are not known: used already, or never made."
    )
    contaminated: list[str] = Field(
        description="The models that learned from them, which are used no further."
    )
    released: int = Field(description="How many stood in a public data set.")


@operation(
    "contribute",
    "Give a face",
    tag=TAG,
    scope=Scope.GIVE,
    request={shapes.JSON: Gift},
    headers=[idempotency.HEADER],
    answers={201: Given},
    refusals=[
        *("token_expired", "token_invalid", "token_spent", "too_many", "no_room"),
        *("not_a_picture", "not_a_crop", "too_blurred", "too_bright", "too_flat"),
        *("too_dark", "too_small"),
        *("own_duplicate", "test_face", "broken", "gone"),
    ],
    examples=[examples.GIFT],
)
def give(request: Request) -> Answer:
    """With a token it is the account's; without one the answer holds the private link
    that takes it back. Sent again with the same `Idempotency-Key`, it is answered as it
    was the first time, the link included. A form is taken as well as JSON."""
    form = GiveForm(request.data if isinstance(request.data, dict) else {})
    if not form.is_valid():
        fields: Any = form.errors
        raise ValidationError(fields)
    shapes.check(request, Gift)
    said = form.cleaned_data
    offer = giving.give_once(
        request,
        said["crop"],
        said["emotion"],
        token=said["token"],
        consent=form.consent(),
        source=Contribution.Source.API,
        key=idempotency.key(request),
    )
    return _given(offer)


def _given(offer: offers.Offer) -> Given:
    face = offer.contribution
    return Given(
        id=face.pk,
        emotion=Emotion(face.emotion),
        status=Status.WAITING,
        is_second_label=offer.is_second_label,
        withdrawal=_private_link(offer.secret),
    )


def _private_link(secret: str | None) -> str | None:
    return f"{settings.SITE_URL}{reverse('withdraw')}#{secret}" if secret else None


@operation(
    "list_contributions",
    "The faces that one gave",
    tag=TAG,
    scope=Scope.READ,
    needs=Need.ACCOUNT,
    query=OwnFilter,
    answers={200: GivenFaces},
    refusals=["not_found"],
)
def list_own(request: UserRequest, query: OwnFilter) -> Answer:
    rows = request.user.gifts.all()
    if query.status:
        rows = rows.filter(status=query.status)
    if query.emotion:
        rows = rows.filter(emotion=query.emotion)
    order = ("-created_at", "pk")
    return pages.page(request, rows, GivenFaces, order=order, shape=_faces)


@operation(
    "show_contribution",
    "One of the faces that one gave",
    tag=TAG,
    scope=Scope.READ,
    needs=Need.ACCOUNT,
    answers={200: GivenFace},
    refusals=["not_found"],
)
def show(request: UserRequest, pk: UUID) -> Answer:
    return _faces([_own(request, pk)])[0]


@operation(
    "change_consent",
    "Change what others may do with a face",
    tag=TAG,
    scope=Scope.GIVE,
    needs=Need.ACCOUNT,
    body=Consents,
    answers={200: GivenFace},
    refusals=["not_found", "consent_missing", "gone"],
)
def change_consent(request: UserRequest, pk: UUID, body: Consents) -> Answer:
    """It holds from now on. Where the consent is in doubt, `adult` and `keep` are said
    as well."""
    face = _own(request, pk)
    needed = ConsentsForm if face.consent_in_doubt else FreeConsentsForm
    form = needed(body.model_dump(exclude_none=True))
    if not form.is_valid():
        fields: Any = form.errors
        raise ValidationError(fields)
    offers.change_consent(face, form.consent(), said_again=needed is ConsentsForm)
    return _faces([_own(request, pk)])[0]


@operation(
    "withdraw_one",
    "Take a face back",
    tag=TAG,
    scope=Scope.GIVE,
    needs=Need.ACCOUNT,
    answers={200: Receipt},
    refusals=["not_found"],
)
def withdraw_one(request: UserRequest, pk: UUID) -> Answer:
    """It is gone at once, with its votes; the answer says what had learned from it."""
    return _receipt(withdrawals.withdraw(_own(request, pk)))


@operation(
    "show_picture",
    "A face as a picture",
    tag=TAG,
    scope=Scope.READ,
    needs=Need.ACCOUNT,
    answers=JPEG,
    refusals=["not_found"],
)
def picture(request: UserRequest, pk: UUID) -> HttpResponse:
    """For whoever gave it, and for reviewers."""
    jpeg = pictures.of(pk, seen_by=request.user)
    if jpeg is None:
        raise NotFound
    return faces.picture(jpeg)


@operation(
    "withdraw_by_link",
    "Take faces back by their private links",
    tag=TAG,
    scope=Scope.GIVE,
    body=Links,
    answers={200: Receipt},
    refusals=["unknown_link"],
)
def withdraw_by_link(request: Request, body: Links) -> Answer:
    """Those that are not known are counted; if none is, the answer is a 404."""
    secrets = dict.fromkeys(link.strip().rpartition("#")[2] for link in body.links)
    receipt, unknown = withdrawals.withdraw_by_secrets(secrets)
    return _receipt(receipt, unknown=len(unknown))


def _own(request: UserRequest, pk: UUID) -> Contribution:
    return get_object_or_404(request.user.gifts, pk=pk)


def _faces(rows: Sequence[Contribution]) -> list[GivenFace]:
    return [_face(summary) for summary in contribution.summarise(rows)]


def _face(summary: contribution.ContributionSummary) -> GivenFace:
    face = summary.face
    return GivenFace(
        id=face.pk,
        given_at=face.created_at,
        emotion=Emotion(face.emotion),
        status=Status(face.status),
        decided_emotion=emotion_or_none(face.decided_emotion),
        decided_at=face.decided_at,
        model_emotion=emotion_or_none(face.model_emotion),
        model_probabilities=shapes.probabilities(face.model_probabilities),
        vote_count=face.vote_count,
        agreement=face.agreement,
        consent=Consent(
            version=face.consent_version,
            given_at=face.consented_at,
            may_be_seen=face.may_be_seen,
            may_be_released=face.may_be_released,
            in_doubt=bool(face.consent_in_doubt),
        ),
        versions=summary.versions,
    )


def emotion_or_none(value: str) -> Emotion | None:
    return Emotion(value) if value else None


def _receipt(receipt: withdrawals.Receipt, *, unknown: int = 0) -> Receipt:
    return Receipt(
        withdrawn_at=receipt.at,
        withdrawn=receipt.faces,
        unknown=unknown,
        contaminated=[version.name for version in receipt.contaminated],
        released=receipt.released,
    )
