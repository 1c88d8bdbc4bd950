"""The sandbox's own Pulumi home: stand-in provider plugins, and the environment that makes the engine use them."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from sandbox.engine import Engine
from sandbox.errors import SandboxError
from sandbox.files import write_atomically

CODE = Path(__file__).resolve().parent.parent
# Pulumi's name of the provider, the SDK's distribution, the module that stands in for it.
PROVIDERS = (
    ("azure-native", "pulumi-azure-native", "sandbox.azure"),
    ("kubernetes", "pulumi-kubernetes", "sandbox.kubernetes"),
)
# A real account, a real passphrase or a real cluster has no business here.
NEVER_INHERITED = ("PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_API", "KUBECONFIG")


def make_home(sandbox: Path, engine: Engine) -> None:
    """Write the plugin scripts below `<sandbox>/home/plugins` and link the engine into `<sandbox>/bin`.

    Raises SandboxError where a provider's SDK is not installed: its version names the plugin's folder.
    """
    for name, distribution, module in PROVIDERS:
        try:
            version = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            raise SandboxError(
                f"{distribution} is not installed in {sys.executable}\n  fix: make setup, then .venv/bin/keyless sandbox"
            ) from None
        folder = sandbox / "home" / "plugins" / f"resource-{name}-v{version}"
        # exec keeps the engine as the direct parent: a plugin ends when its parent changes.
        script = (
            "#!/bin/sh\n"
            f"SANDBOX_PLUGIN_VERSION={version}\n"
            f"PYTHONPATH={shlex.quote(str(CODE))}\n"
            "export SANDBOX_PLUGIN_VERSION PYTHONPATH\n"
            f'exec {shlex.quote(sys.executable)} -u -m {module} "$@"\n'
        )
        write_atomically(folder / f"pulumi-resource-{name}", script, mode=0o755)
    link = sandbox / "bin" / "pulumi"
    if not link.is_symlink() or link.readlink() != engine.pulumi:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(engine.pulumi)


def environment(
    sandbox: Path, faults: str | None, inherited: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The environment of a sandboxed command: `inherited`, with the sandbox's engine, state, plugins and faults."""
    kept = {key: value for key, value in inherited.items() if key not in NEVER_INHERITED}
    tools = (sandbox / "bin", Path(sys.executable).parent)
    result = {
        **kept,
        "KEYLESS_SANDBOX": str(sandbox),
        "KEYLESS_SANDBOX_PYTHON": sys.executable,
        "KEYLESS_SANDBOX_CODE": str(CODE),
        "PATH": os.pathsep.join([*map(str, tools), kept.get("PATH", os.defpath)]),
        "PULUMI_BACKEND_URL": f"file://{quote(str(sandbox / 'state'))}",
        "PULUMI_HOME": str(sandbox / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "sandbox",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # This cloud is done with a write in hundredths of a second.
        "KEYLESS_RETRY_PACE": kept.get("KEYLESS_RETRY_PACE", "0.05"),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    if faults is not None:
        result["KEYLESS_SANDBOX_FAULTS"] = faults
    return result
