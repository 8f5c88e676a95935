"""Prove at length what `make test` tries for seconds: `make prove`, or `python -m tests.prove [NAME …]`.

Each proof is run in rounds, each with chances of its own. What a round has shown is noted in `.prove/`, so a run that
was stopped goes on where it was; notes of another state of the code count no more.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
NOTES = ROOT / ".prove"


class Proof(NamedTuple):
    """A *test*, or what chooses several, that is run in *rounds*, each of *examples* that take *steps*."""

    name: str
    test: str
    rounds: int
    examples: int
    steps: int = 50

    def round(self, number: int) -> bool:
        """Run one round and tell whether it held."""
        command = [sys.executable, "-m", "pytest", "--quiet", "-o", "faulthandler_timeout=0", "-p", "no:randomly"]
        environment = {**os.environ, "EXAMPLES": str(self.examples), "STEPS": str(self.steps)}
        done = subprocess.run(
            [*command, f"--hypothesis-seed={number}", self.test], cwd=ROOT, env=environment, check=False
        )
        return done.returncode == 0


class Measured(NamedTuple):
    """A measurement that must reach its goals in *rounds*, each of which watches for a quarter of an hour."""

    name: str
    rounds: int

    def round(self, number: int) -> bool:
        """Run one round and tell whether it held; its *number* changes nothing."""
        del number
        command = [sys.executable, "-m", "benchmarks", self.name, "--long"]
        return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


_LIFE = "test_life_machine.py::test_integrations_stand_where_the_model_says"
_AT_LENGTH = "tests/engine/test_workers_at_length.py"
_STOCK = "tests/services/test_stock_machine.py::test_stock_comes_out_as_reckoned_on"
_CROWD = "test_budget_processes.py::test_four_processes_use_all_that_a_store_allows_and_are_not_once_over_it"
PROOFS: tuple[Proof | Measured, ...] = (
    Proof("properties", "-mhypothesis", rounds=3, examples=400),
    Proof(
        "orders-sqlite",
        "tests/services/test_machine.py::test_the_hub_ends_with_what_the_shop_has",
        rounds=4,
        examples=40,
        steps=30,
    ),
    Proof("stock-sqlite", f"{_STOCK}_sqlite", rounds=20, examples=10),
    Proof("stock-postgresql", f"{_STOCK}_postgresql", rounds=4, examples=5),
    Proof("life-sqlite", f"tests/services/{_LIFE}_on_sqlite", rounds=10, examples=10, steps=30),
    Proof("life-postgresql", f"tests/services/{_LIFE}_on_postgresql", rounds=4, examples=5, steps=30),
    *(
        Proof(f"workers-{name}", f"{_AT_LENGTH}::test_{test}", rounds=2, examples=1)
        for name, test in (
            ("killed", "another_process_goes_on_within_ten_seconds_of_a_kill"),
            ("halted", "a_process_that_was_halted_writes_nothing_when_it_wakes"),
            ("without-database", "the_database_may_be_away"),
            ("cut-off", "connections_may_be_cut_again_and_again"),
            ("ended", "a_worker_ends_in_time_whatever_its_stores_and_its_database_do"),
            ("held", "a_worker_whose_loop_a_plugin_holds_says_so_and_ends_in_time"),
            ("backlog", "pushes_pass_ten_thousand_polls_that_are_due"),
        )
    ),
    Proof("life-http", f"tests/web/{_LIFE}_over_http", rounds=2, examples=5, steps=30),
    Proof("budget-sqlite", f"tests/services/{_CROWD}[sqlite]", rounds=1, examples=1, steps=300),
    Proof("budget-postgresql", f"tests/services/{_CROWD}[postgresql]", rounds=1, examples=1, steps=300),
    Measured("soak", rounds=4),
)


def state_of_the_code() -> str:
    """Name what is proved: the commit, and what differs from it."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=40"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return described.stdout.strip()


def rounds_left(proof: Proof | Measured, notes: Path) -> Iterator[tuple[int, Path]]:
    """Give the rounds that have not held yet, each with the file that notes it."""
    for number in range(1, proof.rounds + 1):
        note = notes / f"{proof.name}-{number}"
        if not note.exists():
            yield number, note


def main(arguments: list[str] | None = None) -> int:
    """Run what is left of the proofs that were named, or of all; give 1 as soon as one does not hold."""
    names = [proof.name for proof in PROOFS]
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description="Prove at length what the tests try.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(names)}")
    wanted = parser.parse_args(arguments).names or names
    if unknown := set(wanted) - set(names):
        parser.error(f"there is no proof {', '.join(sorted(unknown))}; choose from {', '.join(names)}")
    notes = NOTES / state_of_the_code()
    notes.mkdir(parents=True, exist_ok=True)
    for proof in PROOFS:
        for number, note in rounds_left(proof, notes) if proof.name in wanted else ():
            print(f"{proof.name}: round {number} of {proof.rounds}", flush=True)
            if not proof.round(number):
                print(f"{proof.name} does not hold; repeat it with: python -m tests.prove {proof.name}", flush=True)
                return 1
            note.touch()
    print(f"All of it holds: {', '.join(wanted)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
