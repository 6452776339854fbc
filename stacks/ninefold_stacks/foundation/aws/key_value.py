"""The key-value store: Valkey that answers in the network, by TLS and with a password."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from ninefold_stacks.capabilities import KeyValue
from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.foundation.aws.land import Land
from ninefold_stacks.foundation.aws.network import Network

TYPE: Final = "ninefold:aws:KeyValue"
NAME: Final = "key-value"
PORT: Final = 6379
VERSION: Final = "8.0"


class Keys(pulumi.ComponentResource):
    """Servers that hold the same; `password` is what the cluster's Secret holds as well."""

    def __init__(
        self,
        config: Mapping[str, Any],
        land: Land,
        network: Network,
        key: aws.kms.Key,
        clients: pulumi.Input[str],
        password: pulumi.Output[str],
    ) -> None:
        super().__init__(TYPE, NAME, {}, pulumi.ResourceOptions(parent=land.parent))
        self.land = land.below(self)
        version = config.get("version", VERSION)
        count = _servers(config, land)
        self.password: pulumi.Output[str] = pulumi.Output.secret(password.apply(accepted))
        servers = aws.elasticache.ReplicationGroup(
            NAME,
            replication_group_id=land.name,
            description=f"online features of {land.name}",
            engine="valkey",
            engine_version=version,
            node_type=config.get("instance", land.size.cache),
            num_cache_clusters=count,
            automatic_failover_enabled=count > 1,
            multi_az_enabled=count > 1,
            port=PORT,
            subnet_group_name=self._subnets(network).name,
            security_group_ids=[network.group(NAME, PORT, clients).id],
            parameter_group_name=self._parameters(version).name,
            at_rest_encryption_enabled=True,
            kms_key_id=key.arn,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            auth_token=self.password,
            snapshot_retention_limit=config.get("backup_days", land.size.backup_days),
            final_snapshot_identifier=f"{land.name}-last",
            auto_minor_version_upgrade=True,
            opts=self.land.inside(data=True),
        )
        self.host = servers.primary_endpoint_address
        self.register_outputs({"host": self.host})

    def offered(self) -> KeyValue:
        """As every foundation offers it; the Secret is the cluster's."""
        return KeyValue(host=self.host, port=str(PORT), secret=NAME, tls="true")

    def _subnets(self, network: Network) -> aws.elasticache.SubnetGroup:
        return aws.elasticache.SubnetGroup(
            NAME,
            name=self.land.name,
            subnet_ids=[one.id for one in network.stores],
            opts=self.land.inside(),
        )

    def _parameters(self, version: str) -> aws.elasticache.ParameterGroup:
        major = version.partition(".")[0]
        return aws.elasticache.ParameterGroup(
            NAME,
            name=f"{self.land.name}-{major}",
            family=f"valkey{major}",
            # Nothing is forgotten in silence: when memory is full, writes are refused.
            parameters=[
                aws.elasticache.ParameterGroupParameterArgs(
                    name="maxmemory-policy", value="noeviction"
                )
            ],
            opts=self.land.inside(),
        )


def accepted(password: str) -> str:
    """The password in the letters that the service takes: an underscore is none of them."""
    return password.replace("_", "-")


def _servers(config: Mapping[str, Any], land: Land) -> int:
    count = config.get("servers", land.size.servers)
    if count > 6:
        raise ConfigError(
            f"config `key_value:servers`: `{count}` is more than 6, which one group may have; "
            "set it: pulumi config set key_value:servers 2"
        )
    return int(count)
