"""EZAZ ML: a complete MLOps platform on Azure from one project, with CDK for Terraform."""

__version__ = "0.1.0"
