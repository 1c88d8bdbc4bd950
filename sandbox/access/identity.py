"""From a client id to a principal: the identity, and the credential by which a ServiceAccount becomes it."""

from __future__ import annotations

from sandbox.access.pods import SignIn
from sandbox.access.trace import Trace
from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.rules.identities import identities

AUDIENCE = "api://AzureADTokenExchange"


def principal_of(
    cloud: Cloud, sign_in: SignIn, issuer: str, namespace: str, tenant: object, trace: Trace
) -> str | None:
    """The principal id that Entra gives a token for, or None; every step goes to the trace."""
    if tenant and sign_in.tenant and sign_in.tenant != tenant:
        trace.no(f"the pod signs in to tenant {sign_in.tenant}, not {tenant}")
        return None
    found = [one for one in identities(cloud) if properties(one)["clientId"] == sign_in.client_id]
    if not found:
        trace.no(
            f"there is no identity with the client id {sign_in.client_id}, {sign_in.origin} (AADSTS700016)"
        )
        return None
    (identity,) = found
    name = ids.name(identity["id"])
    subject = f"system:serviceaccount:{namespace}:{sign_in.service_account}"
    credentials = list(cloud.below(f"{identity['id']}/federatedIdentityCredentials"))
    if any(_trusts(one, issuer, subject) for one in credentials):
        trace.yes(f"identity {name} trusts {subject}")
        return str(properties(identity)["principalId"])
    why = _closest(credentials, issuer, subject)
    trace.no(f"identity {name}, {sign_in.origin}, does not trust {subject}: {why}")
    return None


def _trusts(credential: Body, issuer: str, subject: str) -> bool:
    own = properties(credential)
    # Byte by byte, as Entra does: a missing slash at the end of the issuer is another issuer.
    return (
        own.get("issuer") == issuer
        and own.get("subject") == subject
        and AUDIENCE in (own.get("audiences") or [])
    )


def _closest(credentials: list[Body], issuer: str, subject: str) -> str:
    own = [properties(one) for one in credentials]
    if not own:
        return "it has no federated credential (AADSTS70021)"
    if any(one.get("issuer") == issuer and one.get("subject") == subject for one in own):
        return f"the audience is not {AUDIENCE} (AADSTS700212)"
    if any(one.get("subject") == subject for one in own):
        issuers = ", ".join(sorted({str(one.get("issuer")) for one in own if one.get("subject") == subject}))
        return f"the issuer is {issuers}, the cluster's is {issuer} (AADSTS700211)"
    if any(one.get("issuer") == issuer for one in own):
        subjects = ", ".join(sorted({str(one.get("subject")) for one in own if one.get("issuer") == issuer}))
        return f"from this cluster it trusts {subjects} (AADSTS700213)"
    return f"no credential has the issuer {issuer} (AADSTS700211)"
