"""The folder in which sandboxed commands run: the project by links, its stack files and other YAML by copy.

The Pulumi command line writes into `Pulumi.<stack>.yaml` (`encryptionsalt`, `config set`). It writes into the copies, so
no file of the project changes; what it added is kept when a copy is brought up to date. Folders of YAML are no links,
since Keyless follows none that leads out of its project.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from sandbox.errors import SandboxError
from sandbox.files import write_atomically

STACK_FILE = re.compile(r"Pulumi\.(.+)\.ya?ml")
# Pulumi walks up for the repository anyway; a linked .git would only confuse git.
NEVER_LINKED = {".git"}
# Says that a folder of the overlay is the mirror of one, and nothing that a command made.
MIRRORED = ".mirrored"

Yaml = dict[str, Any]


def refresh(project: Path, sandbox: Path) -> Path:
    """Bring the overlay of `project` up to date and return its folder, `<sandbox>/project`.

    Call it under the sandbox's lock. Raises SandboxError where `project` is no Pulumi project.
    """
    if not (project / "Pulumi.yaml").is_file():
        raise SandboxError(
            f"{project} holds no Pulumi.yaml\n  fix: run this in the project's folder, or name it with --project DIR"
        )
    overlay = sandbox / "project"
    overlay.mkdir(parents=True, exist_ok=True)
    link_all(project, overlay, sandbox)
    copy_stack_files(project, overlay, sandbox / "stack-files.json")
    return overlay


def is_stack_file(name: str) -> bool:
    """Whether Pulumi reads and writes this file as a stack's configuration."""
    return STACK_FILE.fullmatch(name) is not None


def link_all(project: Path, overlay: Path, sandbox: Path) -> None:
    """One link for each entry of the project's top folder, a mirror for a folder of data; what is gone is taken away."""
    wanted = {
        entry.name: entry
        for entry in project.iterdir()
        if entry.name not in NEVER_LINKED
        and not is_stack_file(entry.name)
        and not sandbox.is_relative_to(entry)
    }
    mirrored = {name for name, entry in wanted.items() if is_data(entry)}
    for entry in overlay.iterdir():
        if entry.is_symlink() and entry.name in mirrored:
            entry.unlink()
        elif (entry / MIRRORED).exists() and entry.name not in mirrored:
            shutil.rmtree(entry)
        elif entry.is_symlink() and (entry.name not in wanted or entry.readlink() != wanted[entry.name]):
            entry.unlink()
    for name, target in wanted.items():
        link = overlay / name
        if name in mirrored:
            try:
                mirror(target, link)
            except OSError as error:
                raise SandboxError(
                    f"{error.filename} cannot be read: {error.strerror}\n  fix: make it readable"
                ) from error
            (link / MIRRORED).touch()
            continue
        # What a command made here itself stays: it is no link.
        if not link.is_symlink() and not link.exists():
            link.symlink_to(target)


def is_data(entry: Path) -> bool:
    """Whether an entry of the project is a folder of its own that holds no code to import."""
    if entry.is_symlink() or not entry.is_dir() or entry.name.startswith(".") or entry.name == "node_modules":
        return False
    return not (entry / "__init__.py").exists()


def mirror(source: Path, target: Path) -> None:
    """Make `target` a folder of the same names: YAML by copy, other files by links, links as they are."""
    target.mkdir(exist_ok=True)
    entries = {entry.name: entry for entry in source.iterdir()}
    for name in {entry.name for entry in target.iterdir()} - entries.keys() - {MIRRORED}:
        remove(target / name)
    for name, entry in entries.items():
        copy = target / name
        if entry.is_dir() and not entry.is_symlink():
            if copy.is_symlink() or copy.is_file():
                copy.unlink()
            mirror(entry, copy)
        elif entry.suffix in (".yaml", ".yml") and entry.is_file() and not entry.is_symlink():
            now = entry.stat()
            if (
                copy.is_symlink()
                or not copy.is_file()
                or (was := copy.stat()).st_size != now.st_size
                or (was.st_mtime_ns != now.st_mtime_ns)
            ):
                remove(copy)
                shutil.copy2(entry, copy)
        else:
            leads = entry.readlink() if entry.is_symlink() else entry
            if not copy.is_symlink() or copy.readlink() != leads:
                remove(copy)
                copy.symlink_to(leads)


