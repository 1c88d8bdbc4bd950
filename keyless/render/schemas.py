"""The JSON Schemas of what people write, from the models, so that editors complete and check."""

import json
from typing import Any

from keyless.registry import EnvironmentFacts
from keyless.spec import CONFIG_KEY, App

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render_schemas() -> dict[str, str]:
    """File name to text, of each schema."""
    app = {"$schema": _DIALECT, **App.model_json_schema()}
    facts = EnvironmentFacts.model_json_schema()
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
    return {
        name: json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for name, value in (("app.schema.json", app), ("environment.schema.json", environment))
    }
