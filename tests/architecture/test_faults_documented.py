"""docs/doctor.md lists every fault that the doctor can find, as it would say it."""

import re
from string import Formatter

import click
import pytest

from channels.probe import Fault
from gateway.cli.main import cli
from gateway.doctor.catalogue import CATALOGUE
from tests.architecture.cli_reference import commands
from tests.architecture.fault_table import table, written

COMMAND = re.compile(r"(?<![/\w.])(argent(?: [a-z]+){1,2})(?= |$|[,:;)]|`)")
FAULTS = [fault for faults in CATALOGUE.values() for fault in faults]


def test_the_page_lists_what_can_be_found():
    assert written() == table(), "run python -m tests.architecture.fault_table"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.code)
def test_a_fault_says_what_is_wrong_why_and_what_to_do(fault: Fault):
    names = {
        name
        for text in (fault.what, fault.cause, fault.fix)
        for _, name, _, _ in Formatter().parse(text)
        if name is not None
    }
    assert all((fault.what, fault.cause, fault.fix))
    assert all(name.isidentifier() for name in names)
    assert "argent doctor --fix" in fault.fix or not fault.mends


def test_the_commands_that_fixes_name_exist():
    known = dict(commands(cli, "argent"))
    named = {name for fault in FAULTS for name in COMMAND.findall(f"{fault.cause} {fault.fix}")}
    assert "argent channels test" in named
    assert not [name for name in named if not _is_known(name, known)]


def _is_known(name: str, known: dict[str, click.Command]) -> bool:
    # Behind a command without a group comes the rest of a sentence.
    return name in known or name.rpartition(" ")[0] in known
