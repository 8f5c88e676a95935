"""`python -m hub_core.cli` is `hub`."""

from hub_core.cli.command import main

if __name__ == "__main__":
    main()
