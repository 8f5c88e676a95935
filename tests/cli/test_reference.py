"""docs/cli.md."""

from tests.cli.reference import PAGE, page


def test_the_reference_says_what_help_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: .venv/bin/python -m tests.cli.reference"
