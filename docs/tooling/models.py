"""The pages of app and environment files: one section a model, one row a field."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from docs.tooling.wording import Words, models_in
from keyless.environment import AppOverride, Audit, Cluster, Deployers, Identities, Network, Override
from keyless.registry import AnyResource, AnyUse, EnvironmentFacts
from keyless.render.field_docs import field_docs
from keyless.resource import Resource
from keyless.spec import App, ServiceAccountSpec, WorkloadSpec
from keyless.use import Use, WaiverSpec

USES: tuple[type[Use], ...] = get_args(get_args(AnyUse)[0])
RESOURCES: tuple[type[Resource], ...] = get_args(get_args(AnyResource)[0])
Titles = Mapping[type[BaseModel], tuple[str, str]]
"""Of each model: the heading of its section, and the word that links to it."""


@dataclass(frozen=True)
class Row:
    """One field, in Markdown."""

    name: str
    type: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Section:
    """One model: its heading, what it is, and its fields."""

    title: str
    text: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Page:
    """The sections of one file, and the named types that its fields have."""

    sections: tuple[Section, ...]
    named: Mapping[str, str]


def kind_of(model: type[BaseModel]) -> str:
    """`blob`, of the model whose `kind` says only that."""
    (kind,) = get_args(model.model_fields["kind"].annotation)
    return str(kind)


def app_file() -> Page:
    """What may stand in `apps/**/*.yaml`."""
    titles: Titles = {
        App: ("The file", "app"),
        WorkloadSpec: ("`workload`, and each of `workloads`", "workload"),
        ServiceAccountSpec: ("`service_account`", "ServiceAccount"),
        **{use: (use_title(kind_of(use)), kind_of(use)) for use in USES},
        WaiverSpec: ("`waiver`", "waiver"),
    }
    return _page(App, titles, {})


def environment_file() -> Page:
    """What may stand below `keyless:environment` in `Pulumi.<env>.yaml`."""
    common = {name: Resource.model_fields[name] for name in Resource.model_fields if name != "kind"}
    titles: Titles = {
        EnvironmentFacts: ("`keyless:environment`", "environment"),
        Identities: ("`identities`", "identities"),
        Deployers: ("`deployers`", "deployers"),
        Cluster: ("Each of `clusters`", "cluster"),
        Network: ("`network`", "network"),
        Audit: ("`audit`", "audit"),
        Resource: ("Each of `resources`", "resource"),
        **{one: (resource_title(kind_of(one)), kind_of(one)) for one in RESOURCES},
        Override: ("`override`", "override"),
        AppOverride: ("Each of `apps`", "app"),
    }
    # What every resource has stands once; a kind's section shows what is its own.
    hidden: dict[type[BaseModel], frozenset[str]] = {one: frozenset(common) - {"id"} for one in RESOURCES}
    hidden[Resource] = frozenset({"kind", "id"})
    return _page(EnvironmentFacts, titles, hidden)


def use_title(kind: str) -> str:
    """The heading of a use."""
    return f"A use of kind `{kind}`"


def resource_title(kind: str) -> str:
    """The heading of a resource."""
    return f"A resource of kind `{kind}`"


def _page(
    root: type[BaseModel],
    titles: Titles,
    hidden: Mapping[type[BaseModel], frozenset[str]],
) -> Page:
    missing = [model.__name__ for model in reached(root) if model not in titles]
    if missing:
        raise TypeError(f"docs/tooling/models.py has no section for {', '.join(missing)}")
    words = Words({model: f"[{word}](#{anchor(title)})" for model, (title, word) in titles.items()})
    sections = tuple(
        Section(
            title,
            inspect.cleandoc(model.__doc__ or ""),
            tuple(_rows(model, words, hidden.get(model, frozenset()))),
        )
        for model, (title, _) in titles.items()
    )
    return Page(sections, dict(sorted(words.met.items())))


def reached(root: type[BaseModel]) -> dict[type[BaseModel], None]:
    """`root` and every model that a file of it can hold, in the order of the fields."""
    found: dict[type[BaseModel], None] = {}
    waiting = [root]
    while waiting:
        model = waiting.pop(0)
        if model not in found:
            found[model] = None
            waiting += [one for hint in hints(model).values() for one in models_in(hint)]
    return found


def hints(model: type[BaseModel]) -> dict[str, Any]:
    """The annotation of each field, with what `Annotated` adds; type variables filled in."""
    written = get_type_hints(model, include_extras=True)
    return {
        name: field.annotation if _has_variable(written[name]) else written[name]
        for name, field in model.model_fields.items()
    }


def _has_variable(hint: Any) -> bool:
    return bool(getattr(hint, "__parameters__", ()))


def _rows(model: type[BaseModel], words: Words, hidden: frozenset[str]) -> Iterator[Row]:
    texts = field_docs(model)
    annotations = hints(model)
    for name, field in model.model_fields.items():
        if name not in hidden:
            yield Row(
                name,
                words.of(annotations[name]),
                _default(field.default, field.is_required()),
                texts.get(name, ""),
            )


def _default(value: object, required: bool) -> str:
    if required:
        return "**required**"
    if value is None or value is PydanticUndefined or value == ():
        return ""
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def anchor(title: str) -> str:
    """The address that GitHub gives to a heading."""
    kept = (letter for letter in title.lower() if letter.isalnum() or letter in " -_")
    return "".join(kept).replace(" ", "-")
