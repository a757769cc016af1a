"""What is published works by itself: the wheel alone, where there is only what it needs."""

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import gateway
from tests.architecture.sources import PACKAGES, ROOT

pytestmark = pytest.mark.acceptance

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DIST_INFO = f"argent_gateway-{gateway.__version__}.dist-info"
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def run(*command: object, cwd: Path, **variables: str) -> str:
    """What a command prints, run with no more of this process's environment than it must have."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=kept | {"HOME": str(cwd)} | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps"]
    run(*pip, "--wheel-dir", folder, ROOT, cwd=folder, **OFFLINE)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The `bin` folder of a new environment with the wheel in it.

    It sees the dependencies installed here through a `.pth` file. A `.pth` file found there in turn
    is not followed, so the checkout, which is installed by one, stays out of sight.
    """
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
    # The checkout's own metadata is visible too; without this, pip would take it for the project.
    run(*pip, "--ignore-installed", wheel, cwd=folder, **OFFLINE)
    return folder / "bin"


def test_the_wheel_holds_the_four_packages_whole_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.partition("/")[0] for name in names} == {*PACKAGES, DIST_INFO}
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    sources = {path.relative_to(ROOT) for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    assert {str(path) for path in sources} == {name for name in names if name.endswith(".py")}


def test_the_wheel_says_what_it_is_and_what_it_needs(wheel):
    with zipfile.ZipFile(wheel) as archive:
        metadata = HeaderParser().parsestr(archive.read(f"{DIST_INFO}/METADATA").decode())
        scripts = archive.read(f"{DIST_INFO}/entry_points.txt").decode()
        assert f"{DIST_INFO}/licenses/LICENSE" in archive.namelist()
    assert metadata["Name"] == "argent-gateway"
    assert metadata["Version"] == gateway.__version__
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    needed = {Requirement(line) for line in metadata.get_all("Requires-Dist", [])}
    assert {line for line in needed if not line.marker} == {
        Requirement(line) for line in PROJECT["dependencies"]
    }
    assert "argent = gateway.cli.main:main" in scripts


def test_the_installed_packages_are_the_wheels_own(installed, tmp_path):
    program = (
        "import sys, importlib as i\nfor n in sys.argv[1:]: print(i.import_module(n).__file__)"
    )
    printed = run(installed / "python", "-c", program, *PACKAGES, cwd=tmp_path)
    files = [Path(line) for line in printed.splitlines()]
    assert len(files) == len(PACKAGES)
    assert all(file.is_relative_to(installed.parent) for file in files)


def test_the_installed_command_tells_its_version(installed, tmp_path):
    assert gateway.__version__ in run(installed / "argent", "--version", cwd=tmp_path)


def test_a_newcomer_without_keys_gets_a_labelled_answer_and_it_is_kept(installed, tmp_path):
    state = tmp_path / "state"
    variables = {"ARGENT_STATE_DIR": str(state), "ARGENT_AGENTS__DEFAULTS__MODEL": "offline"}
    answer = run(installed / "argent", "ask", "Hello there", cwd=tmp_path, **variables)
    assert "offline" in answer.lower()
    (history,) = state.rglob("history.json")
    said = json.loads(history.read_text())
    assert (said[0]["role"], said[0]["content"]) == ("user", "Hello there")
    assert said[-1]["role"] == "assistant"
    listed = run(installed / "argent", "sessions", "list", cwd=tmp_path, **variables)
    assert "terminal" in listed
