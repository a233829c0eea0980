"""The promotion table says which push deploys what, and every mistake in it is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ezazml.config.promotion import FILE, read_promotion
from ezazml.errors import ConfigurationError, InputError


@pytest.mark.parametrize(
    ("ref", "environment"),
    [
        ("refs/heads/main", "dev"),
        ("refs/heads/release", "uat"),
        ("refs/tags/1.2.0", "prd"),
        ("refs/tags/10.20.30", "prd"),
        ("refs/tags/v1.2.0", None),
        ("refs/tags/1.2", None),
        ("refs/tags/1.2.0-rc1", None),
        ("refs/tags/01.2.0", None),
        ("refs/tags/main", None),
        ("refs/heads/1.2.0", None),
        ("refs/heads/main; id", None),
        ("main", None),
        ("", None),
    ],
)
def test_a_push_deploys_one_environment_or_none(project: Path, ref: str, environment: str | None) -> None:
    step = read_promotion(project).of_ref(ref)
    assert (step.environment if step else None) == environment


def test_an_environment_by_hand_must_be_in_the_table(project: Path) -> None:
    assert read_promotion(project).of_environment("preprod").trigger == "by hand"
    with pytest.raises(InputError, match=r"has no environment 'sandbox'.*dev, uat, preprod, prd"):
        read_promotion(project).of_environment("sandbox")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "promotion:\n  - environment: nowhere\n",
            r"promotion.yaml:2: promotion\[0\].environment: 'nowhere' has no file",
        ),
        (
            "promotion:\n  - environment: dev\n  - environment: dev\n",
            r":3: promotion.*'dev' stands twice",
        ),
        ("promotion:\n  - environment: dev\n    branch: a\n    tag: X.Y.Z\n", "a branch or a tag, not both"),
        ("promotion:\n  - environment: dev\n    from: main\n", "only a tag is `from` a branch"),
        (
            "promotion:\n  - {environment: dev, branch: a}\n  - {environment: uat, branch: a}\n",
            "'a' deploys another environment already",
        ),
        ("promotion:\n  - environment: dev\n    branch: $(id)\n", r":3: promotion\[0\].branch: '\$\(id\)'"),
        ("promotion:\n  - environment: dev\n    tag: v1\n", r"promotion\[0\].tag"),
        ("promotion:\n  - environment: dev\n    colour: red\n", r"promotion\[0\].colour"),
        ("promotion: dev\n", "promotion: 'dev'"),
        ("other: 1\n", "promotion"),
        ("promotion: [\n", "is not valid YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line(project: Path, text: str, message: str) -> None:
    (project / FILE).write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        read_promotion(project)


def test_without_the_file_the_next_step_is_named(project: Path) -> None:
    (project / FILE).unlink()
    with pytest.raises(InputError, match=r"environments/promotion.yaml: there is no such file. docs/ci.md"):
        read_promotion(project)
