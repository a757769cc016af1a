"""What is in the repository speaks of the project alone, and nothing of it is left out."""

import re
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT, git, tracked

# Each is written so that it does not match itself.
STRANGERS = {
    "a package registry's host": re.compile(r"pypi\.org|pythonhosted\.org|anaconda\.org|npmjs\."),
    "a path of somebody's machine": re.compile(r"(?<![\w.])/(?:work|root)/"),
    "a word about who wrote it": re.compile(
        r"co-authored[-]by|(?<!auto)generated (?:by|with) (?:an? )?(?:ai|llm|assistant|model)\b",
        re.IGNORECASE,
    ),
    "a document that is not here": re.compile(r"\b(?:DESIGN|ENGINE|PREAMBLE)\.md"),
}

# A Markdown link to a file; addresses and places within a page are not looked at.
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")

BINARY = {".png", ".jpg", ".gif", ".ico", ".woff2", ".ogg", ".mp3", ".pdf", ".db"}


def strangers(path: Path, text: str) -> list[str]:
    return [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {what}: {match.group()!r}"
        for what, pattern in STRANGERS.items()
        for match in pattern.finditer(text)
    ]


def test_no_file_speaks_of_anything_but_the_project():
    texts = [path for path in tracked() if path.suffix not in BINARY]
    assert not [
        line
        for path in texts
        for line in strangers(path, (ROOT / path).read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("text", ["https://pypi" + ".org/simple", "cd /work" + "/main"])
def test_a_stranger_is_seen(text):
    assert strangers(Path("README.md"), text)


def test_every_link_between_the_documents_leads_somewhere():
    broken = [
        f"{path}: {target}"
        for path in tracked()
        if path.suffix == ".md"
        for target in LINK.findall((ROOT / path).read_text(encoding="utf-8"))
        if not (ROOT / path.parent / target).exists()
    ]
    assert not broken


def test_the_install_names_no_address():
    files = [*ROOT.glob("requirements*.lock"), ROOT / "Makefile", *(ROOT / ".ci").iterdir()]
    assert not [file.name for file in files if "://" in file.read_text()]


def test_there_is_one_kind_of_lock_file():
    assert not {"uv.lock", "poetry.lock", "Pipfile.lock"} & {path.name for path in tracked()}


def test_ignored_folders_are_anchored():
    """An unanchored `sessions/` would keep a package of that name out of the repository."""
    lines = (ROOT / ".gitignore").read_text().splitlines()
    folders = [line for line in lines if line.endswith("/") and line != "__pycache__/"]
    assert not [line for line in folders if not line.startswith("/")]


def test_no_source_is_ignored():
    ignored = git("ls-files", "--others", "--ignored", "--exclude-standard", *PACKAGES, "tests")
    assert not [name for name in ignored.splitlines() if not name.endswith((".pyc", ".pyo"))]
