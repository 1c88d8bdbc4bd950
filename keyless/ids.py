"""ids/<stack>.yaml: client and principal ids, which exist only after `pulumi up`, for what is rendered. No secrets."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from keyless.errors import SpecError
from keyless.finding import Finding
from keyless.source import Document, load_document

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_STACK = re.compile(r"[a-z0-9][-a-z0-9]*(\.[a-z0-9][-a-z0-9]*)?\Z")


@dataclass(frozen=True, slots=True)
class AppIds:
    """What an app's identity is called in tokens and grants, in lower case."""

    client_id: str
    principal_id: str


def read_ids(root: Path, stack: str) -> Mapping[str, AppIds]:
    """The ids in `ids/<stack>.yaml` by app; none where the file is not there yet. Raises SpecError."""
    path = root / "ids" / f"{stack}.yaml"
    if not path.exists():
        return {}
    document = load_document(path, f"ids/{stack}.yaml")
    value = document.value
    apps = value.get("apps") if isinstance(value, dict) and value.get("version") == 1 else None
    if not isinstance(apps, dict):
        raise _unread(document, (), "the file holds no `version: 1` with `apps`", stack)
    found: dict[str, AppIds] = {}
    for app, ids in apps.items():
        given = [ids.get(key) if isinstance(ids, dict) else None for key in ("client_id", "principal_id")]
        if not all(isinstance(one, str) and _GUID.match(one) for one in given):
            raise _unread(document, ("apps", app), f"the ids of '{app}' are no GUIDs", stack)
        found[app] = AppIds(*(str(one).lower() for one in given))
    return found


def _unread(document: Document, path: tuple[str, ...], message: str, stack: str) -> SpecError:
    return SpecError(document.finding("ids", path, message, f"write it anew: {ids_command(stack)}"))


def ids_command(stack: str) -> str:
    """The command that writes `ids/<stack>.yaml`."""
    return f"pulumi stack output --json -s {stack} | keyless ids {stack}"


def write_ids(root: Path, stack: str, text: str) -> str:
    """Write the ids in `text`, the JSON of `pulumi stack output --json`, and give the file's path. Raises SpecError."""
    if _STACK.match(stack) is None:
        raise _refused(f"'{stack}' is not the name of a stack", "write dev, or payments.dev")
    try:
        outputs = json.loads(text)
    except ValueError:
        raise _refused(
            "standard input is not JSON", f"run: pulumi stack output --json -s {stack} | keyless ids {stack}"
        ) from None
    apps = outputs.get("apps") if isinstance(outputs, dict) else None
    if not isinstance(apps, dict):
        raise _refused("the outputs hold no `apps`", f"run `pulumi up -s {stack}` first")
    found = {app: _ids(app, value) for app, value in sorted(apps.items())}
    folder = root / "ids"
    folder.mkdir(exist_ok=True)
    path = folder / f"{stack}.yaml"
    head = f"# Written by: pulumi stack output --json -s {stack} | keyless ids {stack}\n"
    path.write_text(head + yaml.safe_dump({"version": 1, "apps": found}, sort_keys=False), encoding="utf-8")
    return path.relative_to(root).as_posix()


def _ids(app: str, value: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in ("client_id", "principal_id"):
        given = value.get(key) if isinstance(value, dict) else None
        if not isinstance(given, str) or _GUID.match(given) is None:
            raise _refused(f"the app '{app}' has no {key} in the outputs", "run `pulumi up` first")
        found[key] = given
    return found


def _refused(message: str, fix: str) -> SpecError:
    return SpecError(Finding(rule="ids", message=message, fix=fix))