def remove(path: Path) -> None:
    """Take away whatever stands there; nothing is fine too."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def copy_stack_files(project: Path, overlay: Path, record: Path) -> None:
    """Copy `Pulumi.<stack>.yaml`, keeping what the command line added to the copies since they were made.

    `record` remembers each file as the project had it, so that a key taken out of the project is taken out here too.
    """
    before: dict[str, Yaml] = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    now: dict[str, Yaml] = {}
    for source in sorted(project.iterdir()):
        if not is_stack_file(source.name) or not source.is_file():
            continue
        try:
            text = source.read_text(encoding="utf-8")
            fresh = mapping(yaml.load(text, yaml.CSafeLoader))
        except (UnicodeDecodeError, yaml.YAMLError, RecursionError):
            # Not for the sandbox to judge: the program reads the same text and says what is wrong, with the line.
            (overlay / source.name).write_bytes(source.read_bytes())
            continue
        now[source.name] = fresh
        copy = overlay / source.name
        current = read_mapping(copy)
        kept = added(before.get(source.name, {}), current)
        if not copy.exists() or current != merged(fresh, kept) or fresh != before.get(source.name):
            write_atomically(copy, with_added(text, fresh, kept))
    for name in before.keys() - now.keys():
        copy = overlay / name
        kept = added(before[name], read_mapping(copy))
        if kept:
            write_atomically(copy, yaml.safe_dump(kept, sort_keys=False))
        else:
            copy.unlink(missing_ok=True)
    write_atomically(record, json.dumps(now, default=str, sort_keys=True))


def mapping(value: object) -> Yaml:
    """The value itself where it is a mapping, else an empty one, in the types that JSON has."""
    return json.loads(json.dumps(value, default=str)) if isinstance(value, dict) else {}


def read_mapping(path: Path) -> Yaml:
    """A copy's mapping; empty where there is no file, or none that can be read."""
    try:
        return mapping(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}


def added(base: Yaml, current: Yaml) -> Yaml:
    """The top-level keys, and those under `config`, that `current` has and `base` has not."""
    extra = {key: value for key, value in current.items() if key not in base and key != "config"}
    config = {
        key: value
        for key, value in mapping(current.get("config")).items()
        if key not in mapping(base.get("config"))
    }
    return {**extra, "config": config} if config else extra


def merged(fresh: Yaml, kept: Yaml) -> Yaml:
    """The project's file with what the command line added; where both have a key, the project's stands."""
    result = {**{key: value for key, value in kept.items() if key != "config"}, **fresh}
    config = {**mapping(kept.get("config")), **mapping(fresh.get("config"))}
    return {**result, "config": config} if config else result


def with_added(text: str, fresh: Yaml, kept: Yaml) -> str:
    """The file's text with the kept keys at its end, so that line numbers stay those of the project's file."""
    top = {key: value for key, value in kept.items() if key not in fresh}
    if "config" in kept and "config" in fresh:
        return yaml.safe_dump(merged(fresh, kept), sort_keys=False, allow_unicode=True)
    if not top:
        return text
    return f"{text.rstrip()}\n{yaml.safe_dump(top, sort_keys=False, allow_unicode=True)}"


def clear(sandbox: Path) -> None:
    """Take the overlay away; the project behind its links is not touched."""
    overlay = sandbox / "project"
    if overlay.is_dir() and not overlay.is_symlink():
        shutil.rmtree(overlay)
    (sandbox / "stack-files.json").unlink(missing_ok=True)
