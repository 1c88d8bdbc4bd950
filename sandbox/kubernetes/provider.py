"""The pulumi-kubernetes provider as the engine sees it, on top of a cluster.

Behaviour: pulumi-kubernetes provider/pkg/provider/provider.go and await/await.go, read one commit after 4.32.0.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, cast

import grpc
from google.protobuf import any_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from sandbox import store
from sandbox.faults import Faults
from sandbox.kubernetes import checkpoint, diffs
from sandbox.kubernetes.apiserver import VARIABLE, from_kubeconfig
from sandbox.kubernetes.backend import ApiError, Backend, Ref, not_found
from sandbox.kubernetes.fields import Body
from sandbox.kubernetes.memory import MemoryBackend
from sandbox.kubernetes.secrets import annotated
from sandbox.kubernetes.told import told_to_fail
from sandbox.plugin import Plugin, Refusal
from sandbox.wire import Properties, decode, encode, has_unknown, plain

KINDS: Final = {
    "core/v1:Namespace": ("v1", "Namespace"),
    "core/v1:ServiceAccount": ("v1", "ServiceAccount"),
    "core/v1:ServiceAccountPatch": ("v1", "ServiceAccount"),
    "apps/v1:DeploymentPatch": ("apps/v1", "Deployment"),
    "apps/v1:StatefulSetPatch": ("apps/v1", "StatefulSet"),
    "apps/v1:DaemonSetPatch": ("apps/v1", "DaemonSet"),
    "batch/v1:CronJobPatch": ("batch/v1", "CronJob"),
}
# Who creates plain objects, by POST; the first update hands the fields to the manager of the applies.
CREATOR: Final = "pulumi-kubernetes"
MANAGER_ANNOTATION: Final = "pulumi.com/patchFieldManager"
FORCE_ANNOTATION: Final = "pulumi.com/patchForce"
CONFLICT_HELP: Final = (
    "server-side apply field conflict detected, see "
    "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply"
    "/#handle-field-conflicts-on-existing-resources for troubleshooting help\n"
    'The resource managed by field manager "{manager}" had an apply conflict: {message}'
)
# client-go tries again only when the server asks for it: throttled or failing, with Retry-After.
RETRIED_STATUS: Final = frozenset({429, 500, 502, 503, 504})
RETRIES: Final = 3
WAIT_SECONDS: Final = 0.05


class KubernetesProvider(Plugin):
    """One configured provider: one context."""

    name = "kubernetes"
    accepts_secrets = True

    def __init__(self, folder: Path, faults: Faults) -> None:
        super().__init__()
        self.folder = folder
        self.faults = faults
        self.config: Properties = {}
        self._threads = threading.local()

    def configure(self, request: provider_pb2.ConfigureRequest) -> None:
        self.config = {key: value for key, value in plain(decode(request.args)).items() if value is not None}

    def check(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        token, (version, kind) = self._type(request.urn)
        news = {**checkpoint.inputs_of(request.news), "apiVersion": version, "kind": kind}
        metadata = dict(cast(Body, news.get("metadata") or {}))
        failures: list[provider_pb2.CheckFailure] = []
        if not metadata.get("name"):
            if token.endswith("Patch"):
                reason = "Patch resources must specify the `metadata.name` field of the resource to patch"
                failures.append(provider_pb2.CheckFailure(property="metadata.name", reason=reason))
            else:
                old = (checkpoint.inputs_of(request.olds).get("metadata") or {}).get("name")
                seed = hashlib.sha256(request.randomSeed or request.urn.encode()).hexdigest()
                metadata["name"] = old or f"{request.urn.rpartition('::')[2]}-{seed[:8]}"
        if kind != "Namespace" and not metadata.get("namespace"):
            metadata["namespace"] = self.config.get("namespace") or "default"
        checked = annotated({**news, "metadata": metadata}, decode(request.news))
        return provider_pb2.CheckResponse(inputs=encode(checked), failures=failures)

    def diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        self._type(request.urn)
        inputs, live = checkpoint.parse(request.olds)
        return diffs.difference(inputs, live, checkpoint.inputs_of(request.news), request.ignoreChanges)

    def create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        token, _ = self._type(request.urn)
        inputs = checkpoint.inputs_of(request.properties)
        manager = self._manager(request.urn, inputs, {})
        if request.preview:
            # Nothing is asked of the server for a patch; of a plain object, that it exists is no error (provider.go
            # `failedPreview`): both answer with the inputs.
            return provider_pb2.CreateResponse(properties=request.properties)
        ref = _ref(inputs)
        try:
            live = self._change(request.urn, ref, lambda to: self._make(to, token, ref, inputs, manager))
        except ApiError as error:
            told = f"was not successfully created by the Kubernetes API server: {_worded(error, manager)}"
            raise ApiError(error.code, error.error, f'resource "{request.urn}" {told}') from error
        outputs = checkpoint.outputs(live, inputs, manager, request.properties)
        return provider_pb2.CreateResponse(id=ref.id, properties=encode(outputs))

    def read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        _, (version, kind) = self._type(request.urn)
        namespace, _, name = request.id.rpartition("/")
        if kind != "Namespace":
            namespace = namespace or "default"
        live = self._cluster().get(Ref(version, kind, namespace, name))
        if live is None:
            return provider_pb2.ReadResponse()
        inputs = checkpoint.inputs_of(request.inputs)
        manager = self._manager(request.urn, inputs, plain(decode(request.properties)))
        seen = cast(Properties, diffs.prune(live, inputs)) if inputs else checkpoint.importable(live)
        outputs = checkpoint.outputs(live, seen, manager, request.inputs)
        kept = encode(annotated(seen, decode(request.inputs)))
        return provider_pb2.ReadResponse(id=request.id, properties=encode(outputs), inputs=kept)

    def update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        inputs, state = checkpoint.inputs_of(request.news), plain(decode(request.olds))
        manager = self._manager(request.urn, inputs, state)
        if request.preview and has_unknown(inputs):
            return provider_pb2.UpdateResponse(properties=request.news)
        _refuse_ignored(request.ignoreChanges)
        ref = _ref(inputs)
        patch = _token(request.urn).endswith("Patch")
        force = self._force(inputs)
        if request.preview:
            try:
                # Forced where the first real update would take over the fields of CREATOR (await.go patchForce).
                live = self._cluster().apply(ref, inputs, manager, force or not patch, dry_run=True)
            except ApiError as error:
                raise _worded(error, manager) from error
            outputs = checkpoint.outputs(live, inputs, manager, request.news)
            return provider_pb2.UpdateResponse(properties=encode(outputs))
        before = state.get(checkpoint.FIELD_MANAGER)

        def attempt(cluster: Backend) -> Body:
            if cluster.get(ref) is None:
                raise not_found(ref)
            if not patch:
                cluster.adopt(ref, CREATOR, manager)
            live = cluster.apply(ref, inputs, manager, force)
            if before and before != manager:
                live = cluster.apply(ref, _bare(ref), before)
            return live

        try:
            live = self._change(request.urn, ref, attempt)
        except ApiError as error:
            raise _worded(error, manager) from error
        outputs = checkpoint.outputs(live, inputs, manager, request.news)
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    def delete(self, request: provider_pb2.DeleteRequest) -> None:
        token, (version, kind) = self._type(request.urn)
        namespace, _, name = request.id.rpartition("/")
        ref = Ref(version, kind, namespace, name)
        inputs, _ = checkpoint.parse(request.properties)
        manager = self._manager(request.urn, inputs, plain(decode(request.properties)))

        def attempt(cluster: Backend) -> Body:
            if token.endswith("Patch"):
                # Asked whether or not the object is there (ssa/actions.go Relinquish).
                return cluster.apply(ref, _bare(ref), manager)
            if cluster.get(ref) is not None:
                cluster.delete(ref)
            return {}

        self._change(request.urn, ref, attempt)

    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """As `Plugin.Update`; what failed while the object exists is recorded as changed, with init errors."""
        try:
            return self.update(request)
        except ApiError as error:
            inputs = checkpoint.inputs_of(request.news)
            ref = _ref(inputs)
            live = self._cluster().get(ref)
            if live is None:
                told = f'update of resource "{request.urn}" failed: {error}'
                context.abort(grpc.StatusCode.UNKNOWN, told)
            manager = self._manager(request.urn, inputs, plain(decode(request.olds)))
            told = f'the Kubernetes API server reported that "{ref.id}" failed to fully initialize or become live'
            failed = provider_pb2.ErrorResourceInitFailed(
                id=ref.id,
                properties=encode(checkpoint.outputs(live, inputs, manager, request.news)),
                reasons=[f"{told}: {error}"],
            )
            detail = any_pb2.Any()
            detail.Pack(failed)
            status = status_pb2.Status(
                code=grpc.StatusCode.UNKNOWN.value[0], message=f"{told}: {error}", details=[detail]
            )
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(grpc.StatusCode.UNKNOWN, status.message)
        raise AssertionError("unreachable")

    def _make(self, cluster: Backend, token: str, ref: Ref, inputs: Properties, manager: str) -> Body:
        upsert = self.config.get("upsertExistingObjects") in (True, "true")
        if upsert or token.endswith("Patch"):
            return cluster.apply(ref, inputs, manager, self._force(inputs))
        return cluster.create(ref, inputs, CREATOR)

    def _change(self, urn: str, ref: Ref, attempt: Callable[[Backend], Body]) -> Body:
        """Make a change, trying again as client-go does, under the sandbox's faults."""
        retries = 0
        while True:
            try:
                if status := self.faults.before(_token(urn)):
                    raise told_to_fail(ref, status)
                live = attempt(self._cluster())
            except ApiError as error:
                if error.code not in RETRIED_STATUS or retries == RETRIES:
                    raise
                retries += 1
                time.sleep(WAIT_SECONDS)
            else:
                self.faults.made()
                return live

    def _manager(self, urn: str, inputs: Properties, state: Properties) -> str:
        named = _annotations(inputs).get(MANAGER_ANNOTATION) or state.get(checkpoint.FIELD_MANAGER)
        # Random in the real provider; from the URN here, so that every run says the same.
        return str(named or f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}")

    def _force(self, inputs: Properties) -> bool:
        return _annotations(inputs).get(FORCE_ANNOTATION) == "true" or self.config.get(
            "enablePatchForce"
        ) in (True, "true")

    def _cluster(self) -> Backend:
        context = self.config.get("context")
        if not context:
            message = "the stand-in cluster is chosen by `context`: set it on the provider"
            raise Refusal(400, "ContextNotSet", message)
        kubeconfig = os.environ.get(VARIABLE)
        real = from_kubeconfig(Path(kubeconfig), str(context)) if kubeconfig else None
        if real is not None:
            return real
        connection: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = self._threads.connection = store.connect(self.folder)
        return MemoryBackend(connection, str(context))

    def _type(self, urn: str) -> tuple[str, tuple[str, str]]:
        token = _token(urn).partition(":")[2]
        if token not in KINDS:
            known = ", ".join(sorted(KINDS))
            message = f"the stand-in Kubernetes does not know {token}; it knows {known}"
            raise ApiError(400, "UnknownResourceType", message)
        return token, KINDS[token]


def _token(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _annotations(inputs: Properties) -> Properties:
    return cast(Properties, (inputs.get("metadata") or {}).get("annotations") or {})


def _ref(inputs: Properties) -> Ref:
    metadata = inputs["metadata"]
    space = str(metadata.get("namespace") or "")
    return Ref(str(inputs["apiVersion"]), str(inputs["kind"]), space, str(metadata["name"]))


def _bare(ref: Ref) -> Body:
    space = {"namespace": ref.namespace} if ref.namespace else {}
    return {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": {"name": ref.name, **space}}


def _refuse_ignored(paths: Iterable[str]) -> None:
    """The real provider would send the live values of these paths, and so co-own what others wrote there."""
    if ignored := sorted(paths):
        message = (
            f"the stand-in does not update with ignoreChanges ({', '.join(ignored)}): replace on changes"
        )
        raise ApiError(400, "IgnoreChanges", message)


def _worded(error: ApiError, manager: str) -> ApiError:
    """The error as pulumi-kubernetes passes it on."""
    if error.error != "Conflict":
        return error
    return ApiError(error.code, error.error, CONFLICT_HELP.format(manager=manager, message=error.message))
