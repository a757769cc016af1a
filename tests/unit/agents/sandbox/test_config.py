from pathlib import PurePosixPath

import pytest
from pydantic import ValidationError

from agents.sandbox.config import Backend, SandboxSettings
from agents.sandbox.limits import Limits
from state.keys import SessionType


def test_the_limits_of_the_settings_are_those_of_a_command() -> None:
    policy = SandboxSettings().of(SessionType.GROUP)
    assert policy.limits == Limits()
    assert not policy.network
    assert policy.sandboxed


def test_sizes_are_written_as_people_write_them() -> None:
    settings = SandboxSettings.model_validate(
        {"memory": "1g", "cpu": 2, "network": False, "disk": "20m", "output": "4k"}
    )
    assert settings.memory == 1 << 30
    assert settings.model_dump()["memory"] == "1g"
    assert settings.model_dump()["disk"] == "20m"


def test_a_type_of_session_has_its_own_limits_and_the_others_for_the_rest() -> None:
    settings = SandboxSettings.model_validate(
        {"memory": "1g", "wall": 30, "group": {"memory": "128m", "network": True}}
    )
    group, topic = settings.of(SessionType.GROUP), settings.of(SessionType.TOPIC)
    assert (group.limits.memory, group.limits.wall, group.network) == (128 << 20, 30, True)
    assert (topic.limits.memory, topic.limits.wall, topic.network) == (1 << 30, 30, False)


def test_only_the_owner_s_sessions_are_without_a_sandbox_unless_set() -> None:
    settings = SandboxSettings()
    assert [kind for kind in SessionType if not settings.of(kind).sandboxed] == [SessionType.MAIN]
    other = SandboxSettings.model_validate(
        {"main": {"sandboxed": True}, "dm": {"sandboxed": False}}
    )
    assert other.of(SessionType.MAIN).sandboxed
    assert not other.of(SessionType.DM).sandboxed


@pytest.mark.parametrize("kind", ["group", "topic"])
def test_no_setting_lets_a_group_out_of_the_sandbox(kind: str) -> None:
    with pytest.raises(ValidationError, match="sandboxed"):
        SandboxSettings.model_validate({kind: {"sandboxed": False}})


@pytest.mark.parametrize(
    "given",
    [
        {"memory": "1m"}, {"memory": "much"}, {"cpu": 0}, {"pids": 1}, {"wall": 0},
        {"backend": "chroot"}, {"image": "--privileged"}, {"image": "a b"}, {"output": "1t"},
        {"workspace": "~/shared"}, {"workspace": "spaces/<session_key>"}, {"volumes": ["/"]},
        {"workspace": "~/../<session_key>"}, {"workspace": "~/x-<session_key>"},
    ],
)  # fmt: skip
def test_a_setting_that_would_not_hold_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SandboxSettings.model_validate(given)


def test_a_workspace_is_where_the_setting_says_or_in_the_session_s_own_folder() -> None:
    own = PurePosixPath("/state/agents/main/sessions/x/workspace")
    assert SandboxSettings().folder_of("x", own) == own
    settings = SandboxSettings(workspace="/spaces/<session_key>/files")
    assert settings.folder_of("slack_C1_group", own) == PurePosixPath(
        "/spaces/slack_C1_group/files"
    )


def test_every_backend_has_a_name_that_a_file_can_write() -> None:
    assert [each.value for each in Backend] == [
        "auto", "bubblewrap", "docker", "podman", "landlock", "off",
    ]  # fmt: skip
