"""The JSON Schemas of what people write, from the models, so that editors complete, explain and check."""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from keyless.project import CONFIG_KEY
from keyless.registry import EnvironmentFacts
from keyless.render.field_docs import field_docs
from keyless.spec import App

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Explained(GenerateJsonSchema):
    """Gives each property the docstring of its field, which editors show beside it."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        texts = field_docs(schema["cls"])
        for name, value in made.get("properties", {}).items():
            # Titles that only repeat the key would stand in front of the text.
            value.pop("title", None)
            if name in texts:
                value["description"] = texts[name]
        return made


def render_schemas() -> dict[str, str]:
    """File name to text, of each schema."""
    app = {"$schema": _DIALECT, **App.model_json_schema(schema_generator=_Explained)}
    facts = EnvironmentFacts.model_json_schema(schema_generator=_Explained)
    definitions = facts.pop("$defs")
    config = {"type": "object", "properties": {CONFIG_KEY: facts}, "required": [CONFIG_KEY]}
    environment: dict[str, Any] = {
        "$schema": _DIALECT,
        "title": "Environment file",
        "type": "object",
        "properties": {"config": config},
        "required": ["config"],
        "$defs": definitions,
    }
    part: dict[str, Any] = {
        "$schema": _DIALECT,
        "title": "Part of an environment",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: facts["properties"][name] for name in ("resources", "apps")},
        "$defs": definitions,
    }
    schemas = {
        "app.schema.json": app,
        "environment.schema.json": environment,
        "environment-part.schema.json": part,
    }
    return {
        name: json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for name, value in schemas.items()
    }
