"""Where do all resources of an environment live? Its resource group."""

from __future__ import annotations

from constructs_lib import bindings as tf


class ResourceGroup(tf.Construct):
    """A resource group. Outputs: ``name``, ``id``, ``location``."""

    def __init__(self, scope: tf.Construct, id: str, *, name: str, location: str) -> None:
        super().__init__(scope, id)
        self.resource = tf.ResourceGroup(self, "Default", name=name, location=location)
        self.name: str = self.resource.name
        self.id: str = self.resource.id
        self.location: str = self.resource.location
