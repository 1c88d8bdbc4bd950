"""A project of one app and the stand-in cloud that it lives in, changed place by place."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

from sandbox import can, keys, store
from sandbox.azure import ids
from sandbox.azure.cloud import Cloud
from sandbox.verdict import Verdict

SHOP = Path(__file__).resolve().parents[1] / "sandbox" / "can" / "shop.yaml"
MAIN = "objects.workload.spec.template.spec.containers.0"
TEMPLATE = "objects.workload.spec.template"
SHORT = {"MAIN": MAIN, "TEMPLATE": TEMPLATE}

Change = tuple[str, Any]


class Place:
    """A project and its cloud, changed in places named by dotted paths into shop.yaml."""

    def __init__(self, folder: Path, changes: tuple[Change, ...]) -> None:
        self.folder, self.project = folder / "cloud", folder / "project"
        shop = yaml.safe_load(SHOP.read_text(encoding="utf-8"))
        for path, value in changes:
            head, dot, rest = path.partition(".")
            put(shop, f"{SHORT.get(head, head)}{dot}{rest}".split("."), value)
        (self.project / "apps").mkdir(parents=True)
        environment = {"config": {"keyless:environment": shop["environment"]}}
        (self.project / "Pulumi.dev.yaml").write_text(yaml.safe_dump(environment))
        (self.project / "apps" / "checkout.yaml").write_text(yaml.safe_dump(shop["app"]))
        with closing(store.connect(self.folder)) as connection, store.transaction(connection):
            for body in filter(None, shop["azure"].values()):
                named = {"name": ids.name(body["id"]), "type": ids.arm_type(body["id"])}
                Cloud(connection).put({**named, **body})
            for item in filter(None, shop["objects"].values()):
                group = item["apiVersion"].rpartition("/")[0]
                metadata = item["metadata"]
                row = ("ctx-one", f"{group}/{item['kind']}", metadata["namespace"], metadata["name"])
                connection.execute(
                    "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?)", (*row, json.dumps(item), "{}")
                )

    def may(self, use: str = "invoices") -> Verdict:
        return can.may(self.folder, self.project, "checkout", use, "dev")

    def opens(self, resource: str, place: str) -> Verdict:
        """Whether a leaked key of `resource` opens it from `place`."""
        return keys.opens(self.folder, self.project, resource, place, "dev")


def put(content: Any, path: list[str], value: Any) -> None:
    """Set a place; keys may hold dots where they are written with `~`."""
    *parents, last = (word.replace("~", ".") for word in path)
    for word in parents:
        content = content[int(word)] if isinstance(content, list) else content.setdefault(word, {})
    content[last] = value
