import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.workspace.errors import FileRefused, OutsideWorkspace
from agents.workspace.paths import parse

NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=20
)
STEPS = st.one_of(NAMES, st.sampled_from(["", ".", ".."]))


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("", ()), (".", ()), ("/workspace", ()), ("/workspace/", ()), ("a", ("a",)),
        ("/workspace/a/b", ("a", "b")), ("a//./b/", ("a", "b")), ("a/../b", ("b",)),
        ("workspace/a", ("workspace", "a")), ("a/.argent", ("a", ".argent")),
    ],
)  # fmt: skip
def test_a_path_is_the_names_on_the_way(path: str, names: tuple[str, ...]) -> None:
    assert parse(path) == names


@pytest.mark.parametrize("path", ["/", "/etc", "/workspaces", "/workspace/..", "..", "a/../.."])
def test_what_is_not_below_the_workspace_is_outside(path: str) -> None:
    with pytest.raises(OutsideWorkspace):
        parse(path)


@given(st.lists(STEPS, max_size=12))
def test_no_path_leads_up(steps: list[str]) -> None:
    path = "/".join(steps)
    depth, out = 0, path.startswith("/") and not f"{path}/".startswith("/workspace/")
    for step in steps:
        depth += {"": 0, ".": 0, "..": -1}.get(step, 1)
        out = out or (depth < 0 and not path.startswith("/"))
    try:
        names = parse(path)
    except OutsideWorkspace:
        assert out or path.startswith("/")
    except FileRefused:
        assert ".argent" in path.casefold()
    else:
        assert not out
        assert not {"", ".", ".."} & set(names)


@given(st.text())
def test_any_text_is_a_path_or_refused(path: str) -> None:
    try:
        names = parse(path)
    except FileRefused as error:
        refused = str(error)
        assert len(refused) < 1_000
    else:
        assert all("/" not in name and "\0" not in name for name in names)
