"""How the schema at /api/schema/ is made of the operations and their types."""

from functools import cache
from threading import Lock
from typing import Any

from django.utils import translation
from drf_spectacular.contrib.pydantic import PydanticExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter
from pydantic import BaseModel
from pydantic.json_schema import (
    CoreModeRef,
    DefsRef,
    GenerateJsonSchema,
    JsonSchemaMode,
    model_json_schema,
)

TOKEN = "personalToken"  # noqa: S105  the scheme's name
REF = "#/components/schemas/{model}"


class OneForAll(SchemaGenerator):
    """What is served: made once a process, in English, whoever asks."""

    _making = Lock()  # drf-spectacular's registries are not made for two threads

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        with self._making:
            return _schema()


@cache
def _schema() -> Any:
    with translation.override("en"):
        return SchemaGenerator().get_schema(public=True)


class Named(GenerateJsonSchema):
    """A nested class is called by the whole of its name: ContributionStatus."""

    def get_defs_ref(self, core_mode_ref: CoreModeRef) -> DefsRef:
        ref = super().get_defs_ref(core_mode_ref)
        path, _colon, _id = core_mode_ref[0].rpartition(":")
        name = "".join(part for part in path.split(".") if part[:1].isupper())
        self._prioritized_defsref_choices[ref].insert(0, DefsRef(name))
        return ref


class ShapeExtension(PydanticExtension):
    """As its base class, but what is sent may leave out what has a default."""

    priority = 1

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        is_sent = direction == "request"
        mode: JsonSchemaMode = "validation" if is_sent else "serialization"
        schema = model_json_schema(
            self.target, ref_template=REF, schema_generator=Named, mode=mode
        )
        for name, part in schema.pop("$defs", {}).items():
            component = ResolvedComponent(
                name=name,
                type=ResolvedComponent.SCHEMA,
                object=name,
                schema=_pruned(part, is_sent),
            )
            auto_schema.registry.register_on_missing(component)
        pruned: dict[str, Any] = _pruned(schema, is_sent)
        return pruned


def _pruned(part: Any, is_sent: bool) -> Any:
    """Without what generated clients misread: titles that repeat a name, which would be
    one class for several types, and defaults where there is nothing to leave out."""
    if isinstance(part, list):
        return [_pruned(one, is_sent) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {k: v for k, v in part.items() if k != "title" or isinstance(v, dict)}
    if not is_sent or kept.get("default") is None:
        kept.pop("default", None)
    return {name: _pruned(value, is_sent) for name, value in kept.items()}


def parameters_of(query: type[BaseModel]) -> list[OpenApiParameter]:
    said = model_json_schema(query, mode="validation")
    parts = said.get("$defs", {})
    return [
        OpenApiParameter(
            name,
            _parameter_type(field, parts),
            required=name in said.get("required", ()),
            description=field.get("description", ""),
        )
        for name, field in said.get("properties", {}).items()
    ]


def _parameter_type(field: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    """In place, and without the null of what may be left out."""
    [kind] = [k for k in field.get("anyOf", [field]) if k.get("type") != "null"]
    if "$ref" in kind:
        kind = parts[kind["$ref"].rpartition("/")[2]]
    told = {**kind, "default": field.get("default")}
    unwanted = {"title", "description"}
    return {k: v for k, v in told.items() if k not in unwanted and v is not None}


# Where an answer leads: operation, status, name of the link, operation, parameters.
LINKS: list[tuple[str, str, str, str, dict[str, str]]] = [
    ("contribute", "201", "show", "show_contribution", {"id": "$response.body#/id"}),
    ("contribute", "201", "withdraw", "withdraw_one", {"id": "$response.body#/id"}),
    ("start_training", "202", "progress", "training", {"id": "$response.body#/id"}),
    ("start_training", "202", "log", "training_log", {"id": "$response.body#/id"}),
    (
        "start_training",
        "202",
        "cancel",
        "cancel_training",
        {"id": "$response.body#/id"},
    ),
    ("make_token", "201", "revoke", "revoke_token", {"id": "$response.body#/id"}),
    ("model", "200", "card", "show_model", {"name": "$response.body#/name"}),
]


def finish(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """The hook for what no annotation says: links, and that nothing is needed."""
    known = {
        operation["operationId"]: operation
        for methods in result["paths"].values()
        for operation in methods.values()
    }
    for operation in known.values():
        operation.setdefault("security", [])
    for source, status, name, target, parameters in LINKS:
        answer = known[source]["responses"][status]
        link = {"operationId": target, "parameters": parameters}
        answer.setdefault("links", {})[name] = link
    return result
