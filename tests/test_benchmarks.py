"""The benchmarks run and print what they promise; how fast it was is nobody's business here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.server_process import ROOT, clean_environment

SECONDS = 60


def printed_by(module: str, *arguments: str, folder: Path) -> str:
    """Return what a benchmark prints; its data folders are made in `folder`."""
    ran = subprocess.run(
        [sys.executable, "-m", module, "--folder", str(folder), "--rounds", "1", *arguments],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return ran.stdout


def test_live_prints_ours_beside_the_bare_servers(tmp_path: Path) -> None:
    printed = printed_by("benchmarks.live", "--clients", "1,3", "--seconds", "0.2", folder=tmp_path)

    for line in ("1 client\n", "3 clients\n", "bare echo ", "bare LMDB ", "ours, fsync ", "ours, os "):
        assert line in printed
    assert "above bare LMDB (aim at most 0.35 ms)" in printed
    assert "nan" not in printed


def test_flood_prints_quiet_and_flooded_runs(tmp_path: Path) -> None:
    printed = printed_by(
        "benchmarks.flood", "--clients", "3", "--seconds", "0.5", "--loop", "asyncio", folder=tmp_path
    )

    for line in ("quiet ", "1 MB messages ", "10,000 calls/s "):
        assert line in printed
    assert "nan" not in printed
