"""What ``python -m jobs.post_deploy`` takes."""

from __future__ import annotations

import pytest

from jobs.post_deploy import main


@pytest.mark.parametrize("workers", ["0", "-1", "99", "many"])
def test_a_wrong_number_of_workers_is_a_mistake_of_the_caller(workers: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["--env", "dev", "--workers", workers])
    assert raised.value.code == 2
    assert "--workers" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "Interrupted."),
        (PermissionError(13, "Permission denied", "x.yaml"), 1, "x.yaml: Per"),
    ],
)
def test_what_ends_it_early_is_told_in_a_line(
    error: BaseException, code: int, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr("jobs.post_deploy.open_deployment", fail)
    assert main(["--env", "dev"]) == code
    assert message in capsys.readouterr().err
