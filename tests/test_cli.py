"""The command line, as processes: what is served, what is refused and how."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.server_process import ROOT, RUN, run, serving
from uproot_aio.settings_table import SETTINGS

MODULE = (
    sys.executable,
    "-c",
    f"import sys; sys.path.insert(0, {str(ROOT)!r})\nimport runpy\n"
    "sys.argv[0] = 'uproot_aio'\nrunpy.run_module('uproot_aio', run_name='__main__')",
)
UNPRIVILEGED = (
    RUN
    if os.geteuid()
    else ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-net_bind_service", *RUN)
)
"""Also the administrator is refused what others are refused."""
unprivileged = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="the administrator may do everything"
)


def assert_refused(finished: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert finished.returncode == 2, finished
    assert finished.stdout == ""
    assert finished.stderr.startswith("uproot-aio: ")
    assert len(finished.stderr.splitlines()) == 1, finished.stderr
    assert all(part in finished.stderr for part in parts), finished.stderr


def test_help_explains_every_setting_that_has_a_flag(tmp_path: Path) -> None:
    finished = run("--help", folder=tmp_path, environment={"COLUMNS": "100"})

    assert finished.returncode == 0
    words = " ".join(finished.stdout.split())
    for setting in SETTINGS.values():
        assert (setting.flag or setting.variable) in words
        if setting.flag:
            assert setting.explanation.replace("`", "") in words


@pytest.mark.parametrize("program", [RUN, MODULE], ids=["run.py", "python -m uproot_aio"])
def test_it_serves_where_it_is_started_and_ends_in_peace(tmp_path: Path, program: Sequence[str]) -> None:
    with serving(folder=tmp_path, program=program) as server:
        with urllib.request.urlopen(server.address, timeout=5) as response:
            status = response.status

        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(timeout=10)

    assert status == 200
    assert code == 0
    assert time.monotonic() - began < 5
    assert str(tmp_path / "data") in server.start_page


def test_ctrl_c_ends_the_server_in_peace(tmp_path: Path) -> None:
    with serving(folder=tmp_path) as server:
        server.process.send_signal(signal.SIGINT)

        rest, _ = server.process.communicate(timeout=10)

    assert server.process.returncode == 0
    assert "Traceback" not in rest


def test_without_experiments_it_says_how_to_begin(tmp_path: Path) -> None:
    with serving(folder=tmp_path) as server:
        pass

    assert f"  cd {tmp_path}\n  {shlex.join(RUN)} new my_first\n" in server.start_page


def test_an_open_server_prints_an_address_that_other_machines_can_use(tmp_path: Path) -> None:
    password = {"UPROOT_AIO_ADMIN_PASSWORD": "correct horse battery staple"}

    with (
        serving("--host", "0.0.0.0", folder=tmp_path, environment=password) as server,
        urllib.request.urlopen(server.address, timeout=5) as response,
    ):
        status = response.status

    assert status == 200
    assert "//0.0.0.0" not in server.start_page


def test_a_first_app_is_made_and_found_by_the_server(tmp_path: Path) -> None:
    made = run("new", "my_first", folder=tmp_path)

    with serving(folder=tmp_path) as server:
        pass

    assert made.returncode == 0
    assert str(tmp_path / "experiments" / "my_first") in made.stdout
    assert "1 experiment:\n  my_first  A greeting and a counter\n" in server.start_page


@pytest.mark.parametrize(
    "arguments", [["new", "quiz", "--experiments", "apps"], ["--experiments", "apps", "new", "quiz"]]
)
def test_a_first_app_is_made_in_the_folder_that_is_named(tmp_path: Path, arguments: list[str]) -> None:
    finished = run(*arguments, folder=tmp_path)

    assert finished.returncode == 0
    assert (tmp_path / "apps" / "quiz" / "__init__.py").exists()


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--prot", "1"], ["No such option '--prot'", "--port"]),
        (["--port", "x"], ['--port is "x"; it must be a whole number from 0 to 65535.']),
        (["--loop", "uvlop"], ['Did you mean "uvloop"?']),
        (["--host", "0.0.0.0"], ["need a password", "UPROOT_AIO_ADMIN_PASSWORD"]),
        (["serv"], ["No such command 'serv'"]),
        (["new"], ["Missing argument 'NAME'"]),
        (["new", "1st"], ["cannot be the name of an app"]),
    ],
)
def test_a_wrong_command_line_is_refused_with_one_line(
    tmp_path: Path, arguments: list[str], parts: list[str]
) -> None:
    finished = run(*arguments, folder=tmp_path)

    assert_refused(finished, *parts)


def test_a_wrong_variable_and_a_wrong_file_are_refused_with_one_line(tmp_path: Path) -> None:
    by_variable = run(folder=tmp_path, environment={"UPROOT_AIO_PROT": "1"})
    (tmp_path / "uproot_aio.toml").write_text("[server]\nport = 1\n", encoding="utf-8")
    by_file = run(folder=tmp_path)

    assert_refused(by_variable, "UPROOT_AIO_PROT", "Did you mean UPROOT_AIO_PORT?")
    assert_refused(by_file, "uproot_aio.toml", '"server"')


def test_a_port_in_use_is_refused_with_one_line(tmp_path: Path) -> None:
    with serving(folder=tmp_path) as server:
        port = server.address.rstrip("/").rpartition(":")[2]

        finished = run("--port", port, "--data", "other", folder=tmp_path)

    assert_refused(
        finished, f"Port {port} on 127.0.0.1 cannot be used: Address already in use. Stop what uses it"
    )


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("192.0.2.1", "Cannot assign requested address. This machine has no such address"),
        ("no-such-host.invalid", "Check the name given with --host."),
    ],
)
def test_an_address_that_is_not_ours_is_refused_with_one_line(tmp_path: Path, host: str, why: str) -> None:
    password = {"UPROOT_AIO_ADMIN_PASSWORD": "correct horse battery staple"}

    finished = run("--host", host, "--port", "0", folder=tmp_path, environment=password)

    assert_refused(finished, f"Port 0 on {host} cannot be used: ", why)


@unprivileged
def test_a_port_that_needs_rights_is_refused_with_one_line(tmp_path: Path) -> None:
    finished = run("--port", "80", folder=tmp_path, program=UNPRIVILEGED)

    assert_refused(finished, "Port 80 on 127.0.0.1 cannot be used: Permission denied. Ports below 1024")


@unprivileged
def test_an_experiments_folder_that_cannot_be_read_is_refused_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir(mode=0)

    finished = run("--port", "0", folder=tmp_path, program=UNPRIVILEGED)

    assert_refused(finished, str(tmp_path / "experiments"), "Permission denied", "--experiments")


@unprivileged
@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_a_data_file_that_cannot_be_written_is_refused_with_one_line(tmp_path: Path, mode: int) -> None:
    with serving(folder=tmp_path):
        pass
    (tmp_path / "data" / "data.mdb").chmod(mode)

    finished = run("--port", "0", folder=tmp_path, program=UNPRIVILEGED)

    assert_refused(finished, str(tmp_path / "data" / "data.mdb"), "Permission denied", "--data")


@pytest.mark.parametrize("first", [0, 2 * 4096])
def test_a_damaged_data_file_is_refused_with_one_line(tmp_path: Path, first: int) -> None:
    with serving(folder=tmp_path):
        pass
    file = tmp_path / "data" / "data.mdb"
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(first)
        opened.write(random.Random(1).randbytes(size - first))

    finished = run("--port", "0", folder=tmp_path)

    assert_refused(finished, str(tmp_path / "data"), "Restore the data folder from a backup.")


def test_a_data_file_that_was_cut_off_is_refused_with_one_line(tmp_path: Path) -> None:
    with serving(folder=tmp_path):
        pass
    file = tmp_path / "data" / "data.mdb"
    os.truncate(file, 3 * 4096)

    finished = run("--port", "0", folder=tmp_path)

    assert_refused(finished, f"{file} is cut off. Restore the data folder from a backup.")


def test_a_data_folder_that_another_server_has_open_is_refused_with_one_line(tmp_path: Path) -> None:
    with serving(folder=tmp_path):
        finished = run("--port", "0", folder=tmp_path)

    assert_refused(finished, str(tmp_path / "data"))


def test_a_data_folder_that_cannot_be_made_is_refused_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    finished = run("--port", "0", "--data", "file/data", folder=tmp_path)

    assert_refused(finished, str(tmp_path / "file" / "data"))


def test_the_checkout_says_what_is_not_installed(tmp_path: Path) -> None:
    bare = (sys.executable, "-S", "-E", str(ROOT / "run.py"))

    finished = run(folder=tmp_path, program=bare)

    assert finished.returncode == 2
    assert "is not installed" in finished.stderr
    assert "pip install -e ." in finished.stderr
