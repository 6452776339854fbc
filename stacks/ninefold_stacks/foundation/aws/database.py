"""The SQL database: PostgreSQL that answers in the network, by TLS, and is backed up."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from ninefold_stacks.capabilities import Database
from ninefold_stacks.foundation.aws.land import Land
from ninefold_stacks.foundation.aws.network import Network

TYPE: Final = "ninefold:aws:Database"
NAME: Final = "database"
PORT: Final = 5432
ADMIN: Final = "postgres"
VERSION: Final = "17"
GROWS: Final = 5  # times what it has at first


class Sql(pulumi.ComponentResource):
    """A server; databases and roles of the consumers are made by a job inside the cluster."""

    def __init__(
        self,
        config: Mapping[str, Any],
        land: Land,
        network: Network,
        key: aws.kms.Key,
        clients: pulumi.Input[str],
        password: pulumi.Input[str],
    ) -> None:
        super().__init__(TYPE, NAME, {}, pulumi.ResourceOptions(parent=land.parent))
        self.land = land.below(self)
        size = land.size
        version = config.get("version", VERSION)
        storage = config.get("storage", size.storage)
        server = aws.rds.Instance(
            NAME,
            identifier=land.name,
            engine="postgres",
            engine_version=version,
            # Only who names another version gets it.
            allow_major_version_upgrade=True,
            instance_class=config.get("instance", size.database),
            allocated_storage=storage,
            max_allocated_storage=GROWS * storage,
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=key.arn,
            port=PORT,
            username=ADMIN,
            password=pulumi.Output.secret(password),
            db_subnet_group_name=self._subnets(network).name,
            vpc_security_group_ids=[network.group(NAME, PORT, clients).id],
            publicly_accessible=False,
            multi_az=size.spread,
            parameter_group_name=self._parameters(version).name,
            backup_retention_period=config.get("backup_days", size.backup_days),
            copy_tags_to_snapshot=True,
            delete_automated_backups=False,
            deletion_protection=land.protect,
            skip_final_snapshot=False,
            final_snapshot_identifier=f"{land.name}-last",
            auto_minor_version_upgrade=True,
            enabled_cloudwatch_logs_exports=["postgresql", "upgrade"],
            performance_insights_enabled=True,
            performance_insights_kms_key_id=key.arn,
            opts=self.land.inside(data=True),
        )
        self.host = server.address
        self.register_outputs({"host": self.host})

    def offered(self) -> Database:
        """As every foundation offers it; the Secret is the cluster's."""
        return Database(host=self.host, port=str(PORT), secret=NAME)

    def _subnets(self, network: Network) -> aws.rds.SubnetGroup:
        return aws.rds.SubnetGroup(
            NAME,
            name=self.land.name,
            subnet_ids=[one.id for one in network.stores],
            opts=self.land.inside(),
        )

    def _parameters(self, version: str) -> aws.rds.ParameterGroup:
        return aws.rds.ParameterGroup(
            NAME,
            name=f"{self.land.name}-{version}",
            family=f"postgres{version}",
            # Whoever asks in clear is refused.
            parameters=[aws.rds.ParameterGroupParameterArgs(name="rds.force_ssl", value="1")],
            opts=self.land.inside(),
        )
