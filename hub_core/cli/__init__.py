"""The command `hub`: a thin face of `hub_core.Hub`. A command is a function, a noun is a module.

Every module here imports next to nothing: what a command needs is imported when it runs, so that `hub --help` is quick.
"""

from hub_core.cli.command import main as main
