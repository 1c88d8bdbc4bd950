"""Private endpoints with their DNS: zones and their links where the stack makes them, and the zone group."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pulumi

from components import azure
from components.context import Context
from components.options import azure_options
from keyless.plan import PrivateDnsZone, PrivateEndpoint

# Azure's own tools use this name; an endpoint has one group.
GROUP = "default"


class Zone(NamedTuple):
    """A zone of this stack, and what lets the virtual network ask it."""

    zone: pulumi.Resource
    link: pulumi.Resource


def make_zones(plans: Sequence[PrivateDnsZone], parent: pulumi.Resource, context: Context) -> dict[str, Zone]:
    """The zones, each linked to its virtual network, by ARM id in lower case."""
    made: dict[str, Zone] = {}
    for plan in plans:
        subscription = plan.id.subscription
        zone = azure.PrivateZone(
            plan.logical_name,
            azure_options(context, parent, subscription, protected=plan.protected),
            resource_group=plan.id.resource_group,
            zone=plan.name,
            tags=plan.tags,
        )
        link = azure.VirtualNetworkLink(
            plan.link_logical_name,
            azure_options(context, parent, subscription, depends_on=[zone], protected=plan.protected),
            resource_group=plan.id.resource_group,
            zone=plan.name,
            link=plan.link_name,
            virtual_network=plan.virtual_network,
            tags=plan.tags,
        )
        made[plan.id.key] = Zone(zone, link)
    return made


def make_endpoint(
    plan: PrivateEndpoint,
    zones: Mapping[str, Zone],
    parent: pulumi.Resource,
    context: Context,
) -> list[pulumi.Resource]:
    """The endpoint, and its zone group unless Azure Policy writes it; `zones` are the stack's own by id.

    Gives all that must stand before the endpoint is a way in: the links of its zones, too.
    """
    subscription = plan.subscription
    endpoint = azure.PrivateEndpoint(
        plan.logical_name,
        azure_options(context, parent, subscription, protected=plan.protected),
        resource_group=plan.resource_group,
        endpoint=plan.name,
        location=plan.location,
        subnet=plan.subnet,
        target=plan.target.text,
        group_id=plan.group_id,
        tags=plan.tags,
    )
    if not plan.zones:
        return [endpoint]
    own = [zones[zone.key] for zone in plan.zones if zone.key in zones]
    opts = azure_options(
        context,
        parent,
        subscription,
        depends_on=[endpoint, *(one.zone for one in own)],
        protected=plan.protected,
    )
    # An endpoint that is replaced takes its zone group along, whose own inputs stay the same.
    opts.replacement_trigger = endpoint.network_interfaces
    group = azure.PrivateDnsZoneGroup(
        plan.zone_group_logical_name,
        opts,
        resource_group=plan.resource_group,
        endpoint=plan.name,
        group=GROUP,
        zones={zone.name.replace(".", "-"): zone.text for zone in plan.zones},
    )
    return [endpoint, group, *(one.link for one in own)]
