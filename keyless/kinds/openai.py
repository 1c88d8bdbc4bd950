"""openai: a model deployment of an Azure OpenAI account, or of an AIServices account."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from keyless.fields import Url, Word, arm_id_of
from keyless.plan import ArmId
from keyless.resource import Resource, custom_subdomain, host, token_scope
from keyless.use import Binding, RoleGrant, Use

DeploymentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][-A-Za-z0-9_.]{0,63}$")]
"""1 to 64 letters, digits, `-`, `_` and `.`."""


class OpenAIAccount(Resource):
    """An Azure OpenAI account. `endpoint` is stated where its custom subdomain is not its name."""

    serves: ClassVar = ("openai",)
    catalogued: ClassVar = "openai"
    kind: Literal["openai"]
    id: Annotated[ArmId, arm_id_of("Microsoft.CognitiveServices/accounts")]
    endpoint: Url | None = None
    """Its endpoint, where the custom subdomain is not the account's name."""


class OpenAI(Use):
    """Calls one model deployment."""

    resource_field: ClassVar = "account"
    kind: Literal["openai"]
    account: Word
    """Logical name of an `openai` or `foundry` resource."""
    deployment: DeploymentName
    """The name of the model's deployment."""
    access: Literal["use"]

    def bind(self, resource: Resource, cloud: str) -> Binding:
        """One grant at the account; endpoint, base URL of the v1 API, deployment and token scope."""
        subdomain = custom_subdomain(resource, cloud)
        endpoint = f"https://{host('openai', 'openai', cloud, 'endpoint', subdomain=subdomain)}/"
        return Binding(
            settings={
                "ENDPOINT": endpoint,
                "BASE_URL": f"{endpoint}openai/v1/",
                "DEPLOYMENT": self.deployment,
                "SCOPE": token_scope("openai", cloud),
            },
            grant=RoleGrant(
                role=self.role(resource.kind),
                scope=resource.id.text,
                subscription=resource.id.subscription,
                target=(self.account,),
            ),
        )
