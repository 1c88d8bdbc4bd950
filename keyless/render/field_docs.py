"""What the models say of their fields: the string below each. Read from the source where it is shown, as a plan needs none of it."""

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise


def field_docs(model: type) -> dict[str, str]:
    """Field name to its docstring, of `model` and what it inherits; a field without one is left out."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if one.__module__.partition(".")[0] == __name__.partition(".")[0]:
            found |= _documented(one.__module__).get(one.__name__, {})
    return found


def alias_docs(module: str) -> dict[str, str]:
    """Name to docstring of each type that `module` names, such as `Word`."""
    return _documented(module)[""]


@cache
def _documented(module: str) -> dict[str, dict[str, str]]:
    """By class, the docstrings below its fields; under the empty name, those of the module's own names."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    found = {node.name: _below(node.body) for node in tree.body if isinstance(node, ast.ClassDef)}
    return {"": _below(tree.body), **found}


def _below(body: list[ast.stmt]) -> dict[str, str]:
    found: dict[str, str] = {}
    for statement, after in pairwise(body):
        match statement, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
            case _:
                pass
    return found
