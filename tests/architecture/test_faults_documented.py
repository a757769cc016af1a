"""docs/doctor.md lists every fault that the doctor can find, as it would say it."""

from string import Formatter

import pytest

from channels.probe import Fault
from gateway.doctor.catalogue import CATALOGUE
from tests.architecture.fault_table import table, written

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
