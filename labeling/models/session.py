from datetime import datetime
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import cached_db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from labeling.models.user import User


class Session(AbstractBaseSession):
    """One browser of one visitor; Django's own, with whose it is and when it was used.

    Of the browser nothing is kept but a word or two, and no address at all.
    """

    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        db_constraint=False,  # one that ends late may outlive its account for a moment
        related_name="sessions",
        null=True,
    )
    browser = models.CharField(max_length=40, blank=True)
    signed_in_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(default=timezone.now)

    @classmethod
    def get_session_store_class(cls) -> type["SessionStore"]:
        return SessionStore


class SessionStore(cached_db.SessionStore):
    """Named by SESSION_ENGINE. What is noted of a session lies in it, signed."""

    cache_key_prefix = "mien.session"
    NOTES = "mien_notes"

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast(Session, super().create_model_instance(data))
        if user := data.get(SESSION_KEY):
            row.user_id = int(user)
            notes = data.get(self.NOTES, {})
            row.browser = notes.get("browser", "")
            since = notes.get("since")
            row.signed_in_at = datetime.fromisoformat(since) if since else None
        return row

    def note(self, *, browser: str) -> None:
        """It is in use: saved at once, so that nothing else is saved late with it."""
        now = timezone.now().isoformat()
        since = self.get(self.NOTES, {}).get("since", now)
        self[self.NOTES] = {"browser": browser, "since": since, "used": now}
        self.save()
        self.modified = False

    @property
    def noted_at(self) -> datetime | None:
        used = self.get(self.NOTES, {}).get("used")
        return datetime.fromisoformat(used) if used else None
