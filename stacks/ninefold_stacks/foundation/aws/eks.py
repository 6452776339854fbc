"""The cluster: private nodes, secrets encrypted by our key, an API that few addresses reach."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from ninefold_stacks.foundation.aws.documents import account_may_assume, service_may_assume
from ninefold_stacks.foundation.aws.groups import Group, groups
from ninefold_stacks.foundation.aws.land import Land
from ninefold_stacks.foundation.aws.network import Network

TYPE: Final = "ninefold:aws:Cluster"
VERSION: Final = "1.35"
SYSTEM: Final = "kube-system"
DISK: Final = 80  # GiB of a node, for images and scratch files
LOG_DAYS: Final = 90
# Of each add-on that asks AWS its service account, and the policy that AWS keeps for it.
DRIVERS: Final[Mapping[str, tuple[str, str]]] = {
    "vpc-cni": ("aws-node", "AmazonEKS_CNI_Policy"),
    "aws-ebs-csi-driver": ("ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy"),
    "aws-efs-csi-driver": ("efs-csi-controller-sa", "service-role/AmazonEFSCSIDriverPolicy"),
}
# A node cannot be ready without the first; the others need nodes.
BEFORE_NODES: Final = ("vpc-cni", "kube-proxy")
ON_NODES: Final = ("coredns", "aws-ebs-csi-driver", "aws-efs-csi-driver", "metrics-server")
# Policies between pods are enforced by the network's own agent.
OPTIONS: Final = {"vpc-cni": {"enableNetworkPolicy": "true"}}
OF_NODES: Final = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
# Who may ask the cluster besides its maker: the key of the configuration, how the names of their
# resources end, and the policy that AWS keeps for them.
PEOPLE: Final[Mapping[str, tuple[str, str]]] = {
    "administrators": ("", "AmazonEKSClusterAdminPolicy"),
    "readers": ("-reads", "AmazonEKSAdminViewPolicy"),
}


class Cluster(pulumi.ComponentResource):
    """Kubernetes with its nodes and add-ons."""

    def __init__(
        self, config: Mapping[str, Any], land: Land, network: Network, key: aws.kms.Key
    ) -> None:
        super().__init__(TYPE, "cluster", {}, pulumi.ResourceOptions(parent=land.parent))
        self.config = config
        self.land = land.below(self)
        self.made = self._made(network, key)
        self.members: pulumi.Output[str] = self.made.vpc_config.apply(
            lambda found: found.cluster_security_group_id or ""
        )
        self.issuer: pulumi.Output[str] = self.made.identities.apply(_issuer)
        self.issued_by = aws.iam.OpenIdConnectProvider(
            "identities",
            url=self.issuer,
            client_id_lists=["sts.amazonaws.com"],
            opts=self.land.inside(),
        )
        first = [self._addon(name) for name in BEFORE_NODES]
        nodes = self._nodes(network, first)
        self.ready: list[pulumi.Resource] = [*nodes, *self._people()]
        self.ready += [self._addon(name, nodes[0]) for name in ON_NODES]
        self.register_outputs({"name": self.made.name})

    def outputs(self) -> dict[str, pulumi.Input[str]]:
        """How it is reached; nothing of it is secret."""
        return {
            "name": self.made.name,
            "region": self.land.region,
            "endpoint": self.made.endpoint,
            "authority": self.made.certificate_authority.apply(lambda found: found.data or ""),
        }

    def role_of(self, name: str, namespace: str, account: str) -> aws.iam.Role:
        """A role for the pods of one service account."""
        return aws.iam.Role(
            name,
            name=f"{self.land.name}-{name}",
            assume_role_policy=account_may_assume(
                self.issued_by.arn, self.issuer, namespace, account
            ),
            opts=self.land.inside(),
        )

    def _made(self, network: Network, key: aws.kms.Key) -> aws.eks.Cluster:
        name = self.land.name
        role = self._role("cluster", "eks.amazonaws.com")
        allowed = self._attach(role, "cluster", "AmazonEKSClusterPolicy")
        log = aws.cloudwatch.LogGroup(
            "cluster",
            name=f"/aws/eks/{name}/cluster",
            retention_in_days=LOG_DAYS,
            opts=self.land.inside(),
        )
        access = sorted(set(self.config.get("access", {}).values()))
        return aws.eks.Cluster(
            "cluster",
            name=name,
            version=self.config.get("version", VERSION),
            role_arn=role.arn,
            access_config=aws.eks.ClusterAccessConfigArgs(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=True
            ),
            vpc_config=aws.eks.ClusterVpcConfigArgs(
                subnet_ids=[one.id for one in network.nodes],
                endpoint_private_access=True,
                endpoint_public_access=bool(access),
                public_access_cidrs=access or None,
            ),
            encryption_config=aws.eks.ClusterEncryptionConfigArgs(
                provider=aws.eks.ClusterEncryptionConfigProviderArgs(key_arn=key.arn),
                resources=["secrets"],
            ),
            enabled_cluster_log_types=["api", "audit", "authenticator"],
            bootstrap_self_managed_addons=False,
            deletion_protection=self.land.protect,
            opts=self.land.inside(allowed, log, data=True),
        )

    def _nodes(self, network: Network, first: Sequence[pulumi.Resource]) -> list[aws.eks.NodeGroup]:
        wanted = list(groups(self.config, self.land.size))
        role = self._role("nodes", "ec2.amazonaws.com")
        allowed = [self._attach(role, f"nodes-{at}", one) for at, one in enumerate(OF_NODES)]
        template = self._template()
        options = pulumi.ResourceOptions.merge(
            self.land.inside(*allowed, *first),
            # An autoscaler may have another opinion of today's number.
            pulumi.ResourceOptions(ignore_changes=["scalingConfig.desiredSize"]),
        )
        return [self._group(one, network, role, template, options) for one in wanted]

    def _group(
        self,
        group: Group,
        network: Network,
        role: aws.iam.Role,
        template: aws.ec2.LaunchTemplate,
        options: pulumi.ResourceOptions,
    ) -> aws.eks.NodeGroup:
        taints = [
            aws.eks.NodeGroupTaintArgs(key=key, value=value, effect="NO_SCHEDULE")
            for key, value in group.labels.items()
        ]
        return aws.eks.NodeGroup(
            group.name,
            cluster_name=self.made.name,
            # Nodes follow the version of the cluster, one after the other.
            version=self.made.version,
            node_role_arn=role.arn,
            subnet_ids=[one.id for one in network.nodes],
            ami_type=group.image,
            capacity_type=group.capacity,
            instance_types=[group.instance],
            labels=group.labels,
            taints=taints,
            launch_template=aws.eks.NodeGroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(str)
            ),
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(
                min_size=group.minimum, max_size=group.maximum, desired_size=group.minimum
            ),
            update_config=aws.eks.NodeGroupUpdateConfigArgs(max_unavailable=1),
            opts=options,
        )

    def _template(self) -> aws.ec2.LaunchTemplate:
        """Encrypted disks, and credentials of the node that no pod can ask for."""
        disk = aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            encrypted="true", volume_type="gp3", volume_size=DISK, delete_on_termination="true"
        )
        return aws.ec2.LaunchTemplate(
            "nodes",
            name=f"{self.land.name}-nodes",
            update_default_version=True,
            block_device_mappings=[
                aws.ec2.LaunchTemplateBlockDeviceMappingArgs(device_name="/dev/xvda", ebs=disk)
            ],
            metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            opts=self.land.inside(),
        )

    def _addon(self, name: str, *after: pulumi.Resource) -> aws.eks.Addon:
        role: aws.iam.Role | None = None
        allowed: list[pulumi.Resource] = []
        if name in DRIVERS:
            account, policy = DRIVERS[name]
            role = self.role_of(name, SYSTEM, account)
            allowed = [self._attach(role, name, policy)]
        return aws.eks.Addon(
            name,
            cluster_name=self.made.name,
            addon_name=name,
            service_account_role_arn=role.arn if role else None,
            configuration_values=json.dumps(OPTIONS[name]) if name in OPTIONS else None,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=self.land.inside(*allowed, *after),
        )

    def _people(self) -> list[pulumi.Resource]:
        found: list[pulumi.Resource] = []
        for key, (ending, policy) in PEOPLE.items():
            for who, arn in sorted(self.config.get(key, {}).items()):
                found.append(self._let_in(f"{who}{ending}", arn, policy))
        return found

    def _let_in(self, name: str, arn: str, policy: str) -> pulumi.Resource:
        entry = aws.eks.AccessEntry(
            name, cluster_name=self.made.name, principal_arn=arn, opts=self.land.inside()
        )
        return aws.eks.AccessPolicyAssociation(
            name,
            cluster_name=self.made.name,
            principal_arn=arn,
            policy_arn=f"arn:{self.land.partition}:eks::aws:cluster-access-policy/{policy}",
            access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
            opts=self.land.inside(entry),
        )

    def _role(self, name: str, service: str) -> aws.iam.Role:
        return aws.iam.Role(
            name,
            name=f"{self.land.name}-{name}",
            assume_role_policy=service_may_assume(service),
            opts=self.land.inside(),
        )

    def _attach(self, role: aws.iam.Role, name: str, policy: str) -> aws.iam.RolePolicyAttachment:
        return aws.iam.RolePolicyAttachment(
            name, role=role.name, policy_arn=self.land.managed(policy), opts=self.land.inside()
        )


def _issuer(found: Sequence[aws.eks.outputs.ClusterIdentity]) -> str:
    """Who answers for the service accounts of the cluster."""
    (identity,) = found
    (issuer,) = identity.oidcs or ()
    return issuer.issuer or ""
