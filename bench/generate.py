"""Writes a Keyless project with N apps, one file each: `python bench/generate.py FOLDER N [TEAM ...]`.

Every app reads a container, writes a cache and asks a model; 200 apps share an account of each. Without teams
all apps are in the stack `dev`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

PER_ACCOUNT = 200
TENANT = "00000000-0000-0000-0000-000000000001"

APP = """\
app: {app}
{team}workload:
  kind: Deployment
  namespace: {namespace}
  name: {app}
  service_account: {app}
uses:
  invoices:  {{kind: blob, account: orders-{account}, container: {app}, access: read}}
  sessions:  {{kind: redis, cache: sessions-{account}, access: write}}
  assistant: {{kind: openai, account: assistant-{account}, deployment: gpt-4o, access: use}}
"""

ENVIRONMENT = """\
config:
  keyless:environment:
    tenant: {tenant}
    subscription: {subscription}
    location: koreacentral
    tags: {{cost-center: shop}}
    identities: {{resource_group: "rg-identities-{{team}}-{environment}", name: "id-{{app}}-{{env}}"}}
    clusters:
      - name: aks-{environment}
        issuer: https://koreacentral.oic.prod-aks.azure.com/{tenant}/{cluster}/
        context: aks-{environment}
    resources:
{resources}"""

RESOURCES = """\
      orders-{account}:    {{kind: storage, id: {group}/Microsoft.Storage/storageAccounts/storders{account}}}
      sessions-{account}:
        kind: redis-managed
        id: {group}/Microsoft.Cache/redisEnterprise/amr-sessions-{account}
        host: amr-sessions-{account}.koreacentral.redis.azure.net
      assistant-{account}: {{kind: openai, id: {group}/Microsoft.CognitiveServices/accounts/oai-{account}}}
"""


def subscription(account: int) -> str:
    """A subscription for each set of accounts: Azure takes 4,000 role assignments in one."""
    return f"00000000-0000-0000-0001-{account:012}"


def generate(
    folder: Path, apps: int, teams: Sequence[str] = (), environments: Sequence[str] = ("dev",)
) -> Path:
    """Write the project into `folder`, which is made, and return it."""
    (folder / "apps").mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text("name: keyless\nruntime: python\nmain: .\n")
    accounts = range((apps + PER_ACCOUNT - 1) // PER_ACCOUNT)
    for index, environment in enumerate(environments, 1):
        group = f"resourceGroups/rg-shop-{environment}/providers"
        resources = "".join(
            RESOURCES.format(account=account, group=f"/subscriptions/{subscription(account)}/{group}")
            for account in accounts
        )
        (folder / f"Pulumi.{environment}.yaml").write_text(
            ENVIRONMENT.format(
                environment=environment,
                tenant=TENANT,
                subscription=subscription(0),
                cluster=f"00000000-0000-0000-0000-00000000c{index:03}",
                resources=resources,
            )
        )
    for number in range(apps):
        team = teams[number % len(teams)] if teams else None
        path = folder / "apps" / (team or "common") / f"app-{number:05}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            APP.format(
                app=f"app-{number:05}",
                team=f"team: {team}\n" if team else "",
                namespace=team or "shop",
                account=number // PER_ACCOUNT,
            )
        )
    return folder


if __name__ == "__main__":
    generate(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
