"""What exists in the stand-in cloud, as tables; a star marks what the worlds did not hold."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from sandbox import store
from sandbox.project import Mapping, as_mapping

CLIENT_ID = "azure.workload.identity/client-id"
# What of a resource is worth a column: the posture, and who may do what. Paths into the ARM body.
FACTS = (
    "properties.clientId",
    "properties.principalId",
    "properties.subject",
    "properties.issuer",
    "properties.roleDefinitionId",
    "properties.accessPolicyName",
    "properties.publicNetworkAccess",
    "properties.networkAcls.defaultAction",
    "properties.allowSharedKeyAccess",
    "properties.disableLocalAuth",
    "properties.disableAccessKeyAuthentication",
    "properties.accessKeysAuthentication",
    "properties.level",
)


def render(sandbox: Path) -> str:
    """Azure by type, then each cluster; empty tables are left out."""
    with closing(store.connect(sandbox)) as cloud, closing(store.connect(sandbox / "world")) as world:
        arm = list(cloud.execute("SELECT key, id, type, body FROM arm ORDER BY lower(type), key"))
        objects = list(
            cloud.execute(
                "SELECT cluster, group_kind, namespace, name, body, managers FROM objects "
                "ORDER BY cluster, group_kind, namespace, name"
            )
        )
        old_arm = dict(world.execute("SELECT key, body FROM arm"))
        old_objects = {
            tuple(row[:4]): row[4]
            for row in world.execute("SELECT cluster, group_kind, namespace, name, body FROM objects")
        }
    sections: dict[str, list[list[str]]] = defaultdict(list)
    for key, arm_id, arm_type, body in arm:
        facts = azure_facts(json.loads(body))
        sections[arm_type].append([mark(old_arm.get(key), body), short(arm_id), *facts])
    for cluster, kind, namespace, name, body, managers in objects:
        star = mark(old_objects.get((cluster, kind, namespace, name)), body)
        facts = kubernetes_facts(json.loads(body), json.loads(managers))
        sections[f"{cluster} {kind.lstrip('/')}"].append([star, f"{namespace}/{name}".lstrip("/"), *facts])
    text = "\n".join(f"{title}\n{table(rows)}" for title, rows in sections.items())
    return f"{text}\n* made or changed since the world was loaded\n" if text else "nothing exists here\n"


def mark(before: str | None, now: str) -> str:
    """A star for what is new or changed."""
    return " " if before == now else "*"


def short(arm_id: str) -> str:
    """An ARM id without its subscription and the word `providers`: `<group>/<namespace>/...`, or the whole of another."""
    parts = arm_id.split("/")
    return "/".join(part for part in parts[4:] if part != "providers") if len(parts) > 4 else arm_id


def azure_facts(body: Mapping) -> list[str]:
    """`name=value` of the facts that this resource has."""
    found: list[str] = []
    for path in FACTS:
        value: object = body
        for key in path.split("."):
            value = as_mapping(value).get(key)
        if value is not None:
            text = str(value).rpartition("/")[2] if path.endswith("roleDefinitionId") else str(value)
            found.append(f"{path.rpartition('.')[2]}={text}")
    return found


def kubernetes_facts(body: Mapping, managers: Mapping) -> list[str]:
    """The identity of a ServiceAccount, or the service account and managers of a workload."""
    annotations = as_mapping(as_mapping(body.get("metadata")).get("annotations"))
    facts = [f"client-id={annotations[CLIENT_ID]}"] if CLIENT_ID in annotations else []
    spec = as_mapping(body.get("spec"))
    spec = as_mapping(as_mapping(spec.get("jobTemplate")).get("spec")) or spec
    pod = as_mapping(as_mapping(spec.get("template")).get("spec"))
    if pod.get("serviceAccountName"):
        facts.append(f"serviceAccountName={pod['serviceAccountName']}")
    if len(managers) > 1:
        facts.append(f"managers={','.join(sorted(managers))}")
    return facts


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows under each other, the first two columns aligned."""
    listed = [list(row) for row in rows]
    width = max(len(row[1]) for row in listed)
    return "".join(f"  {row[0]} {row[1]:<{width}}  {'  '.join(row[2:])}".rstrip() + "\n" for row in listed)
