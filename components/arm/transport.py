"""How requests reach ARM: which host, with whose token, and what is tried again.

A real token goes over TLS to ARM's own hosts alone. `KEYLESS_ARM_ENDPOINT` leads to the sandbox's stand-in: plain HTTP on
loopback, with a word in place of a token.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, HeadersPolicy, RetryPolicy
from azure.core.pipeline.transport import RequestsTransport

from components.arm.errors import ArmError

VARIABLE = "KEYLESS_ARM_ENDPOINT"
LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}/?")
CONNECT_SECONDS = 30
READ_SECONDS = 120
# Reads are repeated here; a write never is, since its body would be stale.
READ_RETRIES = 6


@dataclass(frozen=True)
class Host:
    """One cloud's ARM and the authority that gives tokens for it."""

    url: str
    authority: str


# Source: azure-identity AzureAuthorityHosts, azure.mgmt.core get_arm_endpoints; read 2026-11.
HOSTS = {
    "public": Host("https://management.azure.com", "login.microsoftonline.com"),
    "usgov": Host("https://management.usgovcloudapi.net", "login.microsoftonline.us"),
    "china": Host("https://management.chinacloudapi.cn", "login.chinacloudapi.cn"),
}


@dataclass(frozen=True)
class Connection:
    """A pipeline and the URL that every id is put behind."""

    url: str
    pipeline: Pipeline[Any, Any]

    def leads_here(self, url: str) -> bool:
        """Whether `url` belongs to the same ARM: a region's host does, another host must not see the token."""
        own, other = urlsplit(self.url), urlsplit(url)
        if own.scheme != other.scheme:
            return False
        return other.netloc == own.netloc or other.netloc.endswith(f".{own.netloc}")


def connect(cloud: str, environment: Mapping[str, str] = os.environ) -> Connection:
    """The way to ARM of `cloud`: `public`, `usgov` or `china`. Raises ArmError where the stand-in's address is no loopback."""
    stand_in = environment.get(VARIABLE)
    if stand_in is None:
        return _real(cloud)
    if not LOOPBACK.fullmatch(stand_in):
        raise ArmError(
            f"{VARIABLE} is {stand_in!r}: only http on loopback, as the sandbox sets it\n"
            f"fix: unset {VARIABLE}; without it ARM itself is called"
        )
    caller = environment.get("ARM_CLIENT_ID", "")
    return _stand_in(stand_in.rstrip("/"), caller)


@cache
def _real(cloud: str) -> Connection:
    # Half a second of imports that the sandbox never needs.
    from azure.identity import DefaultAzureCredential

    host = HOSTS[cloud]
    # A pipeline has nobody to answer a browser.
    credential = DefaultAzureCredential(authority=host.authority, exclude_interactive_browser_credential=True)
    bearer = BearerTokenCredentialPolicy(credential, f"{host.url}/.default")
    return Connection(host.url, Pipeline(_transport(), [HeadersPolicy(), _retries(), bearer]))


@cache
def _stand_in(url: str, caller: str) -> Connection:
    word = HeadersPolicy({"Authorization": f"Bearer sandbox:{caller}"})
    # No proxy of the machine stands between here and loopback.
    return Connection(url, Pipeline(_transport(use_env_settings=False), [word, _retries()]))


def _retries() -> RetryPolicy[Any, Any]:
    return RetryPolicy(retry_total=READ_RETRIES, retry_status=READ_RETRIES, retry_backoff_factor=0.4)


def _transport(**settings: Any) -> RequestsTransport:
    return RequestsTransport(connection_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, **settings)
