"""Pictures show every resource, escaped, with arrows to what it needs."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from ezazml.report.graph import graph_of, to_mermaid, to_svg

STACK: dict[str, Any] = {
    "resource": {
        "azurerm_resource_group": {"g": {"name": 'group <&">'}},
        "azurerm_key_vault": {"v": {"name": "vault", "resource_group_name": "${azurerm_resource_group.g.name}"}},
        "azurerm_key_vault_secret": {
            "s": {
                "name": "secret",
                "key_vault_id": "${azurerm_key_vault.v.id}",
                "note": "${azurerm_resource_group.g.name}",
            }
        },
        "azurerm_machine_learning_compute_cluster": {"c": {"name": "cluster"}},
        "azurerm_role_assignment": {
            "r": {
                "role_definition_name": "Reader",
                "principal_id": "${azurerm_machine_learning_compute_cluster.c.identity[0].principal_id}",
                "scope": "${azurerm_key_vault.v.id}",
            }
        },
    }
}


def test_arrows_lead_to_what_is_needed_without_detours() -> None:
    graph = graph_of(STACK, "dev")
    cluster = "azurerm_machine_learning_compute_cluster.c"
    assert set(graph.edges) == {
        ("azurerm_key_vault.v", "azurerm_resource_group.g", ""),
        ("azurerm_key_vault_secret.s", "azurerm_key_vault.v", ""),
        (cluster, "azurerm_key_vault.v", "Reader"),
    }
    assert len(graph.nodes) == 4


def test_the_svg_is_well_formed_whatever_the_names() -> None:
    root = ET.fromstring(to_svg(graph_of(STACK, "a <&> b")))
    texts = {element.text for element in root.iter() if element.tag.endswith("text")}
    assert {'group <&">', "vault", "a <&> b"} <= texts


def test_mermaid_quotes_names() -> None:
    lines = to_mermaid(graph_of(STACK, "dev")).splitlines()
    assert lines[0] == "flowchart LR"
    assert any("#quot;" in line for line in lines)
    assert sum("-->" in line for line in lines) == 2
    assert sum('-. "Reader" .->' in line for line in lines) == 1


def test_an_empty_stack_is_an_empty_picture() -> None:
    ET.fromstring(to_svg(graph_of({}, "dev")))
