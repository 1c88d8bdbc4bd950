"""The resource options that all parts share. The only place that makes them."""

from collections.abc import Sequence

import pulumi


def options(
    parent: pulumi.Resource,
    provider: pulumi.ProviderResource,
    *,
    depends_on: Sequence[pulumi.Resource] = (),
    protected: bool = False,
    id_: str | None = None,
) -> pulumi.ResourceOptions:
    """Options of a resource under `parent`.

    `protected` both refuses deletion and, should the protection be lifted, leaves the real resource where it is.
    `id_` reads an existing resource. Logical names and type tokens are a contract: a change of one is given here
    its `pulumi.Alias`, else Pulumi deletes the old resource and makes a new one.
    """
    return pulumi.ResourceOptions(
        parent=parent,
        provider=provider,
        depends_on=list(depends_on),
        protect=protected,
        retain_on_delete=protected,
        # Names come from the plan, so the old and the new cannot stand side by side under one name.
        delete_before_replace=True,
        id=id_,
    )
