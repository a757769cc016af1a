"""What is in deploy/ agrees with the image, the settings and the command line."""

import re
import tomllib
from pathlib import Path
from typing import Any

import click
import yaml

from gateway.cli.main import cli
from gateway.config import GatewaySettings
from gateway.config_load import load
from gateway.notifying import LONGEST_START
from tests.architecture.sources import ROOT
from tests.image.recipe import described, stages

IMAGE = described(stages((ROOT / "Dockerfile").read_text())[-1])
COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
KUBERNETES = {
    each["kind"]: each for each in yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text())
}
POD: dict[str, Any] = KUBERNETES["StatefulSet"]["spec"]["template"]["spec"]
CONTAINER: dict[str, Any] = POD["containers"][0]
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def parses(command: list[str]) -> bool:
    """Whether the command line takes this, without doing it."""
    assert command[0] == "argent"
    context, words, group = click.Context(cli), command[1:], cli
    while isinstance(group, click.Group):
        _, found, words = group.resolve_command(context, words)
        assert found is not None, command
        context, group = click.Context(found, parent=context), found  # type: ignore[assignment]
    group.make_parser(context).parse_args(words)
    return True


def test_what_watches_a_container_asks_what_the_command_line_answers():
    asked = [CONTAINER[probe]["exec"]["command"] for probe in PROBES]
    assert all(map(parses, [*asked, list(IMAGE.healthcheck)]))
    assert parses(["argent", *IMAGE.command])
    assert CONTAINER["args"] == list(IMAGE.command)


def test_the_state_is_in_a_volume_that_belongs_to_the_one_who_runs_it():
    (volume,) = IMAGE.volumes
    assert IMAGE.env["ARGENT_STATE_DIR"] == volume
    assert COMPOSE["services"]["argent"]["volumes"] == [f"state:{volume}"]
    mounts = {mount["name"]: mount["mountPath"] for mount in CONTAINER["volumeMounts"]}
    assert mounts["state"] == volume
    uid = POD["securityContext"]["runAsUser"]
    assert f"--uid {uid}" in (ROOT / "Dockerfile").read_text()
    assert POD["securityContext"]["fsGroup"] == uid
    assert IMAGE.user != "root"


def test_nothing_but_the_state_can_be_written_and_no_right_is_left():
    compose, limits = COMPOSE["services"]["argent"], CONTAINER["securityContext"]
    assert compose["read_only"] is limits["readOnlyRootFilesystem"] is True
    assert compose["cap_drop"] == limits["capabilities"]["drop"] == ["ALL"]
    assert "no-new-privileges:true" in compose["security_opt"]
    assert limits["allowPrivilegeEscalation"] is False


def test_a_container_is_given_longer_to_stop_than_a_gateway_takes():
    drains = GatewaySettings().drain_seconds
    assert POD["terminationGracePeriodSeconds"] > drains + 5
    assert int(COMPOSE["services"]["argent"]["stop_grace_period"].removesuffix("s")) > drains + 5


def test_a_start_that_takes_long_is_waited_for_everywhere_alike() -> None:
    probe = CONTAINER["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == LONGEST_START
    (hours,) = re.findall(r"--start-period=(\d+)h", (ROOT / "Dockerfile").read_text())
    assert int(hours) * 3600 == LONGEST_START


def test_there_is_never_more_than_one_that_writes():
    assert KUBERNETES["StatefulSet"]["spec"]["replicas"] == 1
    (claim,) = KUBERNETES["StatefulSet"]["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]


def test_the_settings_in_the_manifest_are_ones_that_argent_takes(tmp_path: Path):
    (text,) = KUBERNETES["ConfigMap"]["data"].values()
    for name, secret in {"telegram": "1234567:" + "A" * 35, "http": "h" * 64}.items():
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o440)
    mounts = {mount["name"]: mount["mountPath"] for mount in CONTAINER["volumeMounts"]}
    settings = tmp_path / "argent.toml"
    settings.write_text(text.replace(mounts["secrets"], str(tmp_path)))
    settings.chmod(0o600)
    loaded = load(settings, {})
    assert loaded.warnings == ()
    assert loaded.settings.gateway.port == CONTAINER["ports"][0]["containerPort"]
    (where,) = (each["value"] for each in CONTAINER["env"] if each["name"] == "ARGENT_CONFIG")
    assert where == f"{mounts['settings']}/argent.toml"
    assert set(tomllib.loads(text)) <= set(type(loaded.settings).model_fields)


def test_no_file_that_tokens_are_put_in_is_ever_committed() -> None:
    """The files that compose and the Kubernetes manifest name for secrets."""
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    compose = (ROOT / "deploy/compose.yaml").read_text()
    for name in re.findall(r"- path: (\S+)", compose):
        assert f"/deploy/{name}" in ignored
    for name in re.findall(r"--from-file=\w+=(\S+)", (ROOT / "deploy/kubernetes.yaml").read_text()):
        assert f"*{Path(name).suffix}" in ignored
    assert "/argent.toml" in ignored
