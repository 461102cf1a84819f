"""Long lists, a page at a time: each answer holds the address of the next."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from pydantic import Field
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from webapp.api.shapes import Answer, Query

PER_PAGE = 25
MOST = 100

Item = TypeVar("Item", bound=Answer)
Row = TypeVar("Row", bound=Model)


class Listing(Query):
    limit: int = Field(PER_PAGE, ge=1, le=MOST, description="How many at once.")
    cursor: str | None = Field(
        None,
        max_length=500,
        pattern="^[A-Za-z0-9+/=]*$",
        description="From `next` or `previous`: where to go on.",
    )


class Page(Answer, Generic[Item]):
    next: str | None = Field(description="The address of the next page.")
    previous: str | None
    results: list[Item]


Listed = TypeVar("Listed", bound=Page[Any])


class Cursor(CursorPagination):
    page_size = PER_PAGE
    page_size_query_param = "limit"
    max_page_size = MOST


def page(
    request: Request,
    rows: QuerySet[Row],
    kind: type[Listed],
    *,
    order: Sequence[str],
    shape: Callable[[Sequence[Row]], list[Item]],
) -> Listed:
    """One page of them. A cursor that we did not make leads nowhere: 404."""
    cursor = Cursor()
    cursor.ordering = tuple(order)
    try:
        found = cursor.paginate_queryset(rows, request) or []
    except (ValueError, OverflowError, ValidationError):
        raise NotFound from None
    return kind(
        next=cursor.get_next_link(),
        previous=cursor.get_previous_link(),
        results=shape(found),
    )
