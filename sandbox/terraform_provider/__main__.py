"""Runs one stand-in provider: ``python -m sandbox.terraform_provider azurerm``. Terraform starts it."""

from __future__ import annotations

import sys

from sandbox.terraform_provider.server import serve

if __name__ == "__main__":
    serve(sys.argv[1])
