"""docs/trust.md shows exactly what may be done for whom, and every tool has its row."""

import re

from gateway.powers import EXTERNAL, TABLE, Power, power
from state.keys import SessionType
from state.trust import Trust, trust_of
from tests.architecture.sources import sources
from tests.architecture.trust_table import table, written

DESCRIBED = re.compile(r'\bdescribe\(\s*"(\w+)"')


def test_the_table_is_what_the_powers_say():
    assert written() == table(), "run python -m tests.architecture.trust_table"


def test_every_tool_that_there_is_has_a_row():
    made = {name for each in sources("agents", "gateway") for name in DESCRIBED.findall(each.text)}
    assert "bash" in made
    assert made <= TABLE.keys()


def test_a_tool_without_a_row_may_not_be_used():
    assert {power("anything", trust) for trust in Trust} == {Power.NEVER}


def test_a_server_takes_nobody_elses_row():
    assert power("evil__bash", Trust.LOW) is TABLE[EXTERNAL][Trust.LOW]


def test_less_trust_never_means_more_power():
    order = [Power.NEVER, Power.APPROVAL, Power.ALLOWED]
    for name in TABLE:
        powers = [order.index(power(name, trust)) for trust in Trust]
        assert powers == sorted(powers, reverse=True), name


def test_an_owner_among_others_is_trusted_as_they_are():
    for kind in (SessionType.GROUP, SessionType.TOPIC):
        assert trust_of(kind, owner=True) is trust_of(kind, owner=False) is Trust.LOW
