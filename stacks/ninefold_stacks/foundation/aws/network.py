"""A network over several zones: nodes and stores are reached from inside only."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from ninefold_stacks.foundation.aws.land import Land

TYPE: Final = "ninefold:aws:Network"
RANGE: Final = "100.64.0.0/16"
ZONES: Final = "a,b"
EVERYWHERE: Final = "0.0.0.0/0"  # where to, never where from
HTTPS: Final = 443


class Network(pulumi.ComponentResource):
    """Of each zone three subnets: nodes, stores (no way out at all), and what leads out.

    The stores' are next to each other, so that one range names them: `stores_range`.
    """

    def __init__(self, config: Mapping[str, Any], land: Land) -> None:
        super().__init__(TYPE, "network", {}, pulumi.ResourceOptions(parent=land.parent))
        self.land = land.below(self)
        self.range = config.get("range", RANGE)
        self.zones = tuple(dict.fromkeys(config.get("zones", ZONES).split(",")))
        self.stores_range = stores_range(self.range)
        vpc = aws.ec2.Vpc(
            "network",
            cidr_block=self.range,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=self._named("network"),
            opts=self.land.inside(),
        )
        self.id = vpc.id
        # Whoever forgets to name a group may do nothing.
        aws.ec2.DefaultSecurityGroup(
            "nothing", vpc_id=vpc.id, ingress=[], egress=[], opts=self.land.inside()
        )
        blocks = list(IPv4Network(self.range).subnets(new_prefix=18))
        self.nodes = self._subnets("nodes", list(blocks[0].subnets(new_prefix=20)))
        doors = self._subnets("doors", list(blocks[1].subnets(new_prefix=24)))
        self.stores = self._subnets("stores", _fine(self.stores_range))
        self._ways_out(doors)
        self._endpoints()
        self.register_outputs({"id": self.id})

    def group(self, name: str, port: int, source: pulumi.Input[str]) -> aws.ec2.SecurityGroup:
        """Lets the members of another group ask on one port, and nobody else; nothing goes out."""
        return aws.ec2.SecurityGroup(
            name,
            vpc_id=self.id,
            description=f"{name} of {self.land.name}",
            ingress=[
                aws.ec2.SecurityGroupIngressArgs(
                    protocol="tcp", from_port=port, to_port=port, security_groups=[source]
                )
            ],
            egress=[],
            tags=self._named(name),
            opts=self.land.inside(),
        )

    def _named(self, name: str) -> dict[str, str]:
        return {"Name": f"{self.land.name}-{name}"}

    def _subnets(self, kind: str, blocks: list[IPv4Network]) -> list[aws.ec2.Subnet]:
        return [
            aws.ec2.Subnet(
                f"{kind}-{zone}",
                vpc_id=self.id,
                cidr_block=str(block),
                availability_zone=f"{self.land.region}{zone}",
                map_public_ip_on_launch=False,
                tags=self._named(f"{kind}-{zone}") | _balanced(kind),
                opts=self.land.inside(),
            )
            for zone, block in zip(self.zones, blocks, strict=False)
        ]

    def _ways_out(self, doors: list[aws.ec2.Subnet]) -> None:
        """Nodes fetch images and add-ons; nobody comes in this way."""
        gateway = aws.ec2.InternetGateway(
            "gateway", vpc_id=self.id, tags=self._named("gateway"), opts=self.land.inside()
        )
        for zone, door in zip(self.zones, doors, strict=True):
            self._routed(f"doors-{zone}", door, gateway_id=gateway.id)
        last: aws.ec2.NatGateway | None = None
        for zone, door, node in zip(self.zones, doors, self.nodes, strict=True):
            if last is None or self.land.size.spread:
                last = self._translation(zone, door, gateway)
            self._routed(f"nodes-{zone}", node, nat_gateway_id=last.id)

    def _translation(
        self, zone: str, door: aws.ec2.Subnet, gateway: aws.ec2.InternetGateway
    ) -> aws.ec2.NatGateway:
        address = aws.ec2.Eip(
            f"out-{zone}", domain="vpc", tags=self._named("out"), opts=self.land.inside(gateway)
        )
        return aws.ec2.NatGateway(
            f"out-{zone}",
            subnet_id=door.id,
            allocation_id=address.id,
            tags=self._named(f"out-{zone}"),
            opts=self.land.inside(gateway),
        )

    def _routed(self, name: str, subnet: aws.ec2.Subnet, **through: pulumi.Input[str]) -> None:
        route = aws.ec2.RouteTableRouteArgs(cidr_block=EVERYWHERE, **through)
        table = aws.ec2.RouteTable(
            name,
            vpc_id=self.id,
            routes=[route],
            tags=self._named(name),
            opts=self.land.inside(),
        )
        aws.ec2.RouteTableAssociation(
            name, subnet_id=subnet.id, route_table_id=table.id, opts=self.land.inside()
        )

    def _endpoints(self) -> None:
        """Object store and identities answer inside, at addresses that policies can name."""
        group = aws.ec2.SecurityGroup(
            "endpoints",
            vpc_id=self.id,
            description=f"endpoints of {self.land.name}",
            ingress=[
                aws.ec2.SecurityGroupIngressArgs(
                    protocol="tcp", from_port=HTTPS, to_port=HTTPS, cidr_blocks=[self.range]
                )
            ],
            egress=[],
            tags=self._named("endpoints"),
            opts=self.land.inside(),
        )
        for service in ("s3", "sts"):
            inside_only = aws.ec2.VpcEndpointDnsOptionsArgs(
                private_dns_only_for_inbound_resolver_endpoint=False
            )
            aws.ec2.VpcEndpoint(
                service,
                vpc_id=self.id,
                service_name=f"com.amazonaws.{self.land.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                dns_options=inside_only if service == "s3" else None,
                subnet_ids=[one.id for one in self.stores],
                security_group_ids=[group.id],
                tags=self._named(service),
                opts=self.land.inside(),
            )


def stores_range(whole: str) -> str:
    """The part of a network in which the stores are."""
    return str(list(IPv4Network(whole).subnets(new_prefix=18))[2])


def _fine(block: str) -> list[IPv4Network]:
    return list(IPv4Network(block).subnets(new_prefix=24))


def _balanced(kind: str) -> dict[str, str]:
    """Where a load balancer of the cluster may be put: inside only."""
    return {"kubernetes.io/role/internal-elb": "1"} if kind == "nodes" else {}
