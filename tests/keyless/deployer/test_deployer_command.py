"""`keyless deployer`: subjects as pipelines have them, commands that a shell takes, and what is refused."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from keyless.cli import main
from tests.keyless.project import SUBSCRIPTION, app, blob, facts, storage, write_project

ORDERS = storage()
GITHUB = "https://token.actions.githubusercontent.com"
NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/v"


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(root), "deployer", *words])


def made(root: Path, *words: str) -> dict[str, Any]:
    """The command's JSON for payments.dev."""
    result = run(root, "payments.dev", "--group", "rg-deploy", "--format", "json", *words)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One app of payments that reads a container and writes a cache."""
    uses = {"invoices": blob(), "sessions": {"kind": "redis", "cache": "sessions", "access": "write"}}
    return write_project(tmp_path / "project", [app(uses=uses)], facts())


@pytest.mark.parametrize(
    ("words", "issuer", "subject"),
    [
        (["--github", "contoso/shop"], GITHUB, "repo:contoso/shop:environment:dev"),
        (
            ["--github", "contoso/shop", "--environment", "a: b"],
            GITHUB,
            "repo:contoso/shop:environment:a%3A b",
        ),
        (
            ["--github", "contoso/shop", "--github-ids", "12/34", "--environment", "up"],
            GITHUB,
            "repo:contoso@12/shop@34:environment:up",
        ),
        (
            ["--github", "contoso/shop", "--issuer", "https://token.actions.contoso.ghe.com"],
            "https://token.actions.contoso.ghe.com",
            "repo:contoso/shop:environment:dev",
        ),
        (
            ["--issuer", GITHUB, "--subject", "repository_id:34:environment:up"],
            GITHUB,
            "repository_id:34:environment:up",
        ),
        (
            ["--azure-devops", "https://vstoken.dev.azure.com/1", "sc://org/project/connection"],
            "https://vstoken.dev.azure.com/1",
            "sc://org/project/connection",
        ),
    ],
)
def test_a_credential_trusts_one_subject(root: Path, words: list[str], issuer: str, subject: str) -> None:
    assert made(root, *words)["credential"] == {
        "name": "deploy-payments-dev",
        "issuer": issuer,
        "subject": subject,
        "audiences": ["api://AzureADTokenExchange"],
    }


@pytest.mark.parametrize(
    ("words", "key", "text"),
    [
        (["--github", "shop"], "github", "'shop' is not OWNER/REPO"),
        (["--github", "contoso/shop/x"], "github", "is not OWNER/REPO"),
        (["--github", "contoso/shop", "--github-ids", "12"], "github-ids", "gh api repos/contoso/shop"),
        (["--github", "contoso/shop", "--github-ids", "a/b"], "github-ids", "'a/b' is not OWNERID/REPOID"),
        (["--github", "contoso/shop", "--environment", "a\nb"], "environment", "has no name"),
        (
            ["--github", "contoso/shop", "--issuer", "http://plain"],
            "issuer",
            "'http://plain' is not an issuer",
        ),
        (["--github", "contoso/shop", "--issuer", "https://a?b"], "issuer", "is not an issuer"),
        (["--issuer", GITHUB, "--subject", "repo:contoso/*"], "subject", "holds a wildcard"),
        (["--issuer", GITHUB, "--subject", " s"], "subject", "is not a subject"),
        (["--issuer", GITHUB, "--subject", "s" * 601], "subject", "601 characters, and Azure takes 600"),
        (["--subject", "s"], "issuer", "none is named"),
        (["--issuer", GITHUB], "subject", "trusts nobody"),
        (["--github-ids", "1/2"], "github", "--github-ids says more of a repository that is not named"),
        (["--environment", "dev"], "github", "--environment says more"),
        (["--azure-devops", GITHUB, "s", "--issuer", GITHUB], "issuer", "names its issuer already"),
        (["--azure-devops", "dev.azure.com", "s"], "issuer", "'dev.azure.com' is not an issuer"),
        (["--azure-devops", GITHUB, "s", "--github", "contoso/shop"], "github", "more than one pipeline"),
        (
            ["--github", "contoso/shop", "--subject", "s", "--issuer", GITHUB],
            "github",
            "more than one pipeline",
        ),
        (["--principal", "me"], "principal", "'me' is no object id"),
        (["--principal", "11111111-1111"], "principal", "is no object id"),
        (["--group", "/subscriptions/x/resourceGroups/y"], "group", "is no name of a resource group"),
        (["--group", "rg-deploy."], "group", "is no name of a resource group"),
        (["--group", "rg-identities-payments-dev"], "group", "the stack payments.dev writes into"),
        (["--group", "RG-Identities-Payments-Dev"], "group", "could become every pipeline there"),
    ],
)
def test_what_is_wrong_is_told_with_a_fix(root: Path, words: list[str], key: str, text: str) -> None:
    before = ["payments.dev", *([] if "--group" in words else ["--group", "rg-deploy"])]
    result = run(root, *before, *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr.startswith(f"{key}: ")
        and "\n  fix: " in result.stderr
        and "[deployer]" in result.stderr
    )
    assert text in result.stderr


@pytest.mark.parametrize(
    ("stack", "text"), [("web.dev", "no stack 'web.dev'"), ("payments.prd", "no stack 'payments.prd'")]
)
def test_an_unknown_stack_is_told_with_those_that_there_are(root: Path, stack: str, text: str) -> None:
    result = run(root, stack, "--group", "rg-deploy")
    assert result.exit_code == 2
    assert text in result.stderr and "dev, payments.dev" in result.stderr


def test_the_group_may_stand_in_the_environment(tmp_path: Path) -> None:
    without = write_project(tmp_path / "without", [app()], facts())
    missing = run(without, "payments.dev")
    assert (
        missing.exit_code == 2
        and "deployers: {resource_group: NAME}} in Pulumi.dev.yaml"
        in missing.stderr.replace("NAME}", "NAME}}")
    )
    root = write_project(tmp_path / "with", [app()], facts(deployers={"resource_group": "rg-pipelines"}))
    result = run(root, "payments.dev", "--format", "json")
    assert json.loads(result.stdout)["identity"]["resource_group"] == "rg-pipelines"


def test_the_groups_of_endpoints_and_zones_are_refused_too(tmp_path: Path) -> None:
    network = {"subnet": f"{NETWORK}/subnets/endpoints", "resource_group": "rg-net", "zones": "managed"}
    resources = {"orders": {**ORDERS, "network": "endpoint"}}
    root = write_project(tmp_path / "project", [app()], facts(network=network, resources=resources))
    result = run(root, "payments.dev", "--group", "rg-net")
    assert "the stack dev writes into 'rg-net'" in result.stderr


def test_the_script_says_what_the_json_says(root: Path) -> None:
    words = ("payments.dev", "--group", "rg-deploy", "--github", "contoso/shop")
    text, value = run(root, *words).stdout, made(root, "--github", "contoso/shop")
    commands = [shlex.split(line) for line in text.splitlines() if line.startswith("az ")]

    def option(command: list[str], name: str) -> str | None:
        return command[command.index(name) + 1] if name in command else None

    (identity,) = [one for one in commands if one[1:3] == ["identity", "create"]]
    assert option(identity, "--name") == value["identity"]["name"]
    (credential,) = [one for one in commands if one[1:4] == ["identity", "federated-credential", "create"]]
    assert option(credential, "--subject") == value["credential"]["subject"]
    definitions = [
        json.loads(str(option(one, "--role-definition")))
        for one in commands
        if one[1:3] == ["role", "definition"]
    ]
    assert [(one["Name"], one["Actions"], one["AssignableScopes"]) for one in definitions] == [
        (role["name"], role["actions"], role["assignable_scopes"]) for role in value["roles"]
    ]
    assert not any(one["DataActions"] for one in definitions)
    names = {role["id"]: role["name"] for role in value["roles"]}
    assigned = [one for one in commands if one[1:3] == ["role", "assignment"]]
    assert [
        tuple(
            option(one, f"--{word}") for word in ("name", "role", "scope", "condition", "condition-version")
        )
        for one in assigned
    ] == [
        (one["id"], names[one["role_id"]], one["scope"], one["condition"], one["condition_version"])
        for one in value["assignments"]
    ]
    assert all(option(one, "--assignee-object-id") == "$PRINCIPAL" for one in assigned)
    said = [line.removeprefix("# - ") for line in text.splitlines() if line.startswith("# - ")]
    assert said == [*value["remains"], *value["elsewhere"]]


def test_nothing_secret_is_made_or_asked_for(root: Path) -> None:
    text = run(root, "payments.dev", "--group", "rg-deploy", "--github", "contoso/shop").stdout.lower()
    for word in ("secret", "password", "credential reset", "create-for-rbac", "listkeys", "keys list"):
        assert word not in text.replace("no secret is made", "").replace("none of them secret", ""), word


def test_the_json_is_whole_and_the_same_each_time(root: Path) -> None:
    value = made(root)
    assert list(value) == [
        "version", "stack", "environment", "tenant", "identity", "credential", "roles", "assignments", "remains", "elsewhere",
    ]  # fmt: skip
    assert value["version"] == 1 and value["credential"] is None
    assert value == made(root)


def test_the_guide_names_options_that_there_are() -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs" / "guides" / "pipeline-rights.md").read_text(
        encoding="utf-8"
    )
    there = {option for one in main.commands["deployer"].params for option in one.opts}
    named = set(re.findall(r"(?<![\w-])--[a-z][-a-z]+", guide)) - {"--json", "--jq", "--all", "--assignee"}
    assert {"--github", "--github-ids", "--azure-devops", "--principal"} <= named <= there


def actions(value: dict[str, Any], purpose: str) -> set[str]:
    return {action for role in value["roles"] if role["purpose"] == purpose for action in role["actions"]}


def test_what_is_protected_is_not_to_be_deleted(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", [app()], facts(protected=True))
    identities = actions(made(root), "identities")
    assert "Microsoft.ManagedIdentity/userAssignedIdentities/delete" not in identities
    assert (
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete" in identities
    )


def test_an_identity_that_exists_is_read_and_trusted_and_nothing_else(tmp_path: Path) -> None:
    theirs = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-theirs/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-theirs"
    root = write_project(tmp_path / "project", [app()], facts(apps={"checkout": {"identity": theirs}}))
    value = made(root)
    assert actions(value, "identities") == set()
    assert {one.rpartition("/")[2] for one in actions(value, "existing-identities")} == {
        "read",
        "write",
        "delete",
    }
    assert "Microsoft.ManagedIdentity/userAssignedIdentities/write" not in actions(
        value, "existing-identities"
    )
    assert theirs in {one["scope"] for one in value["assignments"]}


def test_what_remains_possible_is_said(root: Path) -> None:
    remains = "\n".join(made(root)["remains"])
    assert "can become every identity in rg-identities-payments-dev" in remains
    assert "any access policy of redisEnterprise/amr" in remains
    assert (
        "planned roles at storageAccounts/storders/blobServices/default/containers/invoices to any service principal"
        in remains
    )


def test_a_group_that_stacks_share_is_said(tmp_path: Path) -> None:
    shared = {"resource_group": "rg-identities", "shared": True}
    other = app("finder", team="search")
    root = write_project(tmp_path / "project", [app(), other], facts(identities=shared))
    assert any(
        "The stacks search.dev keep identities in the same group" in one for one in made(root)["remains"]
    )


def test_the_clusters_are_for_their_own_owners_to_open(root: Path) -> None:
    assert any("In the cluster aks-dev" in one and "in payments" in one for one in made(root)["elsewhere"])


def test_each_scope_names_the_roles_that_are_granted_there(tmp_path: Path) -> None:
    uses = {
        "a": blob(),
        "b": blob("write", "uploads"),
        "c": {"kind": "openai", "account": "assistant", "deployment": "d", "access": "use"},
    }
    value = made(write_project(tmp_path / "project", [app(uses=uses)], facts()))
    conditions = {
        one["scope"].rpartition("/")[2]: one["condition"] for one in value["assignments"] if one["condition"]
    }
    roles = {
        "invoices": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "uploads": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "oai-shop": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
    }
    assert conditions.keys() == roles.keys()
    for scope, condition in conditions.items():
        assert {role for role in roles.values() if role in condition} == {roles[scope]}


def test_too_many_principals_fall_back_to_service_principals_and_say_so(tmp_path: Path) -> None:
    apps = [
        app(f"a{number}", workload={"kind": "Deployment", "namespace": "payments", "name": f"a{number}"})
        for number in range(120)
    ]
    root = write_project(
        tmp_path / "project",
        apps,
        facts(),
    )
    ids = "".join(
        f"  a{n}: {{client_id: 11111111-1111-1111-1111-{n:012}, principal_id: 22222222-2222-2222-2222-{n:012}}}\n"
        for n in range(120)
    )
    (root / "ids").mkdir()
    (root / "ids" / "payments.dev.yaml").write_text(f"version: 1\napps:\n{ids}", encoding="utf-8")
    value = made(root)
    (condition,) = [one["condition"] for one in value["assignments"] if one["condition"]]
    assert "PrincipalId" not in condition and "ServicePrincipal" in condition
    assert any("or too many" in one for one in value["remains"])


@pytest.mark.parametrize(
    "text", ["apps: []\n", "version: 1\n", "version: 1\napps: {checkout: {principal_id: x}}\n"]
)
def test_a_broken_file_of_ids_is_an_error(root: Path, text: str) -> None:
    (root / "ids").mkdir()
    (root / "ids" / "payments.dev.yaml").write_text(text, encoding="utf-8")
    result = run(root, "payments.dev", "--group", "rg-deploy")
    assert result.exit_code == 2 and "[ids]" in result.stderr
