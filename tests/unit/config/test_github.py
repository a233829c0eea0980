"""A repository is named as its tokens name it: with ids or without, and never with one of two."""

from __future__ import annotations

import shlex

import pytest

from ezazml.config.github import REPOSITORY, ids_command, repository_name


@pytest.mark.parametrize("repository", ["contoso/ml", "con-to.so/my_ml", "contoso@5544123/ml@821093847"])
def test_both_forms_are_taken(repository: str) -> None:
    assert REPOSITORY.match(repository)


@pytest.mark.parametrize(
    "repository",
    [
        "contoso",
        "contoso/",
        "/ml",
        "contoso/ml/x",
        "contoso@1/ml",
        "contoso/ml@2",
        "contoso@x/ml@2",
        "a b/ml",
        "a/b\n",
        "",
    ],
)
def test_others_are_not(repository: str) -> None:
    assert not REPOSITORY.fullmatch(repository)


def test_programs_of_github_get_the_name_alone() -> None:
    assert repository_name("contoso@5544123/ml@821093847") == "contoso/ml"
    assert repository_name("contoso/ml") == "contoso/ml"


def test_the_ids_are_found_with_gh() -> None:
    words = shlex.split(ids_command("contoso/ml"))
    assert words[:4] == ["gh", "api", "repos/contoso/ml", "--jq"]
    assert words[4] == r'"\(.owner.login)@\(.owner.id)/\(.name)@\(.id)"'
    assert ids_command("contoso@1/ml@2") == ""
