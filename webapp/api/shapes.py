"""What goes in and out of the API, as types: what they say is what is checked, and what
the schema tells."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from django.utils.translation import gettext as _
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
)
from rest_framework import exceptions
from rest_framework.request import Request

JSON = "application/json"
LONGEST_ECHO = 60  # characters of what was sent, in a sentence about it
NO_TEXT = re.compile(r"[^\x20-\x7e]")

Share = Annotated[float, Field(ge=0, le=1)]


def _whole(said: object) -> object:
    return int(said) if isinstance(said, float) and said.is_integer() else said


# To JSON, 3.0 is a whole number like 3: `Annotated[int, Field(ge=1), WHOLE]`.
WHOLE = BeforeValidator(_whole)


@dataclass(frozen=True)
class OneOf:
    """Of a text that is one of these: `Annotated[str, OneOf(NETWORKS)]`."""

    names: tuple[str, ...]

    def __get_pydantic_core_schema__(
        self, _source: Any, handler: GetCoreSchemaHandler
    ) -> Any:
        return handler.generate_schema(Literal[self.names])


class Body(BaseModel):
    """A JSON body. Its types are JSON's own, and it has no other fields."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False
    )


class Query(BaseModel):
    """What may stand behind the question mark: text, read as the type says."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """What comes back. Later versions may have more fields, never fewer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


Q = TypeVar("Q", bound=Query)
B = TypeVar("B", bound=Body)


class Probabilities(Answer):
    """They sum to 1."""

    angry: Share
    disgust: Share
    fear: Share
    happy: Share
    sad: Share
    surprise: Share
    neutral: Share


def probabilities(said: Mapping[str, float]) -> Probabilities | None:
    """None where no model looked."""
    return Probabilities(**said) if said else None


def query(request: Request, shape: type[Q]) -> Q:
    sent = request.query_params
    if several := [name for name in sent if len(sent.getlist(name)) > 1]:
        raise exceptions.ValidationError({several[0]: [_("Please say this once.")]})
    try:
        return shape.model_validate(sent.dict())
    except ValidationError as why:
        raise _refusal(why) from None


def body(request: Request, shape: type[B]) -> B:
    """What was sent as JSON; nothing is as good as an empty object."""
    _parsed = request.data  # refuses what is no JSON
    try:
        return shape.model_validate_json(request.body or b"{}")
    except ValidationError as why:
        raise _refusal(why) from None


def check(request: Request, shape: type[Body]) -> None:
    """What was sent as JSON, or as a form, of which the names are looked at alone: its
    words are for a Django form to read."""
    if request.content_type.startswith(JSON):
        body(request, shape)
    else:
        sent: Any = request.data
        check_names(sent, shape.model_fields)


def check_names(sent: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse a form with a field that nobody reads: it may be a word misspelt."""
    if unknown := sorted(set(sent) - set(known)):
        raise exceptions.ValidationError({unknown[0]: [_unknown()]})


def _refusal(why: ValidationError) -> exceptions.ValidationError:
    sentences: dict[str, list[str]] = {}
    for error in why.errors(include_url=False):
        name = str(error["loc"][0]) if error["loc"] else ""
        sentences.setdefault(name, []).append(_sentence(error))
    fields: Any = sentences.get("", sentences)
    return exceptions.ValidationError(fields)


def _sentence(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "missing":
            return _("This is missing.")
        case "extra_forbidden":
            return _unknown()
        case "literal_error" | "enum":
            said = NO_TEXT.sub("", str(error["input"]))[:LONGEST_ECHO]
            known = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
            return _("%(said)s is none of %(known)s.") % {
                "said": said or _("This"),
                "known": known,
            }
    return _("This does not fit: %(why)s.") % {"why": error["msg"]}


def _unknown() -> str:
    return _("There is no such field.")
