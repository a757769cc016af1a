"""Checking finds what opening would mend, changes nothing, and is content with what was mended."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from state.files import open_state
from state.files.checking import MENDED, Finding, Kind, examine
from state.files.inspecting import Inspection, Report, resolve
from state.files.journal import CLOSING
from state.files.layout import HISTORY, METADATA, PACKED, Layout
from state.keys import SessionId
from tests.contracts.examples import session, turn
from tests.unit.state.files.conversation import FACTS, folder, said


def check(root: Path, *only: SessionId) -> Report:
    return Inspection(root).check(only, step=lambda: None)


def kinds(root: Path) -> list[tuple[Kind, str]]:
    return [(finding.kind, finding.file) for finding in check(root).findings]


async def known(root: Path) -> None:
    """A state folder with one conversation, which its index shows."""
    await said(root)
    await (await open_state(root)).close()


def everything(root: Path) -> dict[str, bytes | None]:
    """Every path below, with its content."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
        if "gateway.db-" not in path.name
    }


async def repair(root: Path, *ids: SessionId) -> list[str]:
    """Mend these sessions, and have the index show them; what was set aside."""
    state = await open_state(root)
    aside: list[str] = []
    for session_id in ids:
        repaired = await state.sessions.repair(session_id)
        if repaired is not None:
            aside += repaired.aside
            await state.ledger.index(repaired.session)
    await state.close()
    return aside


def history(root: Path) -> Path:
    return folder(root) / HISTORY


def facts(root: Path) -> Path:
    return folder(root) / METADATA


def tear(root: Path) -> None:
    whole = history(root).read_bytes().removesuffix(CLOSING)
    history(root).write_bytes(whole + b',{"id":"u9","at":"20')


def lay_out_anew(root: Path) -> None:
    value = orjson.loads(history(root).read_bytes())
    history(root).write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2))


def spoil(root: Path) -> None:
    data = history(root).read_bytes()
    history(root).write_bytes(data.replace(b'{"id":"u2"', b"\0\0\0\0\0\0\0\0\0\0", 1))


def shorten(root: Path) -> None:
    lines = history(root).read_bytes().splitlines(keepends=True)
    history(root).write_bytes(b"".join(lines[:3]) + CLOSING)


def half(root: Path) -> None:
    """An editor took the last answer away, and laid everything out as it should be."""
    lines = history(root).read_bytes().splitlines(keepends=True)
    history(root).write_bytes(b"".join(lines[:-2]) + CLOSING)


