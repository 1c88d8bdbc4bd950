"""foundry: a project of an AIServices account (Azure AI Foundry)."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from keyless.errors import PlanError
from keyless.fields import Url, Word, arm_id_of
from keyless.finding import Finding
from keyless.plan import ArmId
from keyless.resource import Resource, custom_subdomain, host, token_scope
from keyless.use import Binding, RoleGrant, Use

ProjectName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][-A-Za-z0-9_.]{1,63}$")]
"""2 to 64 letters, digits, `-`, `_` and `.`."""


class FoundryAccount(Resource):
    """An AIServices account; it serves `openai` uses too."""

    serves: ClassVar = ("foundry", "openai")
    catalogued: ClassVar = "foundry"
    kind: Literal["foundry"]
    id: Annotated[ArmId, arm_id_of("Microsoft.CognitiveServices/accounts")]
    endpoint: Url | None = None
    """Its endpoint, where the custom subdomain is not the account's name."""


class Foundry(Use):
    """Uses a project: agents, and models that are not OpenAI's."""

    resource_field: ClassVar = "account"
    kind: Literal["foundry"]
    account: Word
    """Logical name of a `foundry` resource; its keys must be forbidden."""
    project: ProjectName
    """The project's name."""
    access: Literal["use"]

    def bind(self, resource: FoundryAccount, cloud: str) -> Binding:
        """One grant at the project. Raises PlanError unless the account's keys are forbidden."""
        if resource.keys != "forbidden":
            raise PlanError(
                Finding(
                    rule="foundry-keys",
                    key="account",
                    message=f"the keys of '{self.account}' are allowed, and Foundry User may list them (unverified)",
                    fix=f"write keys: forbidden on the resource '{self.account}', or use an `openai` use",
                )
            )
        subdomain = custom_subdomain(resource, cloud)
        base = host("foundry", "foundry", cloud, "endpoint", subdomain=subdomain)
        return Binding(
            settings={
                "ENDPOINT": f"https://{base}/api/projects/{self.project}",
                "SCOPE": token_scope("foundry", cloud),
            },
            grant=RoleGrant(
                role=self.role(resource.kind),
                scope=f"{resource.id.text}/projects/{self.project}",
                subscription=resource.id.subscription,
                target=(self.account, self.project.lower()),
            ),
        )
