"""A cluster behind a real API server, over HTTP, as a kubeconfig names it."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.parse
from pathlib import Path
from typing import Any, cast

import yaml

from sandbox.kubernetes.backend import PLURALS, ApiError, Ref, not_found
from sandbox.kubernetes.fields import Body

VARIABLE = "KEYLESS_SANDBOX_KUBECONFIG"
TIMEOUT_SECONDS = 30.0


class ApiServerBackend:
    """One API server; `token` is a bearer token, `ca` a file of certificates, None to trust any."""

    def __init__(self, server: str, token: str, ca: Path | None = None) -> None:
        address = urllib.parse.urlsplit(server)
        self.host, self.port = address.hostname or "127.0.0.1", address.port or 443
        self.token = token
        self.tls = ssl.create_default_context(cafile=str(ca) if ca else None)
        if ca is None:
            self.tls.check_hostname = False
            self.tls.verify_mode = ssl.CERT_NONE

    def get(self, ref: Ref) -> Body | None:
        """The live object without managedFields, or None."""
        try:
            return self._send("GET", _path(ref))
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def list(self, group_kind: str) -> list[Body]:
        """All objects of a kind, by namespace and name."""
        group, _, kind = group_kind.partition("/")
        version = f"{group}/v1" if group else "v1"
        found = self._send("GET", _path(Ref(version, kind, "", "")))
        items = [{"apiVersion": version, "kind": kind, **_clean(one)} for one in found.get("items") or []]
        return sorted(items, key=lambda one: (one["metadata"].get("namespace", ""), one["metadata"]["name"]))

    def create(self, ref: Ref, body: Body, manager: str) -> Body:
        """Make an object that must not exist yet by POST: `manager` owns it by an update, defaults too."""
        path = _path(Ref(ref.api_version, ref.kind, ref.namespace, ""))
        return self._send("POST", f"{path}?{urllib.parse.urlencode({'fieldManager': manager})}", body)

    def adopt(self, ref: Ref, creator: str, manager: str) -> None:
        """Make what `creator` owns by an update what `manager` owns by an apply; no creator is no error."""
        metadata = self._request("GET", _path(ref))["metadata"]
        entries = cast(list[Body], metadata.get("managedFields") or [])
        theirs = next((one for one in entries if _is(one, creator, "Update")), None)
        if theirs is None:
            return
        nothing: Body = {"fieldsV1": {}}
        mine = next((one for one in entries if _is(one, manager, "Apply")), nothing)
        adopted = {
            **theirs,
            "manager": manager,
            "operation": "Apply",
            "fieldsV1": _union(theirs["fieldsV1"], mine["fieldsV1"]),
        }
        rest = [one for one in entries if one is not theirs and one is not mine]
        version = {"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]}
        change = {"op": "replace", "path": "/metadata/managedFields", "value": [*rest, adopted]}
        self._request("PATCH", _path(ref), [version, change], "application/json-patch+json")

    def apply(self, ref: Ref, body: Body, manager: str, force: bool = False, dry_run: bool = False) -> Body:
        """Server-side apply."""
        query = {
            "fieldManager": manager,
            "force": str(force).lower(),
            **({"dryRun": "All"} if dry_run else {}),
        }
        path = f"{_path(ref)}?{urllib.parse.urlencode(query)}"
        return self._send("PATCH", path, body, "application/apply-patch+yaml")

    def delete(self, ref: Ref) -> None:
        """Remove the object; one that is gone is an error 404."""
        if self.get(ref) is None:
            raise not_found(ref)
        self._send("DELETE", _path(ref))

    def managers(self, ref: Ref) -> set[str]:
        """Who owns fields of the object."""
        entries = self._request("GET", _path(ref))["metadata"].get("managedFields") or []
        return {str(one.get("manager")) for one in entries}

    def openapi(self) -> Body:
        """The types that the server knows, by name."""
        return cast(Body, self._request("GET", "/openapi/v2")["definitions"])

    def _send(self, method: str, path: str, body: Body | None = None, kind: str = "application/json") -> Body:
        return _clean(self._request(method, path, body, kind))

    def _request(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Body:
        connection = http.client.HTTPSConnection(
            self.host, self.port, timeout=TIMEOUT_SECONDS, context=self.tls
        )
        try:
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            answer: Body = json.loads(response.read() or b"{}")
        finally:
            connection.close()
        if response.status >= 400:
            reason, message = str(answer.get("reason", "")), str(answer.get("message", ""))
            raise ApiError(response.status, reason, message)
        return answer


def from_kubeconfig(path: Path, context: str) -> ApiServerBackend | None:
    """The cluster that `context` names in a kubeconfig with bearer tokens; None where it is not in it."""
    config: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    chosen = _named(config, "contexts", context).get("context")
    if not chosen:
        return None
    cluster = _named(config, "clusters", chosen["cluster"])["cluster"]
    user = _named(config, "users", chosen["user"])["user"]
    ca = cluster.get("certificate-authority")
    return ApiServerBackend(cluster["server"], user["token"], Path(ca) if ca else None)


def _named(config: Any, section: str, name: str) -> Body:
    found = [one for one in config.get(section) or [] if one.get("name") == name]
    return cast(Body, found[0]) if found else {}


def _path(ref: Ref) -> str:
    root = f"/apis/{ref.api_version}" if ref.group else f"/api/{ref.api_version}"
    space = f"/namespaces/{ref.namespace}" if ref.namespace else ""
    return f"{root}{space}/{PLURALS[ref.group_kind]}" + (f"/{ref.name}" if ref.name else "")


def _clean(body: Body) -> Body:
    metadata = cast(Body, body.get("metadata") or {})
    return {**body, "metadata": {key: one for key, one in metadata.items() if key != "managedFields"}}


def _is(entry: Body, manager: str, operation: str) -> bool:
    return (entry.get("manager"), entry.get("operation")) == (manager, operation)


def _union(first: Body, second: Body) -> Body:
    both = {name: _union(first[name], second[name]) for name in first.keys() & second.keys()}
    return {**first, **second, **both}
