"""The check finds exactly what mending changes, whatever became of a session's two files."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from state.codec import dumps, entry_to_json
from state.files import journal, metadata
from state.files.calls import SystemCalls
from state.files.checking import MENDED
from state.files.disk import Disk
from state.files.inspecting import Inspection, Report
from state.files.layout import HISTORY, METADATA, Layout
from state.files.metadata import Facts
from state.files.places import Places
from state.files.writer import SessionWriter
from tests.contracts.examples import NOON, after, session, turn

TURNS = [turn(number) for number in (1, 2, 3)]
LINES = [dumps(entry_to_json(entry)) for entries in TURNS for entry in entries]
WHOLE = journal.OPENING + journal.frame(LINES, journal.FIRST)
SESSION = after(after(after(session(), TURNS[0]), TURNS[1]), TURNS[2])


def facts(behind: int) -> bytes:
    """metadata.json as it was before the last `behind` entries."""
    ends = (*journal.positions(LINES, journal.FIRST), len(WHOLE) - len(journal.CLOSING))
    told = session()
    for entries in TURNS[: (len(LINES) - behind) // 2]:
        told = after(told, entries)
    return metadata.encode(Facts(told, ends[len(LINES) - behind]))


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes | None:
    """The file as it was, changed in a place, or gone."""
    kind = draw(st.sampled_from(["whole", "cut", "changed", "gone"]))
    start = draw(st.integers(0, len(whole)))
    if kind == "changed":
        stop = draw(st.integers(start, min(start + 40, len(whole))))
        return whole[:start] + draw(st.binary(max_size=20)) + whole[stop:]
    return {"whole": whole, "cut": whole[:start], "gone": None}[kind]


def check(root: Path) -> Report:
    return Inspection(root).check(step=lambda: None)


@settings(max_examples=120, deadline=None)
@given(data=st.data(), behind=st.sampled_from([0, 2, 4, 6]))
def test_what_the_check_finds_is_what_mending_mends(data: st.DataObject, behind: int) -> None:
    files = {
        HISTORY: data.draw(damaged(WHOLE), HISTORY),
        METADATA: data.draw(damaged(facts(behind)), METADATA),
    }
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder))
        layout.make()
        place = layout.folder(SESSION.id)
        place.mkdir()
        for name, content in files.items():
            if content is not None:
                (place / name).write_bytes(content)
        found = check(layout.root)
        history = files[HISTORY]
        writer = SessionWriter(Places(layout.root), Disk(layout.root, SystemCalls(), lambda: NOON))
        repaired = writer.repair(SESSION.id)
        writer.finish()
        if not found.findings and repaired is not None:
            assert repaired.aside == ()
            assert history is None or (place / HISTORY).read_bytes() == history
        left = [finding for finding in check(layout.root).findings if finding.kind in MENDED]
        assert left == []
