"""From a workload to the client id that its pods sign in with, as the workload identity webhook has it.

Rules: Azure/azure-workload-identity 1.6.0 and azure-identity 1.27.0 (facts §4.1, §4.3).
"""

from __future__ import annotations

import base64
import binascii
import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from sandbox.access.trace import Trace
from sandbox.project import Mapping, as_mapping

PREFIX = "azure.workload.identity"
GROUP_KINDS = {
    "Deployment": "apps/Deployment",
    "StatefulSet": "apps/StatefulSet",
    "DaemonSet": "apps/DaemonSet",
    "CronJob": "batch/CronJob",
    "Job": "batch/Job",
}
EXPIRATION_SECONDS = range(3600, 86400 + 1)
# With client and tenant id, which the webhook sets, any of these arms EnvironmentCredential: it comes first.
ARMING = (
    ("AZURE_CLIENT_SECRET",),
    ("AZURE_CLIENT_CERTIFICATE_PATH",),
    ("AZURE_USERNAME", "AZURE_PASSWORD"),
)


@dataclass(frozen=True)
class Objects:
    """The Kubernetes objects of one cluster."""

    connection: sqlite3.Connection
    cluster: str

    def get(self, group_kind: str, namespace: str, name: str) -> Mapping | None:
        """An object's body, or None."""
        query = "SELECT body FROM objects WHERE (cluster, group_kind, namespace, name) = (?, ?, ?, ?)"
        row = self.connection.execute(query, (self.cluster, group_kind, namespace, name)).fetchone()
        return as_mapping(json.loads(row[0])) if row else None


@dataclass(frozen=True)
class SignIn:
    """What a container presents to Entra."""

    client_id: str
    origin: str
    """Who names the client id, for people."""
    tenant: str | None
    service_account: str


def pod_template(body: Mapping) -> Mapping:
    """The pod template of a workload of any kind."""
    spec = as_mapping(body.get("spec"))
    if "jobTemplate" in spec:
        spec = as_mapping(as_mapping(spec["jobTemplate"]).get("spec"))
    return as_mapping(spec.get("template"))


def sign_ins(objects: Objects, workload: Mapping, namespace: str, name: str, trace: Trace) -> list[SignIn]:
    """What each container that talks to Azure signs in with; every step goes to the trace."""
    kind = str(workload.get("kind", "Deployment"))
    body = objects.get(GROUP_KINDS.get(kind, kind), namespace, name)
    if body is None:
        trace.no(f"there is no {kind} {namespace}/{name} in {objects.cluster}")
        return []
    template = pod_template(body)
    pod, metadata = as_mapping(template.get("spec")), as_mapping(template.get("metadata"))
    label = as_mapping(metadata.get("labels")).get(f"{PREFIX}/use")
    if label != "true":
        trace.no(f"the pod template's label {PREFIX}/use is {label!r}, not the string 'true': no token")
        return []
    trace.yes(f"the pod template has the label {PREFIX}/use")
    account_name = str(pod.get("serviceAccountName") or pod.get("serviceAccount") or "default")
    account = objects.get("/ServiceAccount", namespace, account_name)
    if account is None:
        trace.no(f"there is no ServiceAccount {namespace}/{account_name}: the webhook rejects the pod")
        return []
    notes = as_mapping(as_mapping(account.get("metadata")).get("annotations"))
    pod_notes = as_mapping(metadata.get("annotations"))
    if not _lifetime_is_valid(pod_notes, notes, trace):
        return []
    client_id = str(notes.get(f"{PREFIX}/client-id") or "")
    if client_id:
        trace.yes(f"ServiceAccount {account_name} names the client id {client_id}")
    tenant = notes.get(f"{PREFIX}/tenant-id")
    found: list[SignIn] = []
    for container in _containers(pod, workload, name, pod_notes, trace):
        variables = _Variables(objects, namespace, container)
        own = variables.value("AZURE_CLIENT_ID", client_id)
        origin = f"named by ServiceAccount {account_name}"
        if variables.has("AZURE_CLIENT_ID") and own != client_id:
            where = f"container {variables.container} ({variables.origin('AZURE_CLIENT_ID')})"
            origin = f"set by {where} in place of the ServiceAccount's"
            if own is None:
                trace.no(f"the client id is {origin}, and its value is not to be seen")
        elif not own:
            trace.no(f"ServiceAccount {account_name} has no annotation {PREFIX}/client-id")
        if own and _chain_reaches_workload_identity(variables, trace):
            found.append(SignIn(own, origin, variables.value("AZURE_TENANT_ID", tenant), account_name))
    return found


