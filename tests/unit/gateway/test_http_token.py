"""The token that is made where the owner has set none."""

import os
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.api.http_token import NAME, kept_token
from gateway.config import SHORTEST_TOKEN, GatewaySettings
from state.store import StorageFailed


def test_it_is_made_once_and_its_owner_alone_can_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        token = kept_token(tmp_path)
    finally:
        os.umask(old)
    assert len(token) >= SHORTEST_TOKEN
    assert kept_token(tmp_path) == token
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert GatewaySettings(port=0, token=token).token is not None
    assert kept_token(_folder(tmp_path / "other")) != token


def test_one_that_others_could_read_is_replaced(tmp_path: Path) -> None:
    token = kept_token(tmp_path)
    (tmp_path / NAME).chmod(0o640)
    assert kept_token(tmp_path) != token
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "short", "x" * 20 + " " + "x" * 20])
def test_what_a_crash_or_an_editor_left_of_it_is_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / NAME
    path.touch(mode=0o600)
    path.write_text(content)
    assert kept_token(tmp_path).strip() not in ("", content)


def test_it_is_not_read_through_a_link(tmp_path: Path) -> None:
    aim = tmp_path / "aim"
    aim.write_text("x" * 40)
    (tmp_path / NAME).symlink_to(aim)
    with pytest.raises(StorageFailed, match=NAME):
        kept_token(tmp_path)


@pytest.mark.parametrize(
    "token", ["", "   ", "short", "a" * 31, "a" * 20 + " " + "a" * 20, "ä" * 40]
)
def test_a_token_of_the_owners_that_could_be_guessed_is_refused(token: str) -> None:
    with pytest.raises(ValidationError, match="32 or more ASCII characters"):
        GatewaySettings(port=9464, token=token)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2"])
def test_others_are_let_near_only_with_a_token_of_the_owners(host: str) -> None:
    assert GatewaySettings(host=host).port is None
    with pytest.raises(ValidationError, match="set `token`, too"):
        GatewaySettings(host=host, port=9464)
    assert not GatewaySettings(host=host, port=9464, token="t" * 32).is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "127.8.8.8", "localhost"])
def test_this_machine_may_ask_with_a_token_that_was_made(host: str) -> None:
    assert GatewaySettings(host=host, port=9464).is_loopback


def test_a_name_is_no_address_to_listen_on() -> None:
    with pytest.raises(ValidationError, match=r"is no IP address; 127\.0\.0\.1 is this machine"):
        GatewaySettings(host="argent.example", port=9464)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
