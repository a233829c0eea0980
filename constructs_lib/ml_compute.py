"""On what do notebooks and jobs run? Compute instances and clusters of a workspace."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib import bindings as tf
from constructs_lib.ml_workspace import MlWorkspace


@dataclass(frozen=True)
class ComputeNetwork:
    """Where computes are: with public addresses in Azure's network (default), in the workspace's managed network, or
    in a subnet of yours. ``depends_on`` is what a machine needs when it starts, such as private endpoints."""

    subnet_id: str | None = None
    public_addresses: bool = True
    depends_on: tuple[tf.TerraformResource, ...] = ()

    @property
    def node_public_ip_enabled(self) -> bool | None:
        """``None`` leaves Azure's default, which is on."""
        return None if self.public_addresses else False


ANYWHERE = ComputeNetwork()


class ComputeInstance(tf.Construct):
    """A compute instance: one person's machine for notebooks. Output: ``name``.

    Every attribute forces a new instance (Terraform azurerm), tags too: a changed tag is left alone, since nobody
    wants to lose a machine over it. Idle shutdown and schedules are not in the provider.
    """

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        name: str,
        workspace: MlWorkspace,
        size: str,
        tenant_id: str,
        assigned_user_object_id: str | None = None,
        description: str | None = None,
        network: ComputeNetwork = ANYWHERE,
    ) -> None:
        super().__init__(scope, id)
        owner = None
        if assigned_user_object_id is not None:
            owner = tf.MachineLearningComputeInstanceAssignToUser(
                object_id=assigned_user_object_id, tenant_id=tenant_id
            )
        instance = tf.MachineLearningComputeInstance(
            self,
            "Default",
            name=name,
            machine_learning_workspace_id=workspace.id,
            virtual_machine_size=size,
            authorization_type="personal",
            assign_to_user=owner,
            description=description,
            subnet_resource_id=network.subnet_id,
            node_public_ip_enabled=network.node_public_ip_enabled,
            depends_on=list(network.depends_on) or None,
            lifecycle=tf.TerraformResourceLifecycle(ignore_changes=["tags"]),
        )
        self.name: str = instance.name


class ComputeCluster(tf.Construct):
    """A compute cluster that scales between ``min_nodes`` and ``max_nodes``. Outputs: ``name``, ``principal_id``.

    Nobody logs in to the nodes: local authentication is off. ``idle_seconds`` without work release a node.
    ``system_identity`` gives the cluster an identity of its own, which needs data roles of its own.
    """

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        name: str,
        workspace: MlWorkspace,
        size: str,
        priority: str,
        min_nodes: int,
        max_nodes: int,
        idle_seconds: int,
        system_identity: bool,
        description: str | None = None,
        network: ComputeNetwork = ANYWHERE,
    ) -> None:
        super().__init__(scope, id)
        identity = tf.MachineLearningComputeClusterIdentity(type="SystemAssigned") if system_identity else None
        cluster = tf.MachineLearningComputeCluster(
            self,
            "Default",
            name=name,
            location=workspace.location,
            machine_learning_workspace_id=workspace.id,
            vm_size=size,
            vm_priority=priority,
            local_auth_enabled=False,
            scale_settings=tf.MachineLearningComputeClusterScaleSettings(
                min_node_count=min_nodes,
                max_node_count=max_nodes,
                scale_down_nodes_after_idle_duration=iso_duration(idle_seconds),
            ),
            identity=identity,
            description=description,
            subnet_resource_id=network.subnet_id,
            node_public_ip_enabled=network.node_public_ip_enabled,
            depends_on=list(network.depends_on) or None,
        )
        self.name: str = cluster.name
        self.principal_id: str | None = cluster.identity.principal_id if system_identity else None


def iso_duration(seconds: int) -> str:
    """Seconds as the shortest ISO 8601 duration, ``900`` as ``PT15M``.

    Azure answers in this form; any other would show as a change, and a change replaces the cluster.
    """
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    time = "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if value)
    date = f"{days}D" if days else ""
    return f"P{date}{'T' + time if time else ''}" if date or time else "PT0S"
