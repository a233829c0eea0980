"""What does an environment look like? A picture of its synthesised stack, as SVG and as mermaid."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_REFERENCE = re.compile(r"\$\{(?:data\.)?((?:azurerm|azuread|terraform)_\w+)\.([\w-]+)")
#: Drawn as arrows with a label between what they connect, not as boxes.
_ROLE = "azurerm_role_assignment"
_LEFT_OUT = frozenset(
    {
        _ROLE,
        "azurerm_key_vault_access_policy",
        "azurerm_management_lock",
        # One for every box would hide what the picture is about.
        "azurerm_monitor_diagnostic_setting",
        "azurerm_nat_gateway_public_ip_association",
        "azurerm_private_dns_zone_virtual_network_link",
        "azurerm_subnet_nat_gateway_association",
        "azurerm_subnet_network_security_group_association",
        "terraform_data",
    }
)
_FAMILIES = (
    ("azuread_", "identity", "#ede7f6", "#5e35b1"),
    ("azurerm_user_assigned_identity", "identity", "#ede7f6", "#5e35b1"),
    ("azurerm_machine_learning_", "machine learning", "#e3f2fd", "#1565c0"),
    ("azurerm_storage_", "data", "#e8f5e9", "#2e7d32"),
    *(
        (f"azurerm_{kind}", "network", "#ede7f6", "#4527a0")
        for kind in ("virtual_network", "subnet", "network_", "nat_gateway", "public_ip", "private_")
    ),
    ("azurerm_key_vault", "secrets", "#fff8e1", "#b26a00"),
    ("azurerm_container_registry", "images", "#e0f7fa", "#00838f"),
    ("azurerm_log_", "monitoring", "#fce4ec", "#ad1457"),
    ("azurerm_application_insights", "monitoring", "#fce4ec", "#ad1457"),
    ("azurerm_monitor_", "monitoring", "#fce4ec", "#ad1457"),
    ("azurerm_consumption_", "monitoring", "#fce4ec", "#ad1457"),
    ("", "group", "#f5f5f5", "#424242"),
)
_BOX_WIDTH, _BOX_HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 280, 46, 90, 18, 30
_HEADER = 50


@dataclass(frozen=True)
class Node:
    """One resource in the picture."""

    key: str
    title: str
    kind: str


@dataclass(frozen=True)
class Graph:
    """Resources and arrows: ``(from, to, label)``, from what needs to what is needed."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str, str], ...]


def graph_of(stack: Mapping[str, Any], title: str) -> Graph:
    """The picture's contents from a synthesised stack (``cdk.tf.json``)."""
    resources = {
        f"{kind}.{name}": (kind, name, body)
        for kind, group in stack.get("resource", {}).items()
        for name, body in group.items()
    }
    nodes = tuple(
        Node(key, _title(name, body), kind) for key, (kind, name, body) in resources.items() if kind not in _LEFT_OUT
    )
    drawn = {node.key for node in nodes}
    edges: dict[tuple[str, str, str], None] = {}
    for key, (kind, _, body) in resources.items():
        needed = [reference for reference in _references(body) if reference in drawn]
        if kind == _ROLE:
            principal = next(iter(_references(body.get("principal_id"))), None)
            scope = next(iter(_references(body.get("scope"))), None)
            if principal in drawn and scope in drawn and principal != scope:
                edges[(str(principal), str(scope), str(body["role_definition_name"]))] = None
        elif key in drawn:
            edges.update({(key, reference, ""): None for reference in needed if reference != key})
    return Graph(title, nodes, _without_detours(tuple(edges)))


def to_mermaid(graph: Graph) -> str:
    """Mermaid flowchart, which GitHub draws in Markdown."""
    names = {node.key: f"n{index}" for index, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for node in graph.nodes:
        label = f"{node.title}<br/><small>{node.kind}</small>".replace('"', "#quot;")
        lines.append(f'  {names[node.key]}["{label}"]')
    for source, target, label in graph.edges:
        arrow = f'-. "{label}" .->' if label else "-->"
        lines.append(f"  {names[source]} {arrow} {names[target]}")
    return "\n".join(lines) + "\n"


def to_svg(graph: Graph) -> str:
    """SVG with what is needed by others on the left, and what needs it to the right."""
    columns = _columns(graph)
    places = {
        node.key: (_MARGIN + x * (_BOX_WIDTH + _GAP_X), _HEADER + _MARGIN + y * (_BOX_HEIGHT + _GAP_Y))
        for x, column in enumerate(columns)
        for y, node in enumerate(column)
    }
    width = 2 * _MARGIN + len(columns) * _BOX_WIDTH + max(len(columns) - 1, 0) * _GAP_X
    height = _HEADER + 2 * _MARGIN + max(map(len, columns), default=0) * (_BOX_HEIGHT + _GAP_Y) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="Segoe UI, Helvetica, Arial, sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path d="M0,0 L8,4 L0,8 z" fill="#90a4ae"/></marker></defs>',
        f'<text x="{_MARGIN}" y="40" font-size="22" font-weight="600" fill="#263238">{html.escape(graph.title)}</text>',
    ]
    parts += [_svg_edge(places[source], places[target], label) for source, target, label in graph.edges]
    parts += [_svg_node(node, *places[node.key]) for node in graph.nodes]
    parts += [_svg_legend(height), "</svg>"]
    return "\n".join(parts) + "\n"


