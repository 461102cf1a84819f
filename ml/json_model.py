"""Types whose values are JSON objects: card.json, the exam's report and their parts.

What a program hands over is `model_validate`d and refused with the place that is wrong.
What a database holds may be of an older format or from elsewhere: `read` it, and what
is not there, or is odd, is empty.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

LENIENT = {"lenient": True}


class JsonModel(BaseModel):
    """Frozen; keys that it does not know stay with it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    @classmethod
    def read(cls, content: object) -> Self:
        """Of a class whose fields all have defaults: any content, in any state."""
        known = content if isinstance(content, Mapping) else {}
        return cls.model_validate(known, context=LENIENT)

    def to_json(self) -> dict[str, object]:
        """As plain JSON values: what was given, without the defaults of the rest."""
        return self.model_dump(mode="json", exclude_unset=True)

    @field_validator("*", mode="wrap")
    @classmethod
    def _odd_is_empty(
        cls, value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> object:
        try:
            return handler(value)
        except ValidationError:
            if info.context is not LENIENT or info.field_name is None:
                raise
            field = cls.model_fields[info.field_name]
            return field.get_default(call_default_factory=True)
