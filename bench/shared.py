"""Writes a project in which apps share resources with private endpoints: `generate_shared(folder, 50, 20)`."""

from __future__ import annotations

from pathlib import Path

import yaml

from bench.generate import TENANT, subscription

GROUP = f"/subscriptions/{subscription(0)}/resourceGroups"


def generate_shared(folder: Path, resources: int, users: int) -> Path:
    """`resources` storage accounts, each with an endpoint and read by `users` apps of their own; returns `folder`."""
    (folder / "apps").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: keyless\nruntime: python\nmain: .\n")
    subnet = f"{GROUP}/rg-net/providers/Microsoft.Network/virtualNetworks/vnet/subnets/endpoints"
    facts = {
        "tenant": TENANT,
        "subscription": subscription(0),
        "location": "koreacentral",
        "identities": {"resource_group": "rg-identities-{team}"},
        "clusters": [{"name": "aks", "context": "aks", "issuer": "https://oidc.example.com/aks/"}],
        "network": {"subnet": subnet, "resource_group": "rg-net", "zones": "managed"},
        "resources": {
            f"data-{number}": {
                "kind": "storage",
                "id": f"{GROUP}/rg-data/providers/Microsoft.Storage/storageAccounts/stdata{number}",
                "network": "endpoint",
            }
            for number in range(resources)
        },
    }
    environment = {"config": {"keyless:environment": facts}}
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump(environment, sort_keys=False))
    for number in range(resources * users):
        app = f"app-{number:05}"
        uses = {
            "files": {
                "kind": "blob",
                "account": f"data-{number // users}",
                "container": app,
                "access": "read",
            }
        }
        spec = {
            "app": app,
            "workload": {"kind": "Deployment", "namespace": "shop", "name": app},
            "uses": uses,
        }
        (folder / "apps" / f"{app}.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    return folder