def _without_detours(edges: tuple[tuple[str, str, str], ...]) -> tuple[tuple[str, str, str], ...]:
    """Leave out what follows from other arrows: a secret needs its vault, so not also the vault's group."""
    needs: dict[str, set[str]] = {}
    for source, target, label in edges:
        if not label:
            needs.setdefault(source, set()).add(target)

    def reaches(start: str, goal: str) -> bool:
        return any(step == goal or reaches(step, goal) for step in needs.get(start, ()))

    def is_detour(source: str, target: str) -> bool:
        return any(reaches(step, target) for step in needs[source] - {target})

    return tuple(edge for edge in edges if edge[2] or not is_detour(edge[0], edge[1]))


def _title(name: str, body: Mapping[str, Any]) -> str:
    for key in ("name", "display_name", "user_principal_name"):
        value = body.get(key)
        if isinstance(value, str) and "${" not in value:
            return value
    return name


def _references(value: Any) -> Iterator[str]:
    for kind, name in _REFERENCE.findall(json.dumps(value)):
        yield f"{kind}.{name}"


def _columns(graph: Graph) -> list[list[Node]]:
    """Nodes by how long a chain of needs stands before them, families together."""
    needs: dict[str, set[str]] = {node.key: set() for node in graph.nodes}
    for source, target, label in graph.edges:
        if not label:
            needs[source].add(target)
    depth: dict[str, int] = {}

    def place(key: str) -> int:
        if key not in depth:
            depth[key] = 0  # against a cycle, which Terraform itself would refuse
            depth[key] = 1 + max((place(other) for other in needs[key]), default=-1)
        return depth[key]

    columns: dict[int, list[Node]] = {}
    for node in graph.nodes:
        columns.setdefault(place(node.key), []).append(node)
    return [
        sorted(columns[index], key=lambda node: (_family(node.kind)[1], node.kind, node.title))
        for index in sorted(columns)
    ]


def _family(kind: str) -> tuple[str, str, str, str]:
    return next(family for family in _FAMILIES if kind.startswith(family[0]))


def _svg_node(node: Node, x: int, y: int) -> str:
    _, _, fill, line = _family(node.kind)
    title = node.title if len(node.title) <= 32 else node.title[:31] + "…"
    kind = node.kind.split("_", 1)[1].replace("_", " ")
    return (
        f'<g><title>{html.escape(node.key)}</title><rect x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" '
        f'rx="7" fill="{fill}" stroke="{line}"/>'
        f'<text x="{x + 12}" y="{y + 20}" font-size="13" font-weight="600" fill="#263238">{html.escape(title)}</text>'
        f'<text x="{x + 12}" y="{y + 36}" font-size="11" fill="{line}">{html.escape(kind)}</text></g>'
    )


def _svg_edge(source: tuple[int, int], target: tuple[int, int], label: str) -> str:
    forward = source[0] > target[0]
    x1, y1 = source[0] + (0 if forward else _BOX_WIDTH), source[1] + _BOX_HEIGHT / 2
    x2, y2 = target[0] + (_BOX_WIDTH if forward or source[0] == target[0] else 0), target[1] + _BOX_HEIGHT / 2
    bend = 55 if forward else -55
    style = 'stroke="#b39ddb" stroke-dasharray="4 3"' if label else 'stroke="#b0bec5"'
    tip = f"<title>{html.escape(label)}</title>" if label else ""
    path = f"M{x1},{y1} C{x1 - bend},{y1} {x2 + bend},{y2} {x2},{y2}"
    return f'<path d="{path}" fill="none" {style} marker-end="url(#arrow)">{tip}</path>'


def _svg_legend(height: int) -> str:
    text = "solid: needs · dashed: has a role on · boxes: resources that Terraform manages"
    return f'<text x="{_MARGIN}" y="{height - 14}" font-size="11" fill="#607d8b">{text}</text>'
