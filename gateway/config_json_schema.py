"""All settings as a JSON Schema, made from the models: for editors, and for other programs.

https://json-schema.org/draft/2020-12
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from channels.registry import KINDS
from gateway.config import Settings
from gateway.config_docs import field_docs
from gateway.config_schema import is_secret, mapped, models_in, named
from gateway.config_units import unit

Json = dict[str, Any]
ID = "urn:argent:settings"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> Json:
    """Every setting with its type, default, choices, unit and meaning."""
    made: Json = Settings.model_json_schema(schema_generator=_AsWritten)
    definitions = made.pop("$defs")
    for model in _models(Settings):
        body = made if model is Settings else definitions[model.__name__]
        _describe(model, body)
    made["properties"]["channels"] |= _accounts(made["properties"]["channels"])
    # A file may begin with the line that points its editor here (JSON has no comments).
    made["properties"]["$schema"] = {"type": "string"}
    head = {"$schema": _DIALECT, "$id": ID, "title": "Argent's settings"}
    return {**head, **{k: v for k, v in made.items() if k not in head}, "$defs": definitions}


def schema_text() -> str:
    """The same as the text of a file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


class _AsWritten(GenerateJsonSchema):
    """The schema of what a file holds, which is not always of the type that comes of it."""

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        """A length of time is written as `state.durations` reads it."""
        return {"type": "string", "examples": ["12h", "30d", "2w", "6m", "off"]}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """A default as it is written. That of a section is those of its settings."""
        made = super().default_schema(schema)
        writes = schema["schema"].get("serialization", {})
        if writes.get("type") == "function-plain" and "default" in schema:
            made["default"] = writes["function"](schema["default"])
        if isinstance(made.get("default"), dict):
            del made["default"]
        return made

    def generate(self, schema: Any, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        """Without a title for each name, which would say it again."""
        whole: JsonSchemaValue = _untitled(super().generate(schema, mode))
        return whole


def _untitled(value: Any) -> Any:
    if isinstance(value, dict):
        # A setting may be called `title`: then it is a schema, and no text.
        return {
            k: _untitled(v) for k, v in value.items() if not (k == "title" and isinstance(v, str))
        }
    return [_untitled(each) for each in value] if isinstance(value, list) else value


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model below a type, once."""
    seen: set[type[BaseModel]] = set()
    waiting = [annotation]
    while waiting:
        each = waiting.pop()
        waiting += [inner for inner in (mapped(each), named(each)) if inner is not None]
        for model in models_in(each):
            if model not in seen:
                seen.add(model)
                yield model
                waiting += [field.annotation for field in model.model_fields.values()]
                waiting += [inner for inner in (named(model),) if inner is not None]


def _describe(model: type[BaseModel], body: Json) -> None:
    docs = field_docs(model)
    if isinstance(body.get("description"), str):
        body["description"] = " ".join(body["description"].split()).replace("``", "`")
    for name, field in model.model_fields.items():
        described = body["properties"][name]
        if name in docs:
            described["description"] = docs[name]
        if (of := unit((name,))) is not None:
            described["x-unit"] = of
        if is_secret(field.annotation):
            for length in ("minLength", "maxLength"):
                described.pop(length, None)  # that of a secret, and not of where it is
            text = described.get("description", "A secret.")
            described["description"] = f'{text} May be "file:/path".'


def _accounts(channels: Json) -> Json:
    """An account that is called after its platform need not say its kind."""
    any_kind = channels["additionalProperties"]
    mapping: Mapping[str, str] = any_kind.pop("discriminator")["mapping"]
    any_kind["required"] = ["kind"]
    patterns = {f"^{re.escape(kind)}(-|$)": {"$ref": mapping[kind]} for kind in KINDS}
    return {"patternProperties": patterns}
