"""A stack's deployer brings it up and down in the stand-in, fails without any one action, and reaches no other stack."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from keyless.cli import main
from keyless.plan import RoleAssignment, StackPlan
from keyless.planner import load_stack
from sandbox import store, world
from sandbox.azure import arm
from sandbox.azure.arm import Arm
from sandbox.azure.cloud import Cloud
from sandbox.azure.rules.identities import identifiers
from sandbox.azure.types import resource_types
from sandbox.faults import Faults
from sandbox.plugin import Refusal
from tests.support.deployers import apply
from tests.support.replay import Operation, record, replay

ROOT = Path(__file__).resolve().parents[3]
STACKS = ("stg", "payments.stg", "ml.stg", "search.stg")
GROUP = "rg-deployers"
A = "Microsoft.Authorization/roleAssignments"
TYPES = resource_types("")
CREDENTIAL = TYPES["azure-native:managedidentity:FederatedIdentityCredential"]
IDENTITY = TYPES["azure-native:managedidentity:UserAssignedIdentity"]
ASSIGNMENT = TYPES["azure-native:authorization:RoleAssignment"]


@cache
def plan_of(stack: str) -> StackPlan:
    return load_stack(ROOT, stack)


@cache
def deployer_of(stack: str, root: Path = ROOT) -> dict[str, Any]:
    """The command's own JSON."""
    words = [
        "-C",
        str(root),
        "deployer",
        stack,
        "--github",
        "contoso/shop",
        "--group",
        GROUP,
        "--format",
        "json",
    ]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


