"""The resource options that all parts share. The only place that makes them."""

from collections.abc import Sequence

import pulumi

from components.context import Context


def azure_options(
    context: Context,
    parent: pulumi.Resource,
    subscription: str,
    *,
    depends_on: Sequence[pulumi.Resource] = (),
    protected: bool = False,
    id_: str | None = None,
) -> pulumi.ResourceOptions:
    """Options of a resource in `subscription`.

    `protected` refuses deletion and, should the protection be lifted, leaves the real resource where it is.
    `id_` reads an existing resource.
    """
    opts = _options(context, parent, context.azure[subscription], depends_on)
    opts.protect = opts.retain_on_delete = protected
    opts.id = id_
    return opts


def kubernetes_options(
    context: Context, parent: pulumi.Resource, cluster: str, *, depends_on: Sequence[pulumi.Resource] = ()
) -> pulumi.ResourceOptions:
    """Options of an object in `cluster`."""
    return _options(context, parent, context.kubernetes[cluster], depends_on)


def _options(
    context: Context,
    parent: pulumi.Resource,
    provider: pulumi.ProviderResource,
    depends_on: Sequence[pulumi.Resource],
) -> pulumi.ResourceOptions:
    # Logical names and type tokens are a contract. A change of one gets its `pulumi.Alias` here, else Pulumi
    # deletes the old resource and makes a new one: for an identity a new principal, with none of its grants.
    return pulumi.ResourceOptions(
        parent=parent,
        provider=provider,
        depends_on=list(depends_on),
        hooks=context.hooks,
        # Names come from the plan, so the old and the new cannot stand side by side under one name.
        delete_before_replace=True,
    )
