"""Plans the workloads of one app in one environment: credentials, ServiceAccounts and patches, cluster by cluster."""

import re
from collections.abc import Iterator
from typing import Literal

from keyless import names
from keyless.environment import AppOverride, Cluster
from keyless.plan import (
    FederatedCredential,
    ManagedBy,
    Ref,
    ServiceAccount,
    Setting,
    Workload,
    WorkloadPatch,
)
from keyless.project import LoadedEnvironment
from keyless.spec import LoadedApp, WorkloadSpec
from keyless.wrongs import Wrong

AUDIENCE = "api://AzureADTokenExchange"
MAX_CREDENTIALS = 20  # per identity; Entra, federated credential considerations
USE_LABEL = "azure.workload.identity/use"
CLIENT_ID = Ref("identity.client_id")
# Longer ones are refused, or their pods are: a CronJob's Jobs and a StatefulSet's label of a revision get 11 characters more,
# a Job's name is a label of its pods. Source: Kubernetes 1.37, validation of batch and apps, read 2026-11.
_LONGEST = {"CronJob": 52, "StatefulSet": 52, "Job": 63}
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# AKS keeps webhooks out of its own namespaces, so no pod there gets a token. Source: AKS, admissions enforcer, read 2026-11.
_SYSTEM = frozenset(
    (
        "aks-command",
        "aks-istio-system",
        "app-routing-system",
        "calico-system",
        "gatekeeper-system",
        "kube-node-lease",
        "kube-public",
        "kube-system",
        "tigera-operator",
    )
)
_POD_TEMPLATE = {"CronJob": ("spec", "jobTemplate", "spec", "template")}


