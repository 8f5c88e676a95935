"""`hub audit`."""

import os
import pwd

from tests.cli.conftest import HubCommand


def test_what_was_changed_by_a_command_names_the_user(hub: HubCommand) -> None:
    hub("tokens", "create", "mine")
    hub("tokens", "revoke", "mine")
    created, revoked = hub("audit", "--json").json
    user = pwd.getpwuid(os.getuid()).pw_name
    assert created["actor"] == revoked["actor"] == {"kind": "command", "name": user}
    assert (created["action"], created["after"]) == ("token.created", {"scope": "read"})
    assert hub("audit", "--after", "1", "--json").json == [revoked]
    assert hub("audit", "--limit", "1", "--json").json == [revoked]
    assert f"command {user}  token.created  token mine" in hub("audit").out


def test_where_nobody_has_changed_anything_that_is_said(hub: HubCommand) -> None:
    assert hub("audit").err == "Nobody has changed anything.\n"
