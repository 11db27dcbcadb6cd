"""Run every check as CI does: `python3 -m tests`. Further arguments go to pytest.

Needs Python 3.11 or newer and nothing else: makes .venv and installs there what the checks need. Node.js is
used where it is found; with CI=true nothing may be missing.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = str(BIN / "python")
IS_CI = os.environ.get("CI", "").lower() in {"true", "1"}


def main(pytest_arguments: list[str]) -> int:
    """Run all checks, also after one has failed, and return 0 if none did."""
    if sys.version_info < (3, 11):  # noqa: UP036  this runs before pip could check it
        print("The checks need Python 3.11 or newer; this is", sys.version.split()[0])
        return 2
    if not install():
        return 1
    checks = [
        ("format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
        ("lint", [PYTHON, "-m", "ruff", "check", "."]),
        ("types", [PYTHON, "-m", "mypy"]),
        ("layers", [str(BIN / "lint-imports")]),
        *javascript_checks(),
        ("docs", [PYTHON, "-m", "mkdocs", "build", "--strict"]),  # --quiet would let warnings pass
        ("tests", [PYTHON, "-m", "pytest", *pytest_arguments]),
    ]
    failed = [name for name, arguments in checks if not run(name, arguments)]
    print(f"\nFailed: {', '.join(failed)}." if failed else "\nAll checks are green.")
    return 1 if failed else 0


def install() -> bool:
    """Make .venv and install the project with what its checks need, unless that has been done."""
    needs = (ROOT / "setup.cfg").read_bytes() + (ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode()
    done = VENV / f"installed-{hashlib.sha256(needs).hexdigest()[:16]}"
    if done.exists():
        return True
    if not Path(PYTHON).exists() and not run("environment", [sys.executable, "-m", "venv", str(VENV)]):
        return False
    if not run("install", [PYTHON, "-m", "pip", "install", "--quiet", "--editable", ".[dev]"]):
        return False
    done.touch()
    return True


def javascript_checks() -> list[tuple[str, list[str]]]:
    """Return the type check of static/*.js, preceded by the compiler's installation if that is due."""
    npm = shutil.which("npm")
    if npm is None:
        if IS_CI:
            return [("javascript", [PYTHON, "-c", "raise SystemExit('CI needs Node.js with npm')"])]
        print("javascript: skipped, since npm is not installed")
        return []
    lock, installed = ROOT / "package-lock.json", ROOT / "node_modules" / ".package-lock.json"
    is_current = installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime
    compiler = ("javascript", [npm, "exec", "--no", "--", "tsc", "--project", "."])
    return [compiler] if is_current else [("npm", [npm, "ci", "--no-audit", "--no-fund"]), compiler]


def run(name: str, arguments: list[str]) -> bool:
    """Run one command in the project's root and tell whether it succeeded."""
    print(f"\n== {name}: {' '.join(arguments)}", flush=True)
    began = time.monotonic()
    succeeded = subprocess.run(arguments, cwd=ROOT, check=False).returncode == 0
    print(f"== {name}: {'ok' if succeeded else 'FAILED'} after {time.monotonic() - began:.0f} s", flush=True)
    return succeeded


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
