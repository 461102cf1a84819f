"""Personal tokens by the API: which there are, a narrower one, the end of one."""

from datetime import datetime

from django.shortcuts import get_object_or_404
from pydantic import Field

from labeling import accounts
from labeling.models import ApiToken
from labeling.models.user import Scope
from webapp.api.access import Need, UserRequest
from webapp.api.operations import operation
from webapp.api.shapes import Answer, Body

TAG = "tokens"


class Token(Answer):
    id: int
    name: str
    hint: str = Field(description="How it begins.")
    scopes: list[Scope]
    created_at: datetime
    last_used_at: datetime | None


class Tokens(Answer):
    results: list[Token]


class NewToken(Token):
    secret: str = Field(description="The token itself. Nobody can show it again.")


class TokenWish(Body):
    name: str = Field(min_length=1, max_length=60)
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))


@operation(
    "list_tokens",
    "One's own tokens",
    tag=TAG,
    scope=Scope.READ,
    needs=Need.ACCOUNT,
    answers={200: Tokens},
)
def list_tokens(request: UserRequest) -> Answer:
    return Tokens(results=[_token(row) for row in request.user.api_tokens.all()])


@operation(
    "make_token",
    "Make a token",
    tag=TAG,
    scope=None,
    needs=Need.ACCOUNT,
    body=TokenWish,
    answers={201: NewToken},
    refusals=["name_missing", "unknown_scope", "scope_exceeded", "too_many_tokens"],
)
def make(request: UserRequest, body: TokenWish) -> Answer:
    """One for a part of a program that needs less: it may do no more than the token
    that asks for it, and ends with that one."""
    token, secret = accounts.make_token(
        request.user, name=body.name, scopes=body.scopes, by=_asking(request)
    )
    token.refresh_from_db()
    return NewToken(**dict(_token(token)), secret=secret)


@operation(
    "revoke_token",
    "End a token",
    tag=TAG,
    scope=None,
    needs=Need.ACCOUNT,
    answers={204: None},
    refusals=["not_found"],
)
def revoke(request: UserRequest, pk: int) -> None:
    """A token may end itself, and those that it made; a browser may end all."""
    mine = accounts.tokens_to_end(request.user, by=_asking(request))
    accounts.revoke_token(get_object_or_404(mine, pk=pk))


def _asking(request: UserRequest) -> ApiToken | None:
    return request.auth if isinstance(request.auth, ApiToken) else None


def _token(row: ApiToken) -> Token:
    return Token(
        id=row.pk,
        name=row.name,
        hint=row.hint,
        scopes=[Scope(scope) for scope in row.scopes],
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
