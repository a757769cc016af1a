"""What ``argent service install`` puts into a unit."""

import json

import pytest

from gateway.cli.main import main

PRINT = ["service", "install", "--system", "--print", "--run-as"]


@pytest.mark.parametrize("user", ["argent\nExecStartPre=/bin/sh", "%u", "a b", "-x", ""])
def test_what_is_no_users_name_stands_in_no_unit(user: str, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*PRINT, user, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert ended.value.code == 2
    assert told["error"]["code"] == "usage"


@pytest.mark.parametrize("user", ["argent", "_bots-2", "dom.user@example.org"])
def test_who_the_unit_runs_as_stands_in_it(user: str, capsys) -> None:
    with pytest.raises(SystemExit):
        main([*PRINT, user])
    assert f"\nUser={user}\n" in capsys.readouterr().out
