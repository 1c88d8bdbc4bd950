"""Diagnostic settings (facts-doors §4; Azure Monitor, diagnostic settings: limits and known errors)."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.rules.base import Rules, lacking, not_found
from sandbox.plugin import Refusal

SETTINGS = "Microsoft.Insights/diagnosticSettings"
MAX_SETTINGS = 5
SINKS = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")
# By lower-case type of what the logs belong to. Source: Azure Monitor, supported resource log categories.
CATEGORIES = {
    **{
        f"microsoft.storage/storageaccounts/{service}": ("StorageRead", "StorageWrite", "StorageDelete")
        for service in ("blobservices", "fileservices", "queueservices", "tableservices")
    },
    "microsoft.cognitiveservices/accounts": (
        "Audit",
        "RequestResponse",
        "AzureOpenAIRequestUsage",
        "Trace",
    ),
    "microsoft.cache/redis": ("ConnectedClientList", "MSEntraAuthenticationAuditLog"),
    "microsoft.cache/redisenterprise/databases": ("ConnectionEvents",),
    "microsoft.keyvault/vaults": ("AuditEvent", "AzurePolicyEvaluationDetails"),
}


class DiagnosticRules(Rules):
    """A diagnostic setting: at most five a resource, and each category to a workspace by one of them."""

    def check(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        target = ids.parent(arm_id) or arm_id
        if missing := lacking(cloud, target):
            raise not_found(missing)
        own = properties(body)
        if not any(own.get(sink) for sink in SINKS):
            raise Refusal(
                400,
                "BadRequest",
                "At least one data sink needs to be specified: a workspace, storage account or event hub.",
            )
        workspace = str(own.get("workspaceId"))
        if own.get("workspaceId") and not cloud.has(workspace):
            raise not_found(workspace)
        _check_categories(target, body)
        others = [
            one for one in cloud.below(f"{target}/providers/{SETTINGS}") if not ids.same(one["id"], arm_id)
        ]
        _check_sinks(others, workspace, body)
        if len(others) >= MAX_SETTINGS:
            raise Refusal(
                409,
                "Conflict",
                f"The limit of {MAX_SETTINGS} diagnostic settings was reached. To create new setting"
                f" '{ids.name(arm_id)}', delete an existing one.",
            )

    def complete(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        for log in _logs(body):
            log.setdefault("retentionPolicy", {"enabled": False, "days": 0})


def _check_categories(target: str, body: Body) -> None:
    known = CATEGORIES.get(ids.arm_type(target).lower(), ())
    for category in _categories(body):
        if category not in known:
            raise Refusal(400, "BadRequest", f"Category '{category}' is not supported.")


def _check_sinks(others: list[Body], workspace: str, body: Body) -> None:
    for other in others:
        if not ids.same(str(properties(other).get("workspaceId")), workspace):
            continue
        for category in _categories(other):
            if category in _categories(body):
                raise Refusal(
                    409,
                    "Conflict",
                    f"Data sink '{workspace}' is already used in diagnostic setting '{ids.name(other['id'])}'"
                    f" for category '{category}'. Data sinks can't be reused in different settings on the"
                    " same category for the same resource.",
                )


def _logs(body: Body) -> Iterator[Body]:
    yield from properties(body).get("logs") or ()


def _categories(body: Body) -> list[str]:
    return [str(log.get("category")) for log in _logs(body) if log.get("enabled")]
