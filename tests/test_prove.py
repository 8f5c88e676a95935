"""Proofs that were stopped go on where they were."""

import subprocess
from pathlib import Path

import pytest

from tests import prove


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, int]]:
    """Notes the rounds that are run, all of which hold."""
    run: list[tuple[str, int]] = []

    def hold(proof: prove.Proof, number: int) -> bool:
        run.append((proof.name, number))
        return True

    monkeypatch.setattr(prove, "NOTES", tmp_path)
    monkeypatch.setattr(prove.Proof, "round", hold)
    monkeypatch.setattr(prove, "PROOFS", (prove.Proof("one", "test", 2, 5), prove.Proof("two", "test", 1, 5)))
    return run


def test_what_has_held_is_not_run_again(rounds: list[tuple[str, int]]) -> None:
    assert prove.main(["one"]) == 0
    assert prove.main([]) == 0
    assert rounds == [("one", 1), ("one", 2), ("two", 1)]


def test_another_state_of_the_code_is_proved_anew(
    rounds: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    prove.main(["two"])
    monkeypatch.setattr(prove, "state_of_the_code", lambda: "later")
    prove.main(["two"])
    assert rounds == [("two", 1), ("two", 1)]


def test_a_round_that_does_not_hold_ends_it_and_is_run_again(
    rounds: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(prove.Proof, "round", lambda proof, number: number == 1)
        assert prove.main(["one"]) == 1
    assert "one does not hold" in capsys.readouterr().out
    prove.main(["one"])
    assert rounds == [("one", 2)]


def test_a_proof_that_there_is_not_is_named(rounds: list[tuple[str, int]], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        prove.main(["three"])
    assert "there is no proof three; choose from one, two" in capsys.readouterr().err
    assert rounds == []


@pytest.mark.parametrize("code", [0, 1])
def test_a_measurement_holds_where_it_reaches_its_goals(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    run: list[list[str]] = []

    def measure(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        del options
        run.append(command[1:])
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(subprocess, "run", measure)
    assert prove.Measured("soak", 4).round(3) is (code == 0)
    assert run == [["-m", "benchmarks", "soak", "--long"]]
