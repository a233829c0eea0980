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