class WorkloadPlanner:
    """The workloads of an app in the clusters where it runs; what is wrong goes to `wrong`."""

    def __init__(
        self,
        app: LoadedApp,
        environment: LoadedEnvironment,
        override: AppOverride,
        clusters: tuple[Cluster, ...],
        wrong: Wrong,
    ) -> None:
        self.app, self.spec, self.environment, self.override = app, app.spec, environment, override
        self.clusters, self.wrong = clusters, wrong
        planned = tuple(map(self.workload, self.spec.all_workloads))
        self.check_name()
        self.check_accounts(planned)
        for index, written in enumerate(self.spec.all_workloads):
            self.check_workload(index, written, planned[index])
        self.workloads = tuple(sorted(planned, key=lambda w: (w.namespace, w.kind, w.name)))

    def check_name(self) -> None:
        """Refuse one name for several workloads."""
        if self.override.name is not None and len(self.spec.all_workloads) > 1:
            self.wrong.add_entry(
                self.environment,
                "apps",
                self.spec.app,
                "name",
                (
                    "one-name",
                    f"the app '{self.spec.app}' has {len(self.spec.all_workloads)} workloads, which cannot all be '{self.override.name}'",
                    "remove `name`; give the workloads the same names in every environment",
                ),
            )

    def check_accounts(self, planned: tuple[Workload, ...]) -> None:
        """Refuse two answers to who makes one ServiceAccount, as the environment names and places it."""
        seen: dict[tuple[str, str], ManagedBy] = {}
        for index, one in enumerate(planned):
            if seen.setdefault((one.namespace, one.service_account), one.managed_by) != one.managed_by:
                self.wrong.add(
                    self.app,
                    (*self.app.path_of(index), "service_account"),
                    "two-makers",
                    f"the ServiceAccount {one.namespace}/{one.service_account} is managed_by both keyless and workload",
                    "write the same `managed_by` in both workloads",
                )

    def check_workload(self, index: int, written: WorkloadSpec, one: Workload) -> None:
        """Refuse what Kubernetes refuses, where the webhook is not, and an account that every pod has."""
        longest = _LONGEST.get(one.kind, 253)
        if len(one.name) > longest:
            message = (
                f"the {one.kind} '{one.name}' has {len(one.name)} characters, and Kubernetes takes {longest}"
            )
            self.at("name", index, ("kubernetes-name", message, "call it, and here, something shorter"))
        elif one.kind == "StatefulSet" and "." in one.name:
            message = f"the StatefulSet '{one.name}' has a dot in its name, and Kubernetes takes none"
            self.at("name", index, ("kubernetes-name", message, "call it, and here, something without a dot"))
        if not written.containers and _LABEL.fullmatch(written.name) is None:
            self.wrong.add(
                self.app,
                self.app.path_of(index),
                "no-container",
                f"no container can be called '{written.name}', as the workload is",
                "write containers: [...], those of its pods that get the settings",
            )
        if one.namespace in _SYSTEM:
            message = f"AKS keeps webhooks out of '{one.namespace}', so no pod there gets a token"
            self.at(
                "namespace",
                index,
                ("system-namespace", message, "run the workload in a namespace of your own"),
            )
        if one.service_account == "default":
            self.wrong.add(
                self.app,
                (*self.app.path_of(index), "service_account"),
                "default-account",
                f"every pod of '{one.namespace}' that names no ServiceAccount runs as `default`, and each would become the app",
                "write service_account: with a name of its own",
            )

    def at(self, key: Literal["name", "namespace"], index: int, finding: tuple[str, str, str]) -> None:
        """Note what is wrong with a key of a workload, where it is written: in the environment, or in the app's file."""
        if getattr(self.override, key) is not None:
            self.wrong.add_entry(self.environment, "apps", self.spec.app, key, finding)
        else:
            self.wrong.add(self.app, (*self.app.path_of(index), key), *finding)

    def workload(self, spec: WorkloadSpec) -> Workload:
        """The workload as it is called here, and where it is patched or only rendered."""
        account = spec.account(self.override.name)
        granted = self.override.stage == "granted"
        patched = {c.name for c in self.clusters if c.delivery == "patch" and spec.kind != "Job"}
        return Workload(
            kind=spec.kind,
            namespace=self.override.namespace or spec.namespace,
            name=self.override.name or spec.name,
            service_account=account.name,
            managed_by=account.managed_by,
            containers=spec.containers or (spec.name,),
            patched_in=tuple(c.name for c in self.clusters if c.name in patched and not granted),
            rendered_in=tuple(c.name for c in self.clusters if c.name not in patched and not granted),
            granted_in=tuple(c.name for c in self.clusters if granted),
        )

    def credentials(self) -> tuple[FederatedCredential, ...]:
        """One for each cluster and ServiceAccount, in the order of their names."""
        found: dict[str, FederatedCredential] = {}
        for cluster in self.clusters:
            for workload in self.workloads:
                name = names.credential(cluster.name, workload.namespace, workload.service_account)
                found[name] = FederatedCredential(
                    logical_name=names.logical(self.spec.app, name, "credential"),
                    name=name,
                    cluster=cluster.name,
                    issuer=cluster.issuer,
                    audiences=(AUDIENCE,),
                    subject=f"system:serviceaccount:{workload.namespace}:{workload.service_account}",
                    locked=self.environment.facts.identities.locked and self.override.identity is None,
                )
        if len(found) > MAX_CREDENTIALS:
            self.wrong.add(
                self.app,
                self.app.path_of(0),
                "credential-limit",
                f"{len(found)} federated credentials in {self.environment.name} (clusters x ServiceAccounts), and an identity takes {MAX_CREDENTIALS}",
                "let workloads share a ServiceAccount, or split the app in two",
            )
        return tuple(found[name] for name in sorted(found))

    def service_accounts(self) -> Iterator[ServiceAccount]:
        """Those that are made or annotated: none where Git delivers."""
        seen: set[tuple[str, str, str]] = set()
        for cluster in self.clusters:
            if cluster.delivery == "gitops":
                continue
            for workload in self.workloads:
                key = (cluster.name, workload.namespace, workload.service_account)
                if key in seen:
                    continue
                seen.add(key)
                yield ServiceAccount(
                    logical_name=names.logical(self.spec.app, *key, "service-account"),
                    cluster=cluster.name,
                    namespace=workload.namespace,
                    name=workload.service_account,
                    managed_by=workload.managed_by,
                    labels={},
                    annotations={"azure.workload.identity/client-id": CLIENT_ID},
                )

    def patches(self, settings: dict[str, Setting]) -> Iterator[WorkloadPatch]:
        """A patch for each workload and cluster where it is patched."""
        for workload in self.workloads:
            for cluster in workload.patched_in:
                yield WorkloadPatch(
                    logical_name=names.logical(
                        self.spec.app,
                        cluster,
                        workload.namespace,
                        workload.kind.lower(),
                        workload.name,
                        "patch",
                    ),
                    cluster=cluster,
                    kind=workload.kind,
                    namespace=workload.namespace,
                    name=workload.name,
                    template_path=_POD_TEMPLATE.get(workload.kind, ("spec", "template")),
                    labels={USE_LABEL: "true"},
                    annotations={"keyless.dev/client-id": CLIENT_ID},
                    service_account=workload.service_account,
                    containers=workload.containers,
                    env=settings,
                )