ACTIONS = [
    (stack, role["purpose"], action)
    for stack in STACKS
    for role in deployer_of(stack)["roles"]
    for action in role["actions"]
]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes that exclude each other need not last here."""
    monkeypatch.setattr(arm, "WRITE_SECONDS", 0.0)


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, list[Operation]]]:
    """For each stack: a cloud in which all stacks before it are up, and what its own `up` asks of ARM."""
    folder = tmp_path_factory.mktemp("cloud")
    world.load(ROOT, "stg", folder)
    found: dict[str, tuple[Path, list[Operation]]] = {}
    for stack in STACKS:
        before = copied(folder, tmp_path_factory.mktemp("before"))
        found[stack] = (before, record(plan_of(stack), folder))
    found["all"] = (folder, [])
    return found


def copied(folder: Path, to: Path) -> Path:
    """A copy of the cloud in `folder`, whole: what the journal holds too."""
    with closing(store.connect(folder)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    shutil.copy(folder / store.FILE, to / store.FILE)
    return to


@pytest.fixture
def cloud(clouds: dict[str, Any], tmp_path: Path) -> Callable[[str], Path]:
    """A fresh copy of the cloud before a stack comes up, or with `all` of them up."""
    return lambda stack: copied(clouds[stack][0], tmp_path)


def rows(folder: Path) -> dict[str, str]:
    with closing(store.connect(folder)) as connection:
        return dict(connection.execute("SELECT key, body FROM arm"))


@pytest.mark.parametrize("stack", STACKS)
def test_the_deployer_brings_its_stack_up_and_down(
    stack: str, clouds: Any, cloud: Callable[[str], Path]
) -> None:
    folder = cloud(stack)
    caller = apply(folder, deployer_of(stack))
    before = rows(folder)
    steps = list(replay(clouds[stack][1], plan_of(stack), folder, caller))
    assert len(steps) == 2 * len(clouds[stack][1]) > 0
    assert rows(folder) == before


@pytest.mark.parametrize(("stack", "purpose", "action"), ACTIONS)
def test_it_fails_without_any_one_action(
    stack: str, purpose: str, action: str, clouds: Any, cloud: Callable[[str], Path]
) -> None:
    folder = cloud(stack)
    caller = apply(folder, deployer_of(stack), without=(purpose, action))
    with pytest.raises(Refusal) as refused:
        list(replay(clouds[stack][1], plan_of(stack), folder, caller))
    assert refused.value.error in ("AuthorizationFailed", "LinkedAuthorizationFailed")
    assert action.lower() in refused.value.message.lower()


def test_the_actions_are_many_and_none_gives_out_a_key() -> None:
    every = {action for _, _, action in ACTIONS}
    assert len(every) > 30
    assert not [
        one for one in every if re.search(r"\*|listkeys|regenerate|sharedkeys|sas/", one, re.IGNORECASE)
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_a_resource_is_written_where_the_stack_patches_it_and_nowhere_else(stack: str) -> None:
    patched = {
        patch.id.text for posture in plan_of(stack).shared.posture_patches for patch in posture.patches
    }
    roles = {role["id"] for role in deployer_of(stack)["roles"] if role["purpose"] == "postures"}
    parents = {
        child.id.text.rsplit("/", 2)[0]
        for one in plan_of(stack).shared.posture_patches
        for child in one.children
    }
    assert {
        one["scope"] for one in deployer_of(stack)["assignments"] if one["role_id"] in roles
    } == patched | parents
    writes = {
        action
        for role in deployer_of(stack)["roles"]
        for action in role["actions"]
        if is_write_of_a_resource(action)
    }
    types = {patch.id.type for posture in plan_of(stack).shared.posture_patches for patch in posture.patches}
    assert writes == {f"{type_}/write" for type_ in types}


def is_write_of_a_resource(action: str) -> bool:
    """Whether it changes what somebody else made: an account, a cache, a vault."""
    services = "Storage/storageAccounts|CognitiveServices/accounts|Cache/redis|Cache/redisEnterprise(/databases)?|KeyVault/vaults"
    return re.fullmatch(rf"Microsoft\.({services})/write", action) is not None


def test_every_scope_is_a_group_or_less_and_only_grants_have_a_condition() -> None:
    for stack in STACKS:
        purposes = {role["id"]: role["purpose"] for role in deployer_of(stack)["roles"]}
        for one in deployer_of(stack)["assignments"]:
            assert len(one["scope"].split("/")) >= 5, one["scope"]
            assert (one["condition"] is not None) == (purposes[one["role_id"]] == "grants")
        for role in deployer_of(stack)["roles"]:
            assert all(scope.count("/") == 4 for scope in role["assignable_scopes"])


def grant_scopes(stack: str) -> set[str]:
    return {
        grant.scope
        for app in plan_of(stack).apps
        for grant in app.grants
        if isinstance(grant, RoleAssignment)
    }


def test_role_assignment_rights_are_held_where_the_plan_grants_and_nowhere_else() -> None:
    for stack in STACKS:
        found = deployer_of(stack)
        roles = {role["id"] for role in found["roles"] if f"{A}/write" in role["actions"]}
        assert {one["scope"] for one in found["assignments"] if one["role_id"] in roles} == grant_scopes(
            stack
        )


def foreign(stack: str, other: str, folder: Path) -> Arm:
    """ARM as the deployer of `stack` meets it, where `other` is up as well."""
    return Arm(folder, Faults(folder, ""), apply(folder, deployer_of(stack)))


@pytest.mark.parametrize(
    ("stack", "other"),
    [("payments.stg", "ml.stg"), ("ml.stg", "search.stg"), ("search.stg", "payments.stg"), ("stg", "ml.stg")],
)
def test_it_writes_no_identity_credential_or_grant_of_another_stack(
    stack: str, other: str, clouds: Any, cloud: Callable[[str], Path]
) -> None:
    folder = cloud("all")
    own, theirs = {one.arm_id.lower() for one in clouds[stack][1]}, clouds[other][1]
    deployer = foreign(stack, other, folder)
    tried = 0
    for one in theirs:
        kind = TYPES[one.token]
        body = json.loads(rows(folder)[one.arm_id.lower()])
        # Endpoints stand in a group that stacks share: what that leaves open is said by the command.
        if (
            one.token.startswith("azure-native:network:")
            or one.arm_id.lower() in own
            or shared_place(stack, one)
        ):
            continue
        with pytest.raises(Refusal, match="AuthorizationFailed"):
            deployer.put(kind, one.arm_id, body, create=False)
        with pytest.raises(Refusal, match="AuthorizationFailed"):
            deployer.delete(kind, one.arm_id)
        tried += 1
    assert tried >= 3
    app = plan_of(other).apps[0]
    credential = f"{app.identity.id.text}/federatedIdentityCredentials/stolen"
    mine = {
        "properties": {
            "issuer": "https://mine.example/",
            "subject": "me",
            "audiences": ["api://AzureADTokenExchange"],
        }
    }
    with pytest.raises(Refusal, match="federatedIdentityCredentials/"):
        deployer.put(CREDENTIAL, credential, mine, create=False)


def shared_place(stack: str, one: Operation) -> bool:
    """Whether it is a grant on what this stack grants on as well: there principals and roles are the wall, see below."""
    scope = one.arm_id.partition("/providers/Microsoft.Authorization/")[0].partition(
        "/accessPolicyAssignments/"
    )[0]
    places = [one["scope"] for one in deployer_of(stack)["assignments"]]
    return one.token.endswith("Assignment") and any(
        scope.lower().startswith(place.lower()) for place in places
    )


def test_it_cannot_let_itself_into_the_pipelines_of_others(cloud: Callable[[str], Path]) -> None:
    folder = cloud("all")
    theirs = deployer_of("ml.stg")
    apply(folder, theirs)
    deployer = foreign("payments.stg", "ml.stg", folder)
    with pytest.raises(Refusal, match="AuthorizationFailed"):
        deployer.put(
            CREDENTIAL, f"{theirs['identity']['id']}/federatedIdentityCredentials/me", {}, create=False
        )


def principals(folder: Path, stack: str) -> dict[str, str]:
    """Principal id by app, as the cloud gave them."""
    found = rows(folder)
    return {
        app.app: json.loads(found[app.identity.id.key])["properties"]["principalId"]
        for app in plan_of(stack).apps
    }


def grant_of(folder: Path, stack: str) -> tuple[str, dict[str, Any]]:
    """The first role assignment of the stack: its id and body."""
    grant = next(
        grant for app in plan_of(stack).apps for grant in app.grants if isinstance(grant, RoleAssignment)
    )
    arm_id = f"{grant.scope}/providers/Microsoft.Authorization/roleAssignments/{grant.assignment}"
    return arm_id, json.loads(rows(folder)[arm_id.lower()])


@pytest.mark.parametrize(
    "change",
    [
        {"roleDefinitionId": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"},
        {"roleDefinitionId": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"},
        {"principalType": "User"},
        {"principalType": "Group"},
    ],
)
def test_it_assigns_no_other_role_and_nobody_but_service_principals(
    change: dict[str, str], cloud: Callable[[str], Path]
) -> None:
    folder = cloud("all")
    arm_id, body = grant_of(folder, "payments.stg")
    deployer = foreign("payments.stg", "ml.stg", folder)
    properties = {
        key: body["properties"][key] for key in ("principalId", "principalType", "roleDefinitionId")
    } | change
    if "roleDefinitionId" in change:
        head = body["properties"]["roleDefinitionId"].rpartition("/")[0]
        properties["roleDefinitionId"] = f"{head}/{change['roleDefinitionId']}"
    new = f"{arm_id.rpartition('/')[0]}/aaaaaaaa-0000-0000-0000-000000000000"
    with pytest.raises(Refusal, match="AuthorizationFailed"):
        deployer.put(ASSIGNMENT, new, {"properties": properties}, create=False)


def test_a_role_or_a_grant_to_widen_itself_is_out_of_reach(cloud: Callable[[str], Path]) -> None:
    folder = cloud("all")
    mine = deployer_of("payments.stg")
    deployer = foreign("payments.stg", "ml.stg", folder)
    for one in mine["assignments"]:
        with pytest.raises(Refusal, match="AuthorizationFailed"):
            deployer.delete(
                ASSIGNMENT, f"{one['scope']}/providers/Microsoft.Authorization/roleAssignments/{one['id']}"
            )


@pytest.fixture
def pinned(tmp_path: Path, clouds: dict[str, Any]) -> Path:
    """The project with the ids of payments.stg, as `keyless ids` writes them after `up`."""
    root = tmp_path / "pinned"
    for name in ("apps", "environments"):
        shutil.copytree(ROOT / name, root / name)
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, root / file.name)
    apps = {
        app: {"client_id": principal, "principal_id": principal}
        for app, principal in principals(clouds["all"][0], "payments.stg").items()
    }
    (root / "ids").mkdir()
    (root / "ids" / "payments.stg.yaml").write_text(
        yaml.safe_dump({"version": 1, "apps": apps}), encoding="utf-8"
    )
    return root


def test_once_the_ids_are_known_it_grants_to_its_own_identities_alone(
    pinned: Path, clouds: Any, cloud: Callable[[str], Path]
) -> None:
    folder = cloud("all")
    arm_id, body = grant_of(folder, "payments.stg")
    stranger = next(iter(principals(folder, "ml.stg").values()))
    theirs = f"{arm_id.rpartition('/')[0]}/bbbbbbbb-0000-0000-0000-000000000000"
    granted = {"properties": {**body["properties"], "principalId": stranger}}
    loose = Arm(folder, Faults(folder, ""), apply(folder, deployer_of("payments.stg")))
    loose.put(ASSIGNMENT, theirs, granted, create=True)  # what remains possible before, as the command says
    assert any("itself too" in one for one in deployer_of("payments.stg")["remains"])

    with closing(store.connect(folder)) as connection, store.transaction(connection):
        for one in deployer_of("payments.stg")["assignments"]:
            Cloud(connection).delete(
                f"{one['scope']}/providers/Microsoft.Authorization/roleAssignments/{one['id']}"
            )
    tight = deployer_of("payments.stg", pinned)
    assert not any("itself too" in one for one in tight["remains"])
    deployer = Arm(folder, Faults(folder, ""), apply(folder, tight))
    with pytest.raises(Refusal, match="AuthorizationFailed"):
        deployer.put(ASSIGNMENT, theirs.replace("bbbbbbbb", "cccccccc"), granted, create=False)
    with pytest.raises(Refusal, match="AuthorizationFailed"):
        deployer.delete(ASSIGNMENT, theirs)
    deployer.delete(ASSIGNMENT, arm_id)
    again = {
        "properties": {
            key: body["properties"][key] for key in ("principalId", "principalType", "roleDefinitionId")
        }
    }
    deployer.put(ASSIGNMENT, arm_id, again, create=True)


def test_with_its_own_principal_known_it_grants_nothing_to_itself(cloud: Callable[[str], Path]) -> None:
    folder = cloud("all")
    own = identifiers(deployer_of("payments.stg")["identity"]["id"], 1)["principalId"]
    words = [
        "-C",
        str(ROOT),
        "deployer",
        "payments.stg",
        "--group",
        GROUP,
        "--principal",
        own,
        "--format",
        "json",
    ]
    known = json.loads(CliRunner().invoke(main, words).stdout)
    assert all(
        "any service principal but itself" in one for one in known["remains"] if "planned roles" in one
    )
    deployer = Arm(folder, Faults(folder, ""), apply(folder, known))
    arm_id, body = grant_of(folder, "payments.stg")
    new = f"{arm_id.rpartition('/')[0]}/dddddddd-0000-0000-0000-000000000000"
    to_itself = {"properties": {**body["properties"], "principalId": own}}
    with pytest.raises(Refusal, match="AuthorizationFailed"):
        deployer.put(ASSIGNMENT, new, to_itself, create=False)
