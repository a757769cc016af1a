"""Files of settings that are replaced, half-written, gone and back."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from gateway.config_errors import ConfigError
from gateway.config_load import load
from gateway.config_source import ConfigSource
from gateway.config_watch import changes


def source(path: Path, environ: dict[str, str] | None = None) -> ConfigSource:
    return ConfigSource(path, environ or {}, path.parent, {}, last=load(path, environ or {}))


class Days:
    """Time that passes only when somebody sleeps, with something done in each sleep."""

    def __init__(self, deeds: Iterable[Callable[[], object]]) -> None:
        self._deeds = list(deeds)
        self.over = asyncio.Event()

    async def sleep(self, _: float) -> None:
        if not self._deeds:
            self.over.set()
            await asyncio.Event().wait()
        self._deeds.pop(0)()


async def seen(watched: ConfigSource, *deeds: Callable[[], object]) -> int:
    """How many changes were seen when each of these was done in another sleep."""
    days, count = Days(deeds), 0

    async def watch() -> None:
        nonlocal count
        async for _ in changes(watched, sleep=days.sleep):
            count += 1

    watching = asyncio.create_task(watch())
    async with asyncio.timeout(10):
        await days.over.wait()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return count


def nothing() -> None: ...


async def test_a_file_is_read_when_it_has_come_to_rest(tmp_path: Path) -> None:
    path = tmp_path / "argent.toml"
    path.write_text("")
    half, whole = "[log]\nlev", '[log]\nlevel = "debug"'
    again = [lambda: path.write_text(half), lambda: path.write_text(whole), nothing, nothing]
    assert await seen(source(path), *again) == 1


async def test_a_file_that_takes_anothers_place_is_another(tmp_path: Path) -> None:
    path, other = tmp_path / "argent.toml", tmp_path / "other"
    path.write_text("")
    other.write_text("")
    assert await seen(source(path), lambda: other.replace(path), nothing, nothing) == 1


async def test_a_link_that_is_turned_over_leads_to_another(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "argent.toml").write_text("")
    link, turned = tmp_path / "data", tmp_path / "turned"
    link.symlink_to("first")
    turned.symlink_to("second")
    watched = source(link / "argent.toml")
    assert await seen(watched, lambda: turned.replace(link), nothing, nothing) == 1


async def test_a_file_that_is_left_alone_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "argent.toml"
    path.write_text("")
    assert await seen(source(path), nothing, path.read_text, nothing) == 0


async def test_what_was_changed_while_the_gateway_started_is_a_change(tmp_path: Path) -> None:
    path = tmp_path / "argent.toml"
    path.write_text("")
    loaded = source(path)
    path.write_text('[log]\nlevel = "debug"')
    assert await seen(loaded, nothing, nothing, nothing) == 1


async def test_a_secret_that_is_turned_is_a_change(tmp_path: Path) -> None:
    path, key = tmp_path / "argent.toml", tmp_path / "key"
    key.write_text("first-key")
    key.chmod(0o600)
    path.write_text(f'[models.openai]\napi_key = "file:{key}"')
    path.chmod(0o600)
    assert await seen(source(path), lambda: key.write_text("second-key"), nothing, nothing) == 1


async def test_a_secret_that_comes_after_the_setting_that_names_it_is_a_change(
    tmp_path: Path,
) -> None:
    path, key = tmp_path / "argent.toml", tmp_path / "key"
    path.write_text("")
    found = source(path)
    path.write_text(f'[models.openai]\napi_key = "file:{key}"')
    with pytest.raises(ConfigError, match="No such file"):
        found.load()
    before = found.marks()
    key.write_text("at-last")
    assert found.marks() != before
    assert found.load().secret_files == (key,)


def test_a_file_that_is_gone_is_an_error_and_no_empty_configuration(tmp_path: Path) -> None:
    path = tmp_path / "argent.toml"
    path.write_text("")
    found = ConfigSource(None, {}, tmp_path, {}, last=load(path, {}))
    path.unlink()
    with pytest.raises(ConfigError, match="is gone; put it back"):
        found.load()


def test_settings_without_a_file_are_found_in_one_that_is_made(tmp_path: Path) -> None:
    found = ConfigSource(None, {}, tmp_path, {}, last=load(None, {}))
    (tmp_path / "argent.toml").write_text("[gateway]\nmax_queue = 7")
    assert found.load().settings.gateway.max_queue == 7


def test_the_environment_and_the_command_line_hold_as_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "argent.toml"
    path.write_text("[gateway]\nmax_queue = 7\nkeep_days = 7")
    environ, given = {"ARGENT_GATEWAY__MAX_QUEUE": "8"}, {"gateway.keep_days": "9"}
    found = ConfigSource(path, environ, tmp_path, given, last=load(path, environ, given))
    gateway = found.load().settings.gateway
    assert (gateway.max_queue, gateway.keep_days) == (8, 9)
