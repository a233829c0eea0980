"""Is an environment still as it was deployed? Infrastructure from Terraform's refresh, more from whoever adds to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ezazml.operations.workbench import Workbench
from ezazml.report.drift import Drifted, drift_of

#: Something else that can drift, such as the workspace's assets.
Source = Callable[[Workbench], Sequence[Drifted]]


def find_drift(bench: Workbench, *, accept: bool = False, others: Sequence[Source] = ()) -> tuple[Drifted, ...]:
    """Everything that is not as it was left; ``accept`` writes what Azure has into the state, and changes nothing else.

    ``others`` are asked after the infrastructure. Raises :class:`TerraformError` when Terraform cannot ask Azure.
    """
    with bench.plan_file() as file:
        changed = bench.terraform.plan(file, options=("-refresh-only",))
        drift = drift_of(bench.terraform.show_plan(file))
        if changed and accept:
            bench.terraform.apply(file)
    return (*drift, *(one for source in others for one in source(bench)))
