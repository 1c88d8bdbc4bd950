"""Renders the templates beside this module: they print and loop, never decide; an undefined name is an error."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


def rendered(name: str, **values: object) -> str:
    """The template `name` filled in. What people wrote goes through the filter of the file's language."""
    return _environment().get_template(name).render(**values)


def kql_string(text: str) -> str:
    """`text` as a string of KQL, whatever stands in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def one_line(text: str) -> str:
    """`text` without the line breaks that would end a comment."""
    return " ".join(text.split())


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("keyless.render"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    made.filters.update(kql=kql_string, one_line=one_line)
    return made
