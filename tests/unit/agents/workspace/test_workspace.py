import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.workspace import beneath
from agents.workspace.errors import FileRefused, OutsideWorkspace, TooLarge
from agents.workspace.workspace import Listed, Workspace

SECRET = "canary-7f3a9c"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text(SECRET)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "note").write_text("hello")
    return folder


@pytest.fixture(params=["openat2", "steps"])
def workspace(
    request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    opening = {"openat2": beneath.by_openat2, "steps": beneath.by_steps}[request.param]
    monkeypatch.setattr(beneath, "_opening", opening)
    with Workspace(folder) as made:
        yield made


@pytest.fixture
def follows(workspace: Workspace) -> bool:
    """Whether links within the workspace are followed at all."""
    return beneath._opening is beneath.by_openat2


def test_this_machine_opens_in_one_step_if_its_kernel_can() -> None:
    root = os.open("/", beneath.FOLDER)
    try:
        os.close(beneath.by_openat2(root, (), beneath.FOLDER, 0, True))
    except OSError:
        assert beneath._opening is beneath.by_steps
    else:
        assert beneath._opening is beneath.by_openat2
    finally:
        os.close(root)


@pytest.mark.parametrize(
    "path", ["deep/note", "./deep//note", "/workspace/deep/note", "a/../deep/note"]
)
def test_a_file_is_read(workspace: Workspace, path: str) -> None:
    assert workspace.read(path).data == b"hello"


@pytest.mark.parametrize(
    "path", ["../outside/secret", "/etc/passwd", "deep/../../outside/secret", ".."]
)
def test_a_path_that_leads_out_is_refused(workspace: Workspace, outside: Path, path: str) -> None:
    for attempt in (workspace.read, workspace.list, lambda given: workspace.write(given, b"x")):
        with pytest.raises(OutsideWorkspace, match="outside your workspace"):
            attempt(path)


@pytest.mark.parametrize("target", ["../outside/secret", "/etc/passwd", "/proc/self/environ"])
def test_a_link_that_leads_out_is_not_followed(
    workspace: Workspace, folder: Path, outside: Path, target: str
) -> None:
    (folder / "link").symlink_to(target)
    with pytest.raises(FileRefused):
        workspace.read("link")


def test_a_link_within_the_workspace_is_followed_by_reading(
    workspace: Workspace, folder: Path, follows: bool
) -> None:
    (folder / "link").symlink_to("deep/note")
    if follows:
        assert workspace.read("link").data == b"hello"
    else:
        with pytest.raises(FileRefused, match="link"):
            workspace.read("link")


def test_a_folder_that_is_a_link_out_is_neither_read_nor_written_to(
    workspace: Workspace, folder: Path, outside: Path
) -> None:
    (folder / "out").symlink_to(outside)
    for attempt in (
        lambda: workspace.read("out/secret"),
        lambda: workspace.list("out"),
        lambda: workspace.write("out/new", b"x"),
        lambda: workspace.write("out/deeper/new", b"x"),
    ):
        with pytest.raises(FileRefused):
            attempt()
    assert [each.name for each in outside.iterdir()] == ["secret"]


def test_writing_goes_through_no_link_at_all(workspace: Workspace, folder: Path) -> None:
    (folder / "reserved").symlink_to("deep")
    with pytest.raises(FileRefused):
        workspace.write("reserved/new", b"x")


def test_writing_replaces_a_link_and_leaves_what_it_led_to(
    workspace: Workspace, folder: Path, outside: Path
) -> None:
    (folder / "link").symlink_to(outside / "secret")
    assert workspace.write("link", b"new")
    assert not (folder / "link").is_symlink()
    assert (outside / "secret").read_text() == SECRET


def test_a_pipe_and_a_device_and_a_socket_are_refused_at_once(
    workspace: Workspace, folder: Path
) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(FileRefused, match="no plain file"):
        workspace.read("pipe")
    assert workspace.write("pipe", b"now a file")
    assert workspace.read("pipe").data == b"now a file"


def test_a_file_with_a_second_name_is_refused_to_those_who_are_not_trusted(
    workspace: Workspace, folder: Path, outside: Path
) -> None:
    os.link(outside / "secret", folder / "second")
    with pytest.raises(FileRefused, match="more than one name"):
        workspace.read("second")
    with Workspace(folder, strict=False) as trusted:
        assert trusted.read("second").data == SECRET.encode()


def test_a_large_file_is_not_read(workspace: Workspace, folder: Path) -> None:
    with (folder / "large").open("wb") as file:
        file.truncate(10 << 30)
    with pytest.raises(TooLarge, match="10737418240 bytes"):
        workspace.read("large")
    with pytest.raises(TooLarge):
        workspace.write("large", bytes((1 << 20) + 1))


def test_writing_makes_folders_that_are_private(workspace: Workspace, folder: Path) -> None:
    assert workspace.write("a/b/c", b"deep") is False
    assert (folder / "a/b/c").read_bytes() == b"deep"
    assert stat.S_IMODE((folder / "a").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "a/b/c").stat().st_mode) == 0o600


