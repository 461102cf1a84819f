"""Everything that is held of a person, as one ZIP: their faces, what became of each,
and what hangs on their account."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from labeling import audit
from labeling.models import (
    ApiToken,
    Contribution,
    Crop,
    Promotion,
    Review,
    Session,
    Suspect,
    TrainingRun,
    User,
    Vote,
)
from webapp.presenters import contribution

AT_ONCE = 100

# What hangs on an account: where, by which field, and what of it is told. Of secrets
# and sessions only that they are there. A test holds that no table is forgotten.
Held = tuple[type[Model], str, tuple[str, ...]]
ACCOUNT: dict[str, Held] = {
    "addresses": (EmailAddress, "user", ("email", "verified", "primary")),
    "second_factors": (
        Authenticator,
        "user",
        ("type", "created_at", "last_used_at"),
    ),
    "sessions": (Session, "user", ("browser", "signed_in_at", "last_used_at")),
    "tokens": (ApiToken, "user", ("name", "scopes", "created_at", "last_used_at")),
}
WORK: dict[str, Held] = {
    "votes": (Vote, "voter", ("contribution_id", "choice", "created_at")),
    "decisions": (
        Review,
        "by",
        ("contribution_id", "act", "to_emotion", "reason", "note", "created_at"),
    ),
    "being_reviewed": (Contribution, "leased_to", ("id", "leased_until")),
    "retrainings": (TrainingRun, "requested_by", ("id", "preset", "created_at")),
    "promotions": (Promotion, "by", ("version__name", "reason", "created_at")),
    "suspected": (Suspect, "user", ("role", "belief", "found_at", "cleared_at")),
    "admin_log": (LogEntry, "user", ("action_time", "action_flag")),
}


class _Pipe(io.RawIOBase):
    """What the ZIP writer has written and nobody has sent yet."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:
        self.chunks.append(bytes(chunk))
        return len(chunk)

    def take(self) -> bytes:
        taken = b"".join(self.chunks)
        self.chunks.clear()
        return taken


def everything(user: User) -> StreamingHttpResponse:
    """All that an account gave and did, and what is known of it."""
    return _response(of_account(user))


def of_links(faces: QuerySet[Contribution]) -> StreamingHttpResponse:
    """All that is known of faces whose private links somebody has."""
    return _response(of_faces(faces))


def of_account(user: User) -> Iterator[bytes]:
    return of_faces(user.gifts.all(), **_of(user))


def of_faces(faces: QuerySet[Contribution], **more: object) -> Iterator[bytes]:
    """The pieces of the ZIP, so that a thousand faces take no more memory than one."""
    pipe = _Pipe()
    rows = []
    ids = list(faces.order_by("created_at").values_list("pk", flat=True))
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for start in range(0, len(ids), AT_ONCE):
            some = faces.filter(pk__in=ids[start : start + AT_ONCE])
            told = contribution.summarise(some.order_by("created_at"))
            rows += [_row(summary) for summary in told]
            for crop in Crop.objects.filter(contribution__in=some):
                archive.writestr(f"faces/{crop.pk}.jpg", bytes(crop.jpeg))
                yield pipe.take()
        content = json.dumps(
            {**more, "faces": rows}, cls=DjangoJSONEncoder, indent=1, ensure_ascii=False
        )
        archive.writestr("mien.json", content)
    yield pipe.take()


def _response(parts: Iterator[bytes]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(parts, content_type="application/zip")
    name = f"mien-{timezone.localdate():%Y-%m-%d}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _of(user: User) -> dict[str, object]:
    return {
        "account": {
            "email": user.email,
            "since": user.date_joined,
            "last_sign_in": user.last_login,
            "is_of_age": user.is_of_age,
            "key": user.key,
            "split": user.split,
            "language": user.language,
            "groups": list(user.groups.values_list("name", flat=True)),
            **{name: _rows(user, *held) for name, held in ACCOUNT.items()},
        },
        **{name: _rows(user, *held) for name, held in WORK.items()},
        "on_record": list(audit.of(user).values("at", "act")),
    }


def _rows(
    user: User, model: type[Model], field: str, columns: tuple[str, ...]
) -> list[dict[str, object]]:
    rows = model._default_manager.filter(**{field: user}).order_by("pk")
    return list(rows.values(*columns))


def _row(summary: contribution.ContributionSummary) -> dict[str, object]:
    face: Contribution = summary.face
    return {
        "id": face.pk,
        "picture": f"faces/{face.pk}.jpg",
        "given": face.created_at,
        "emotion": face.emotion,
        "status": face.status,
        "became": summary.sentence,
        "decided_emotion": face.decided_emotion,
        "decided": face.decided_at,
        "votes": summary.votes,
        "model_said": face.model_probabilities,
        "consent": {
            "version": face.consent_version,
            "language": face.consent_language,
            "notice": face.notice_version,
            "given": face.consented_at,
            "may_be_seen": face.may_be_seen,
            "may_be_released": face.may_be_released,
            "in_doubt": face.consent_in_doubt.split(),
        },
        "versions_trained_with_it": summary.versions,
    }
