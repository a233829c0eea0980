"""How many cores may Azure ML use in a region, and how many does it use?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox import limits
from sandbox.arm.subscriptions import require_subscription
from sandbox.azureml_api.base import WORKSPACES
from sandbox.cloud import Cloud
from sandbox.store import ArmObject, Store
from sandbox.vm_sizes import LISTED, vm_size
from sandbox.web import Answer, Call, Routes

_LOCATION = "/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/locations/{location}"
_TYPE = "Microsoft.MachineLearningServices"


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("GET", f"{_LOCATION}/usages", "Cores of Azure ML: used and allowed, per family", _usages)
    routes.add("GET", f"{_LOCATION}/vmSizes", "VM sizes of Azure ML in a region", _sizes)


def _usages(cloud: Cloud, call: Call) -> Answer:
    require_subscription(call)
    region = call.parameters["location"].lower()
    with cloud.stores.reading() as store:
        listed = {size.family.lower(): size.family for size in map(vm_size, LISTED) if size is not None}
        for name in limits.families(store):
            listed.setdefault(name.lower(), name)
        usages = [_usage(store, call, name, region, "vmFamily/dedicatedCores") for name in sorted(listed.values())]
        usages.append(_usage(store, call, limits.LOW_PRIORITY, region, "totalLowPriorityCores"))
        for workspace in store.find(WORKSPACES):
            usages += _of_workspace(store, workspace, sorted(listed.values()), region)
    return Answer(body={"value": usages})


def _usage(store: Store, call: Call, family: str, region: str, kind: str) -> dict[str, Any]:
    low = family == limits.LOW_PRIORITY
    subscription = f"/subscriptions/{call.parameters['subscription']}"
    label = "Total Cluster LowPriority Regional vCPUs" if low else f"{family} Cluster Dedicated vCPUs"
    return {
        "id": subscription if low else f"{subscription}/usages/{family}",
        "type": f"{_TYPE}/{kind}/usages",
        "unit": "Count",
        "currentValue": limits.used_cores(store, family, region),
        "limit": limits.quota_of(store, family, region),
        "name": {"value": "TotalLowPriorityCores" if low else family, "localizedValue": label},
    }


def _of_workspace(store: Store, workspace: ArmObject, families: list[str], region: str) -> Iterator[dict[str, Any]]:
    """What one workspace uses of the subscription's cores, where it uses any."""
    for family, kind in [*((name, "dedicatedCores") for name in families), (limits.LOW_PRIORITY, "lowPriorityCores")]:
        used = limits.used_cores(store, family, region, workspace=f"{workspace['id']}/")
        if used:
            yield {
                "id": f"{workspace['id']}/usages/{family}",
                "type": f"{WORKSPACES}/{kind}/usages",
                "unit": "Count",
                "currentValue": used,
                "limit": limits.quota_of(store, family, region),
                "name": {"value": family, "localizedValue": f"{family} Cluster vCPUs"},
            }


def _sizes(_cloud: Cloud, call: Call) -> Answer:
    require_subscription(call)
    sizes = [size for size in map(vm_size, LISTED) if size is not None]
    return Answer(
        body={
            "value": [
                {
                    "name": size.name,
                    "family": size.family,
                    "vCPUs": size.cores,
                    "lowPriorityCapable": True,
                    "premiumIO": True,
                    "supportedComputeTypes": ["AmlCompute", "ComputeInstance"],
                }
                for size in sizes
            ]
        }
    )
