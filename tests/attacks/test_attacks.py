"""Every attack against every sandbox of this machine."""

import pytest

from tests.attacks import reaching, using
from tests.attacks.attack import Attack
from tests.attacks.backends import of_each, sandbox
from tests.attacks.world import World

ATTACKS = [*reaching.ALL, *using.ALL]
REAL = [attack for attack in reaching.ALL if attack.bare]
STAYING = [attack for attack in using.ALL if attack.held is using.went_on]


@pytest.mark.parametrize("name", of_each())
@pytest.mark.parametrize("attack", ATTACKS, ids=str)
async def test_an_attack_is_held(attack: Attack, name: str, surroundings: World):
    outcome = await sandbox(name).run(
        attack.command(surroundings), workspace=surroundings.workspace, limits=attack.limits
    )
    assert attack.held(outcome, surroundings), outcome


@pytest.mark.parametrize("attack", REAL, ids=str)
async def test_without_a_sandbox_an_attack_works(attack: Attack, surroundings: World):
    outcome = await sandbox("none").run(
        attack.command(surroundings), workspace=surroundings.workspace, limits=attack.limits
    )
    assert not attack.held(outcome, surroundings), outcome


@pytest.mark.parametrize("attack", STAYING, ids=str)
async def test_without_a_sandbox_nothing_stays_either(attack: Attack, surroundings: World):
    outcome = await sandbox("none").run(
        attack.command(surroundings), workspace=surroundings.workspace, limits=attack.limits
    )
    assert attack.held(outcome, surroundings), outcome
