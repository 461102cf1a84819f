"""Ids, exactly as we write them into pages; in any other form they are none."""

from uuid import UUID

MOST_DIGITS = 18  # a bigint holds them all


def number(text: str) -> int | None:
    is_one = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if is_one else None


def uuid(text: str) -> UUID | None:
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


def uuids(texts: list[str]) -> list[UUID]:
    return [found for text in texts if (found := uuid(text))]