def misplace(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES: list[tuple[Callable[[Path], object], Kind, str]] = [
    (tear, Kind.TORN, HISTORY),
    (lay_out_anew, Kind.LAYOUT, HISTORY),
    (spoil, Kind.DAMAGED, HISTORY),
    (shorten, Kind.OUT_OF_STEP, HISTORY),
    (lambda root: history(root).unlink(), Kind.MISSING, HISTORY),
    (lambda root: facts(root).unlink(), Kind.MISSING, METADATA),
    (lambda root: facts(root).write_bytes(b"{"), Kind.DAMAGED, METADATA),
    (lambda root: misplace(facts(root)), Kind.MISPLACED, METADATA),
    (lambda root: misplace(history(root)), Kind.MISPLACED, HISTORY),
]
NAMES = [f"{file} {kind}" for _, kind, file in DAMAGES]


async def test_a_state_folder_that_was_closed_has_no_findings(tmp_path: Path) -> None:
    await known(tmp_path)
    assert check(tmp_path) == Report(checked=1)


def test_a_state_folder_that_is_not_there_has_no_findings(tmp_path: Path) -> None:
    assert check(tmp_path / "nowhere") == Report()


@pytest.mark.parametrize(("damage", "kind", "file"), DAMAGES, ids=NAMES)
async def test_damage_is_found_and_nothing_is_touched(
    tmp_path: Path, damage: Callable[[Path], object], kind: Kind, file: str
) -> None:
    await known(tmp_path)
    damage(tmp_path)
    before = everything(tmp_path)
    assert kinds(tmp_path) == [(kind, file)]
    assert everything(tmp_path) == before


@pytest.mark.parametrize(("damage", "kind", "file"), DAMAGES, ids=NAMES)
async def test_what_was_mended_has_no_findings_and_what_did_not_read_is_kept(
    tmp_path: Path, damage: Callable[[Path], object], kind: Kind, file: str
) -> None:
    await known(tmp_path)
    damage(tmp_path)
    assert kind in MENDED
    aside = await repair(tmp_path, FACTS.id)
    assert kinds(tmp_path) == []
    kept = kind in (Kind.DAMAGED, Kind.MISPLACED)
    assert [name.startswith(f"{file}.damaged-") for name in aside if "missing" not in name] == (
        [True] if kept else []
    )
    assert all(os.path.lexists(folder(tmp_path) / name) for name in aside if "missing" not in name)


async def test_a_packed_history_is_read_as_if_it_were_not(tmp_path: Path) -> None:
    await known(tmp_path)
    packed = folder(tmp_path) / PACKED
    packed.write_bytes(gzip.compress(history(tmp_path).read_bytes()))
    history(tmp_path).unlink()
    assert kinds(tmp_path) == []
    packed.write_bytes(packed.read_bytes()[:-30])
    before = everything(tmp_path)
    assert {finding.session for finding in check(tmp_path).findings} == {FACTS.id}
    assert everything(tmp_path) == before
    aside = await repair(tmp_path, FACTS.id)
    assert aside[0].startswith(f"{PACKED}.damaged-")
    assert kinds(tmp_path) == []


async def test_half_a_turn_is_found_and_left_as_it_is(tmp_path: Path) -> None:
    await known(tmp_path)
    half(tmp_path)
    (found,) = (f for f in check(tmp_path).findings if f.kind is Kind.HALF_TURN)
    assert "u3" in found.detail
    before = history(tmp_path).read_bytes()
    await repair(tmp_path, FACTS.id)
    assert kinds(tmp_path) == [(Kind.HALF_TURN, HISTORY)]
    assert history(tmp_path).read_bytes() == before


async def test_words_of_nobody_are_found(tmp_path: Path) -> None:
    await known(tmp_path)
    nobody = folder(tmp_path).with_name("whose")
    folder(tmp_path).rename(nobody)
    (nobody / METADATA).unlink()
    entry = b'{"id":"s1","at":"2026-01-30T12:00:00Z","role":"summary","content":"x",'
    entry += b'"covers":["a","b"],"messages":1,"tokens":1}\n'
    (nobody / HISTORY).write_bytes(b"[\n" + entry + CLOSING)
    found = {finding.session: finding.kind for finding in check(tmp_path).findings}
    assert found == {SessionId("whose"): Kind.UNOWNED, FACTS.id: Kind.GONE}


async def test_what_a_newer_argent_wrote_is_found_and_not_called_damaged(tmp_path: Path) -> None:
    await known(tmp_path)
    value = orjson.loads(facts(tmp_path).read_bytes())
    facts(tmp_path).write_bytes(orjson.dumps(value | {"version": 99}))
    assert kinds(tmp_path) == [(Kind.NEWER, METADATA)]


async def test_folders_and_index_are_compared(tmp_path: Path) -> None:
    await known(tmp_path)
    other = session("2")
    folder(tmp_path).rename(folder(tmp_path, other))
    found = [(finding.session, finding.kind) for finding in check(tmp_path).findings]
    assert found == [(FACTS.id, Kind.GONE), (other.id, Kind.UNINDEXED)]


async def test_a_stray_file_is_told_from_one_in_the_place_of_a_session(tmp_path: Path) -> None:
    await known(tmp_path)
    Layout(tmp_path).sessions.joinpath("README").touch()
    Layout(tmp_path).sessions.joinpath("telegram_5_main").touch()
    found = [(finding.session, finding.kind) for finding in check(tmp_path).findings]
    assert found == [("README", Kind.STRAY), ("telegram_5_main", Kind.MISPLACED)]
    await repair(tmp_path, SessionId("telegram_5_main"))
    assert [finding.session for finding in check(tmp_path).findings] == ["README"]


async def test_only_the_named_sessions_are_checked(tmp_path: Path) -> None:
    await known(tmp_path)
    spoil(tmp_path)
    state = await open_state(tmp_path)
    other = session("2")
    await state.sessions.append(other, turn(1))
    await state.ledger.index(other)
    await state.close()
    assert check(tmp_path, other.id) == Report(checked=1)
    assert check(tmp_path).checked == 2


async def test_a_damaged_ledger_is_told_once(tmp_path: Path) -> None:
    await known(tmp_path)
    Layout(tmp_path).database.write_bytes(b"no database" * 1000)
    report = check(tmp_path)
    assert report.findings == ()
    assert report.ledger is not None
    assert "damaged" in report.ledger


async def test_a_gateway_that_is_writing_is_not_found_wrong(tmp_path: Path) -> None:
    await known(tmp_path)
    whole = history(tmp_path).read_bytes()
    looked = 0
    tear(tmp_path)

    def heal(*_: object) -> None:
        nonlocal looked
        looked += 1
        history(tmp_path).write_bytes(whole)

    assert Inspection(tmp_path, live=True, wait=heal).check(step=lambda: None) == Report(checked=1)
    assert looked == 1


def test_sessions_are_resolved_by_key_id_and_beginning() -> None:
    names = [SessionId(f"telegram_{chat}_main") for chat in ("1", "12", "3")]
    assert resolve("telegram:1:main", names) == (names[0],)
    assert resolve("telegram_1", names) == (names[0], names[1])
    assert resolve("telegram:3", names) == (names[2],)
    assert resolve("", names) == ()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_nothing_that_stands_in_the_files_breaks_the_check(data: st.DataObject) -> None:
    whole = WHOLE
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    put = data.draw(st.binary(max_size=20))
    examined = examine(FACTS.id, None, whole[:start] + put + whole[stop:])
    assert all(isinstance(finding, Finding) for finding in examined.findings)
    assert examined.is_session


def _whole() -> bytes:
    from state.codec import dumps, entry_to_json
    from state.files import journal

    lines = [dumps(entry_to_json(entry)) for number in (1, 2) for entry in turn(number)]
    return journal.OPENING + journal.frame(lines, journal.FIRST)


WHOLE = _whole()
