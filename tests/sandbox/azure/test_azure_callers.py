"""The stand-in checks the caller: every action, on linked scopes too, with conditions; nobody by name is an owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2

from sandbox.azure import callers, linked
from sandbox.azure.cloud import Cloud
from sandbox.azure.provider import AzureProvider
from sandbox.faults import Faults
from sandbox.plugin import Refusal
from sandbox.store import connect
from sandbox.wire import decode, encode

RIGHTS: dict[str, list[str]] = yaml.safe_load(
    (Path(__file__).parent / "rights.yaml").read_text(encoding="utf-8")
)
GOOD: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "good.yaml").read_text(encoding="utf-8"))
ROOT = "/subscriptions/00000000-0000-0000-0000-00000000000a"
RG = f"{ROOT}/resourceGroups/rg"
ACCOUNT = f"{RG}/providers/Microsoft.Storage/storageAccounts/storders"
PRINCIPAL, CLIENT = "d0000000-0000-0000-0000-00000000000f", "c0000000-0000-0000-0000-00000000000f"
ROLE = f"{ROOT}/providers/Microsoft.Authorization/roleDefinitions/cccccccc-0000-0000-0000-00000000000f"
ASSIGNMENT = "authorization:RoleAssignment"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
A = "Microsoft.Authorization/roleAssignments"


def sign_in(
    azure: Any, *actions: str, scopes: tuple[str, ...] = (ROOT,), condition: str | None = None
) -> None:
    """Let the provider act as an identity that may do just these actions at these scopes."""
    azure.put(
        {
            "id": f"{RG}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-deployer",
            "properties": {"principalId": PRINCIPAL, "clientId": CLIENT},
        },
        {
            "id": ROLE,
            "properties": {
                "roleName": "Deployer",
                "permissions": [{"actions": list(actions)}],
                "assignableScopes": [ROOT],
            },
        },
        *(
            {
                "id": f"{scope}/providers/{A}/eeeeeeee-0000-0000-0000-00000000000f",
                "properties": {"principalId": PRINCIPAL, "roleDefinitionId": ROLE, "condition": condition},
            }
            for scope in scopes
        ),
    )
    azure.configure(clientId=CLIENT)


def refused(call: Any) -> str:
    with pytest.raises(grpc.RpcError) as error:
        call()
    return str(error.value.details())


@pytest.mark.parametrize("kind", GOOD)
def test_who_holds_the_actions_of_a_type_makes_and_deletes_it(azure: Any, kind: str) -> None:
    sign_in(azure, *RIGHTS[kind])
    arm_id, _ = azure.make(kind)
    azure.update(kind, arm_id, azure.inputs(kind))
    assert azure.read(kind, arm_id)[0] == arm_id
    azure.delete(kind, arm_id)


@pytest.mark.parametrize(("kind", "missing"), [(kind, one) for kind in RIGHTS for one in RIGHTS[kind]])
def test_without_any_one_action_it_fails_and_names_action_and_scope(
    azure: Any, kind: str, missing: str
) -> None:
    sign_in(azure, *(one for one in RIGHTS[kind] if one != missing))

    def all_of_it() -> None:
        arm_id, _ = azure.make(kind)
        azure.delete(kind, arm_id)

    before = azure.rows()
    text = refused(all_of_it)
    linked_right = missing.endswith("/action")
    assert text.startswith(
        f'Status=403 Code="{"LinkedAuthorizationFailed" if linked_right else "AuthorizationFailed"}"'
    )
    assert f"'{missing}'" in text and "/subscriptions/" in text and PRINCIPAL in text
    assert missing.endswith("/delete") or azure.rows() == before


def test_every_type_has_its_row_and_every_linked_type_is_tested() -> None:
    assert RIGHTS.keys() == GOOD.keys()
    assert set(linked.BY_TYPE) - {"microsoft.insights/diagnosticsettings"} <= {
        one.lower().rpartition("/")[0] for rights in RIGHTS.values() for one in rights
    }


def test_without_a_client_id_the_caller_is_an_owner(azure: Any) -> None:
    for kind in GOOD:
        azure.delete(kind, azure.make(kind)[0])


def test_an_unknown_client_id_gets_in_nowhere(azure: Any) -> None:
    azure.configure(clientId="c0000000-0000-0000-0000-000000000000")
    assert refused(lambda: azure.make(ASSIGNMENT)).startswith('Status=401 Code="InvalidAuthenticationToken"')


def test_a_role_counts_at_its_scope_and_below_and_nowhere_else(azure: Any) -> None:
    kind = "redis:AccessPolicyAssignment"
    sign_in(azure, *RIGHTS[kind], scopes=(f"{RG}/providers/Microsoft.Cache/redis/cache",))
    azure.make(kind)
    other = f"{RG}/providers/Microsoft.Cache/redis/other"
    azure.put({"id": other})
    assert f"over scope '{other}/" in refused(lambda: azure.make(kind, cacheName="other"))


def test_reading_what_one_may_not_read_is_refused(azure: Any) -> None:
    arm_id, _ = azure.make(ASSIGNMENT)
    sign_in(azure, f"{A}/write")
    assert f"'{A}/read'" in refused(lambda: azure.read(ASSIGNMENT, arm_id))


def test_a_subnet_of_another_network_is_no_one_s_to_join(azure: Any) -> None:
    kind = "network:PrivateEndpoint"
    scopes = (
        f"{ROOT}/resourceGroups/rg",
        f"{ROOT}/resourceGroups/rg-net/providers/Microsoft.Network/privateEndpoints/pe-new",
    )
    net = f"{ROOT}/resourceGroups/rg-net"
    sign_in(azure, *RIGHTS[kind], "Microsoft.Network/*/read", "Microsoft.Resources/*/read", scopes=scopes)
    assert "AuthorizationFailed" in refused(lambda: azure.make(kind))
    subnet = f"{net}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/endpoints"
    sign_in(azure, *RIGHTS[kind], scopes=(*scopes, subnet, net))
    azure.make(kind)


CONDITION = (
    f"((!(ActionMatches{{'{A}/write'}})) OR (@Request[{A}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{READER}}}"
    f" AND @Request[{A}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}}))"
    f" AND ((!(ActionMatches{{'{A}/delete'}})) OR (@Resource[{A}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{READER}}}))"
)
WRITER = f"{ROOT}/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe"


def test_a_condition_limits_which_roles_one_gives_and_takes_away(azure: Any) -> None:
    theirs, _ = azure.make(
        ASSIGNMENT, roleDefinitionId=WRITER, roleAssignmentName="99999999-0000-0000-0000-000000000000"
    )
    sign_in(azure, *RIGHTS[ASSIGNMENT], condition=CONDITION)
    own, _ = azure.make(ASSIGNMENT)
    for change in (
        {"roleDefinitionId": WRITER},
        {"principalType": "User"},
        {"principalId": "44444444-0000-0000-0000-000000000000", "principalType": None},
    ):
        text = refused(
            lambda change=change: azure.make(
                ASSIGNMENT, roleAssignmentName="88888888-0000-0000-0000-000000000000", **change
            )
        )
        assert 'Code="AuthorizationFailed"' in text and f"'{A}/write'" in text
    assert f"'{A}/delete'" in refused(lambda: azure.delete(ASSIGNMENT, theirs))
    azure.delete(ASSIGNMENT, own)


@pytest.mark.parametrize(
    ("config", "caller"), [({}, CLIENT), ({"clientId": "of-the-provider"}, "of-the-provider")]
)
def test_the_client_id_of_the_environment_counts_unless_the_provider_has_one(
    azure: Any, config: dict[str, str], caller: str
) -> None:
    provider = AzureProvider(azure.folder, Faults(azure.folder, ""), {"ARM_CLIENT_ID": CLIENT})
    provider.configure(provider_pb2.ConfigureRequest(args=encode(config)))
    assert provider.arm.caller == caller


def test_the_client_config_names_the_caller(azure: Any) -> None:
    sign_in(azure)
    request = provider_pb2.InvokeRequest(tok="azure-native:authorization:getClientConfig")
    answer = decode(getattr(azure.stub.Invoke(request), "return"))
    assert (answer["clientId"], answer["objectId"]) == (CLIENT, PRINCIPAL)


@pytest.mark.parametrize("held", [(), ("Microsoft.Storage/storageAccounts/listKeys/action",)])
def test_an_action_such_as_listing_keys_is_checked(azure: Any, held: tuple[str, ...]) -> None:
    sign_in(azure, *held)
    cloud = Cloud(connect(azure.folder))
    action = "Microsoft.Storage/storageAccounts/listkeys/action"
    if held:
        callers.check_action(cloud, CLIENT, action, ACCOUNT)
        return
    with pytest.raises(Refusal, match="AuthorizationFailed"):
        callers.check_action(cloud, CLIENT, action, ACCOUNT)


def test_a_patch_that_lets_a_new_subnet_in_needs_a_right_there(azure: Any) -> None:
    subnet = f"{ROOT}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vnet/subnets/nodes"
    write = "Microsoft.Storage/storageAccounts/write"
    sign_in(azure, write)
    cloud = Cloud(connect(azure.folder))
    rules = {"networkAcls": {"virtualNetworkRules": [{"id": subnet}]}}
    with pytest.raises(Refusal, match="joinViaServiceEndpoint"):
        callers.check_write(cloud, CLIENT, ACCOUNT, {"properties": rules}, {"properties": {}})
    callers.check_write(cloud, CLIENT, ACCOUNT, {"properties": rules}, {"properties": rules})


def test_a_diagnostic_setting_needs_the_keys_of_its_workspace(azure: Any) -> None:
    workspace = f"{RG}/providers/Microsoft.OperationalInsights/workspaces/logs"
    setting = f"{ACCOUNT}/providers/Microsoft.Insights/diagnosticSettings/audit"
    body = {"properties": {"workspaceId": workspace}}
    needed = ("Microsoft.Insights/diagnosticSettings/write", "Microsoft.OperationalInsights/workspaces/read")
    sign_in(azure, *needed)
    cloud = Cloud(connect(azure.folder))
    with pytest.raises(Refusal, match="sharedKeys/action"):
        callers.check_write(cloud, CLIENT, setting, body, None)
    sign_in(azure, *needed, "Microsoft.OperationalInsights/workspaces/sharedKeys/action")
    callers.check_write(cloud, CLIENT, setting, body, None)