def test_what_is_written_belongs_to_the_workspace_s_user(tmp_path: Path, folder: Path) -> None:
    owner = 66_000 if os.geteuid() == 0 else os.geteuid()
    os.chown(folder, owner, -1)
    with Workspace(folder) as workspace:
        workspace.write("a/b", b"x")
    assert {(folder / path).stat().st_uid for path in ("a", "a/b")} == {owner}


def test_a_program_stays_one_when_it_is_replaced(workspace: Workspace, folder: Path) -> None:
    (folder / "run").write_text("old")
    (folder / "run").chmod(0o4755)
    workspace.write("run", b"new")
    assert stat.S_IMODE((folder / "run").stat().st_mode) == 0o755


def test_writing_where_a_folder_is_is_refused_and_leaves_nothing(
    workspace: Workspace, folder: Path
) -> None:
    with pytest.raises(FileRefused, match="is a folder"):
        workspace.write("deep", b"x")
    with pytest.raises(FileRefused, match="is a folder"):
        workspace.write("", b"x")
    assert [each.name for each in folder.iterdir()] == ["deep"]


def test_a_version_that_was_changed_meanwhile_is_not_replaced(
    workspace: Workspace, folder: Path
) -> None:
    before = workspace.read("deep/note").version
    workspace.write("deep/note", b"by another")
    with pytest.raises(FileRefused, match="changed meanwhile"):
        workspace.write("deep/note", b"mine", instead_of=before)
    assert workspace.read("deep/note").data == b"by another"


def test_a_folder_is_listed_with_what_its_entries_are(workspace: Workspace, folder: Path) -> None:
    (folder / "link").symlink_to("deep")
    (folder / "note").write_text("four")
    os.mkfifo(folder / "pipe")
    entries, count = workspace.list()
    assert entries == (
        Listed("deep", "folder", 0),
        Listed("link", "link", 0),
        Listed("note", "file", 4),
        Listed("pipe", "other", 0),
    )
    assert workspace.list("/workspace", most=1) == (entries[:1], count)


def test_names_that_are_no_text_are_shown_but_not_opened(
    workspace: Workspace, folder: Path
) -> None:
    (folder / os.fsdecode(b"\xff")).write_text("x")
    entries, _ = workspace.list()
    assert "\N{REPLACEMENT CHARACTER}" in [each.name for each in entries]


def test_the_reserved_folder_is_not_touched(workspace: Workspace) -> None:
    for path in (".argent/prompt", ".Argent/x", "a/../.argent/x"):
        with pytest.raises(FileRefused, match="not yours"):
            workspace.write(path, b"x")


def test_another_file_system_is_outside(workspace: Workspace, folder: Path) -> None:
    """Nobody can mount in here; what is seen is the rule, by a folder that is always another's."""
    with Workspace(Path("/")) as root, pytest.raises(FileRefused):
        root.list("proc")


def test_what_cannot_be_named_is_refused(workspace: Workspace) -> None:
    for path in ("a\0b", "x" * 5000, "y" * 256, "\ud800"):
        with pytest.raises(FileRefused):
            workspace.read(path)


def test_the_place_of_a_workspace_is_told_to_nobody(workspace: Workspace, folder: Path) -> None:
    for path in ("none", "none/none", "deep/note/x", "../x"):
        with pytest.raises(FileRefused) as refused:
            workspace.read(path)
        assert str(folder) not in str(refused.value)


def test_no_descriptor_stays_open(workspace: Workspace, folder: Path) -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    for attempt in ("deep/note", "none", "deep", "../x", "a/b/c"):
        for act in (workspace.read, workspace.list, lambda path: workspace.write(path, b"x")):
            try:
                act(attempt)
            except FileRefused:
                continue
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_a_folder_that_is_removed_meanwhile_is_simply_not_there(
    workspace: Workspace, folder: Path
) -> None:
    subprocess.run(["rm", "-r", str(folder)], check=True)
    with pytest.raises(FileRefused, match="does not exist"):
        workspace.read("deep/note")
    with pytest.raises(FileRefused):
        workspace.write("a", b"x")
