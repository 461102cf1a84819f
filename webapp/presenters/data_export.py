"""Everything that a person gave, as one ZIP: their faces and what we know of each."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import StreamingHttpResponse
from django.utils import timezone

from labeling import audit
from labeling.models import Contribution, Crop, User
from webapp.presenters import contribution

AT_ONCE = 100


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
    """Streamed, so that a thousand faces take no more memory than one."""
    response = StreamingHttpResponse(_parts(user), content_type="application/zip")
    name = f"mien-{timezone.localdate():%Y-%m-%d}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _parts(user: User) -> Iterator[bytes]:
    pipe = _Pipe()
    rows = []
    ids = list(user.gifts.order_by("created_at").values_list("pk", flat=True))
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            faces = user.gifts.filter(pk__in=some).order_by("created_at")
            rows += [_row(summary) for summary in contribution.summarise(faces)]
            for crop in Crop.objects.filter(contribution__giver=user, pk__in=some):
                archive.writestr(f"faces/{crop.pk}.jpg", bytes(crop.jpeg))
                yield pipe.take()
        archive.writestr("mien.json", _json(user, rows))
    yield pipe.take()


def _json(user: User, faces: list[dict[str, object]]) -> str:
    content = {
        "account": {
            "email": user.email,
            "since": user.date_joined,
            "sessions": list(
                user.sessions.values("browser", "signed_in_at", "last_used_at")
            ),
            "tokens": list(
                user.api_tokens.values("name", "scopes", "created_at", "last_used_at")
            ),
        },
        "faces": faces,
        "votes": list(
            user.votes.order_by("pk").values("contribution_id", "choice", "created_at")
        ),
        "on_record": list(audit.of(user).values("at", "act")),
    }
    return json.dumps(content, cls=DjangoJSONEncoder, indent=1, ensure_ascii=False)


def _row(summary: contribution.ContributionSummary) -> dict[str, object]:
    face: Contribution = summary.face
    return {
        "id": face.pk,
        "picture": f"faces/{face.pk}.jpg",
        "given": face.created_at,
        "emotion": face.emotion,
        "status": face.status,
        "decided_emotion": face.decided_emotion,
        "decided": face.decided_at,
        "votes": summary.votes,
        "model_said": face.model_probabilities,
        "consent": {
            "version": face.consent_version,
            "language": face.consent_language,
            "given": face.consented_at,
            "may_be_seen": face.may_be_seen,
            "may_be_released": face.may_be_released,
            "in_doubt": face.consent_in_doubt.split(),
        },
        "versions_trained_with_it": summary.versions,
    }
