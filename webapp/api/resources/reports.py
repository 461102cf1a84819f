"""Urgent reports about shown faces by the API: anybody reports, reviewers decide."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import cast
from uuid import UUID

from django.shortcuts import get_object_or_404
from pydantic import Field
from rest_framework.request import Request

from labeling.contributions import face_reports
from labeling.emotions import Emotion
from labeling.models import FaceReport
from labeling.models.user import Scope
from webapp.api import examples, pages
from webapp.api.access import Need, UserRequest
from webapp.api.operations import operation
from webapp.api.shapes import Answer, Body
from webapp.http.access import SiteRequest
from webapp.views import faces

TAG = "reports"
Reason = FaceReport.Reason


class Act(StrEnum):
    REMOVE = "remove"
    CLEAR = "clear"


class ReportedAs(Body):
    face: UUID = Field(description="Its number, as voters and releases are told it.")
    reason: Reason


class Hidden(Answer):
    face: UUID = Field(description="It is shown to nobody until a reviewer decides.")


class ReportedFace(Answer):
    id: int
    face: UUID
    reason: Reason
    reported_at: datetime
    emotion: Emotion = Field(description="What its giver says it shows.")
    is_released: bool = Field(description="It was part of a public data set.")


class ReportedFaces(pages.Page[ReportedFace]):
    """The oldest first."""


class ReportDecision(Body):
    act: Act = Field(description="Remove it for good, or show it again as before.")


class Decided(Answer):
    report: int
    face: UUID
    act: Act


@operation(
    "report_face",
    "Report a face that must not be here",
    tag=TAG,
    scope=None,
    body=ReportedAs,
    is_repeatable=True,
    answers={201: Hidden},
    refusals=["not_shown", "too_many"],
    examples=[examples.REPORT],
)
def report(request: Request, body: ReportedAs) -> Answer:
    """A child, somebody who did not agree, or abuse. The face is hidden at once, and
    the operator is told. A second report of it changes nothing."""
    face = face_reports.shown(body.face)
    faces.hide_reported(cast(SiteRequest, request._request), face, body.reason)
    return Hidden(face=face.pk)


@operation(
    "list_reports",
    "The faces that were reported, and are hidden",
    tag=TAG,
    scope=Scope.REVIEW,
    needs=Need.REVIEWER,
    query=pages.Listing,
    answers={200: ReportedFaces},
    refusals=["not_found"],
)
def list_reports(request: UserRequest, query: pages.Listing) -> Answer:
    """A face's picture is at `contributions/{id}/picture`."""
    rows = FaceReport.objects.select_related("contribution")
    order = ("created_at", "pk")
    return pages.page(request, rows, ReportedFaces, order=order, shape=_reports)


@operation(
    "decide_report",
    "Remove a reported face, or show it again",
    tag=TAG,
    scope=Scope.REVIEW,
    needs=Need.REVIEWER,
    body=ReportDecision,
    is_repeatable=True,
    answers={201: Decided},
    refusals=["not_found", "already_decided", "own_gift"],
)
def decide(request: UserRequest, pk: int, body: ReportDecision) -> Answer:
    """The first decision stands, and is on record. A picture that was removed is not
    taken again."""
    row = get_object_or_404(FaceReport, pk=pk)
    act = {Act.REMOVE: face_reports.remove, Act.CLEAR: face_reports.clear}[body.act]
    act(row, by=request.user)
    return Decided(report=pk, face=row.contribution_id, act=body.act)


def _reports(rows: Sequence[FaceReport]) -> list[ReportedFace]:
    return [_report(row) for row in rows]


def _report(row: FaceReport) -> ReportedFace:
    return ReportedFace(
        id=row.pk,
        face=row.contribution_id,
        reason=Reason(row.reason),
        reported_at=row.created_at,
        emotion=Emotion(row.contribution.emotion),
        is_released=row.contribution.released_at is not None,
    )