def _lifetime_is_valid(pod_notes: Mapping, account_notes: Mapping, trace: Trace) -> bool:
    key = f"{PREFIX}/service-account-token-expiration"
    value = pod_notes.get(key, account_notes.get(key))
    if value is None or (str(value).isdecimal() and int(value) in EXPIRATION_SECONDS):
        return True
    return trace.no(f"{key} is {value!r}, not 3600 to 86400: the webhook rejects the pod")


def _containers(
    pod: Mapping, workload: Mapping, name: str, pod_notes: Mapping, trace: Trace
) -> list[Mapping]:
    """The containers that talk to Azure: named in the app, else named like the workload, else all."""
    present = {str(one.get("name")): one for one in map(as_mapping, pod.get("containers") or ())}
    named = [str(one) for one in workload.get("containers") or ()]
    wanted = named or ([name] if name in present else list(present))
    skipped = {one.strip() for one in str(pod_notes.get(f"{PREFIX}/skip-containers") or "").split(";")}
    for one in wanted:
        if one not in present:
            trace.no(f"there is no container {one}; the pod has {', '.join(present)}")
        elif one in skipped:
            trace.no(f"container {one} is left out by the annotation {PREFIX}/skip-containers")
    return [present[one] for one in wanted if one in present and one not in skipped]


class _Variables:
    """The environment variables of a container: its own `env`, and below that what `envFrom` brings."""

    def __init__(self, objects: Objects, namespace: str, container: Mapping) -> None:
        self.container = str(container.get("name"))
        self._objects, self._namespace = objects, namespace
        self.env = {str(one.get("name")): one for one in map(as_mapping, container.get("env") or ())}
        self.imported: dict[str, str] = {}
        for source in map(as_mapping, container.get("envFrom") or ()):
            prefix = str(source.get("prefix") or "")
            for kind, reference in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                data = self._data(kind, as_mapping(source.get(reference)).get("name"))
                self.imported |= {prefix + key: value for key, value in data.items()}

    def has(self, name: str) -> bool:
        """Whether the container gets the variable at all; an empty value counts."""
        return name in self.env or name in self.imported

    def origin(self, name: str) -> str:
        """Where a variable comes from, for people."""
        reference = as_mapping(as_mapping(self.env.get(name)).get("valueFrom"))
        for kind, key in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
            if key in reference:
                return f"{kind} {as_mapping(reference[key]).get('name')}"
        return "env" if name in self.env else "envFrom"

    def value(self, name: str, injected: Any = None) -> str | None:
        """The value in the running pod: `env`, else what the webhook injects, else `envFrom`; or None."""
        if name in self.env:
            entry = self.env[name]
            return str(entry["value"]) if "value" in entry else self._referenced(entry)
        return str(injected) if injected else self.imported.get(name)

    def _referenced(self, entry: Mapping) -> str | None:
        reference = as_mapping(entry.get("valueFrom"))
        for kind, key in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
            if key in reference:
                source = as_mapping(reference[key])
                return self._data(kind, source.get("name")).get(str(source.get("key")))
        # Neither a reference nor a value: Kubernetes sets it to the empty string.
        return None if reference else ""

    def _data(self, kind: str, name: object) -> dict[str, str]:
        body = self._objects.get(f"/{kind}", self._namespace, str(name)) if name else None
        plain = as_mapping((body or {}).get("data"))
        given = as_mapping((body or {}).get("stringData"))
        decoded = {key: _decoded(str(value)) for key, value in plain.items()} if kind == "Secret" else plain
        return {str(key): str(value) for key, value in {**decoded, **given}.items()}


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return value


def _chain_reaches_workload_identity(variables: _Variables, trace: Trace) -> bool:
    """Whether DefaultAzureCredential comes to the token that the webhook mounted."""
    where = f"container {variables.container}"
    for name in ("AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST"):
        if name in variables.env:
            return trace.no(f"{where} sets {name} itself ({variables.origin(name)}), so the webhook does not")
    chosen = variables.value("AZURE_TOKEN_CREDENTIALS")
    if chosen == "WorkloadIdentityCredential":
        return trace.yes(f"{where} uses WorkloadIdentityCredential alone (AZURE_TOKEN_CREDENTIALS)")
    if chosen not in (None, "", "prod"):
        return trace.no(f"{where} sets AZURE_TOKEN_CREDENTIALS to {chosen}: no workload identity")
    for names in ARMING:
        if all(variables.has(name) for name in names):
            shown = " and ".join(f"{name} ({variables.origin(name)})" for name in names)
            return trace.no(
                f"{where} has {shown}: EnvironmentCredential signs in with that and never gets further"
            )
    return trace.yes(f"{where} has no variable that would break the chain to workload identity")
