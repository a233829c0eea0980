"""Which kinds of a workspace does the sandbox serve? A module per kind; a new one is a module and a line here."""

from __future__ import annotations

from sandbox.azureml_api.codes import Codes
from sandbox.azureml_api.components import Components
from sandbox.azureml_api.computes import Computes
from sandbox.azureml_api.data import Data
from sandbox.azureml_api.datastores import Datastores
from sandbox.azureml_api.deployments import BatchDeployments, OnlineDeployments
from sandbox.azureml_api.endpoints import BatchEndpoints, OnlineEndpoints
from sandbox.azureml_api.environments import Environments
from sandbox.azureml_api.jobs import Jobs
from sandbox.azureml_api.models import Models
from sandbox.azureml_api.schedules import Schedules

KINDS = (
    Datastores(),
    Data(),
    Environments(),
    Models(),
    Components(),
    Codes(),
    Computes(),
    OnlineEndpoints(),
    OnlineDeployments(),
    BatchEndpoints(),
    BatchDeployments(),
    Schedules(),
    Jobs(),
)
