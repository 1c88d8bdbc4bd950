"""Writes rendered files into a folder, and nothing over what somebody else wrote or changed there."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from keyless.errors import SpecError
from keyless.finding import Finding

# Beside the files: what was written, by its SHA-256. A file that is still so is Keyless's to write anew.
RECORD = ".keyless.json"


def write_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Write `files` into `folder` and say what was done, a line a file.

    Raises SpecError, and writes nothing, where one would replace a file that is not as Keyless left it.
    """
    record = _read_record(folder)
    foreign = [
        name for name, text in sorted(files.items()) if not _may_write(folder / name, text, record.get(name))
    ]
    if foreign:
        raise SpecError(*(_foreign(folder / name) for name in foreign))
    told: list[str] = []
    for name, text in sorted(files.items()):
        path = folder / name
        told.append(
            f"{'unchanged' if path.exists() and path.read_text(encoding='utf-8') == text else 'wrote'} {path}"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    gone = sorted(name for name in record if name not in files and (folder / name).exists())
    told += [f"no longer rendered, remove it: {folder / name}" for name in gone]
    kept = {name: record[name] for name in gone} | {name: _digest(text) for name, text in files.items()}
    value = {"version": 1, "files": dict(sorted(kept.items()))}
    (folder / RECORD).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    return told


def _may_write(path: Path, text: str, known: str | None) -> bool:
    if not path.exists():
        return True
    try:
        there = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return there == text or _digest(there) == known


def _read_record(folder: Path) -> dict[str, str]:
    path = folder / RECORD
    if folder.exists() and not folder.is_dir():
        raise _refused(folder, "a file stands where the folder would be", "name a folder with --out")
    if not path.exists():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        value = None
    files = value.get("files") if isinstance(value, dict) and value.get("version") == 1 else None
    if not isinstance(files, dict):
        raise _refused(
            path, "the record of rendered files cannot be read", "remove it, and the files that it was for"
        )
    return {str(name): str(digest) for name, digest in files.items()}


def _foreign(path: Path) -> Finding:
    return Finding(
        rule="not-ours",
        file=str(path),
        message="the file is not as `keyless render` left it, so it is not written over",
        fix="move your changes elsewhere and remove it, or name another folder with --out",
    )


def _refused(path: Path, message: str, fix: str) -> SpecError:
    return SpecError(Finding(rule="out", file=str(path), message=message, fix=fix))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
