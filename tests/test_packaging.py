"""The wheel holds everything and works in another folder; the README keeps step."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

from tests.server_process import ROOT, clean_environment, serving

README = ROOT / "README.md"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source archive, and the wheel from that, in a copy: the checkout gets no build folder."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    files = ["setup.cfg", "pyproject.toml", "README.md", "LICENSE", "uproot_aio", "static", "templates"]
    for name in files:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    arguments = ["--no-isolation", "--outdir", str(target), str(source)]
    built = subprocess.run(
        [sys.executable, "-m", "build", *arguments], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return next(target.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel beside what the checks have installed, into a folder of its own."""
    target = tmp_path_factory.mktemp("installed")
    arguments = ["install", "--quiet", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True)
    return target


def shipped(folder: str, inside: str, patterns: list[str]) -> set[str]:
    paths = {path for pattern in patterns for path in (ROOT / folder).rglob(pattern) if path.is_file()}
    return {
        f"{inside}/{path.relative_to(ROOT / folder).as_posix()}"
        for path in paths
        if "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def test_the_wheel_holds_every_module_static_file_and_template_and_nothing_else(wheel: Path) -> None:
    expected = (
        shipped("uproot_aio", "uproot_aio", ["*.py", "py.typed"])
        | shipped("static", "uproot_aio/static", ["*"])
        | shipped("templates", "uproot_aio/templates", ["*"])
    )
    expected = {name for name in expected if not re.fullmatch(r"uproot_aio/static/vendor/.*\.py", name)}

    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert names == expected
    assert "uproot_aio/static/uproot.js" in names
    assert "uproot_aio/templates/Base.html" in names


def test_the_wheel_knows_its_version_command_and_licence(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    texts = {name.partition(".dist-info/")[2]: name for name in archive.namelist()}

    metadata = archive.read(texts["METADATA"]).decode()
    commands = archive.read(texts["entry_points.txt"]).decode()

    assert "\nVersion: 0.1.0\n" in metadata
    assert re.search(r"^License(-Expression)?: MIT$", metadata, re.MULTILINE)
    assert "uproot-aio = uproot_aio.cli:main" in commands
    assert "licenses/LICENSE" in texts


def test_an_installed_wheel_serves_its_static_files_in_another_folder(
    installed: Path, tmp_path: Path
) -> None:
    command = "import sys; from uproot_aio.cli import main; sys.exit(main())"
    program = (sys.executable, "-c", command)
    environment = {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    question = "from uproot_aio.resources import *; print(static_folder(), templates_folder())"

    folders = subprocess.run(
        [sys.executable, "-c", question],
        cwd=tmp_path,
        env=clean_environment(environment),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    with (
        serving(folder=tmp_path, program=program, environment=environment) as server,
        urllib.request.urlopen(f"{server.address}static/_uproot/uproot.js", timeout=5) as response,
    ):
        script = response.read()

    assert folders == [str(installed / "uproot_aio" / name) for name in ("static", "templates")]
    assert script == (ROOT / "static" / "uproot.js").read_bytes()


@pytest.mark.installed
@pytest.mark.skipif(not os.environ.get("CI"), reason="installs from the package index: only with CI=true")
def test_a_new_environment_gets_all_that_is_needed_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "environment", with_pip=True)
    programs = tmp_path / "environment" / "bin"
    folder = tmp_path / "study"
    folder.mkdir()

    subprocess.run([programs / "pip", "install", "--quiet", wheel], check=True)
    subprocess.run([programs / "uproot-aio", "new", "my_first"], cwd=folder, check=True)
    with serving(folder=folder, program=(str(programs / "uproot-aio"),)) as server:
        with urllib.request.urlopen(f"{server.address}static/_uproot/uproot.js", timeout=5) as response:
            status = response.status
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(timeout=10)

    assert (status, code) == (200, 0)
    assert "1 experiment:\n  my_first" in server.start_page


def requirements() -> list[str]:
    """Return the names of all required packages, extras included."""
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "setup.cfg")
    texts = [metadata["options"]["install_requires"], *metadata["options.extras_require"].values()]
    return sorted({re.split(r"[ >=;]", line)[0] for text in texts for line in text.splitlines() if line})


@pytest.mark.parametrize("name", requirements())
def test_the_readme_says_what_each_dependency_is_for(name: str) -> None:
    assert re.search(rf"^\| {re.escape(name)} \| .{{10,}} \|$", README.read_text("utf-8"), re.MULTILINE)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()

    assert script[-1] == "python3 -m tests"
    assert "```sh\npython3 -m tests\n```" in README.read_text("utf-8")
