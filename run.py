"""Start the server from a checkout: python run.py."""

import sys


def main() -> int:
    """Serve, or say on one line what is missing."""
    if sys.version_info < (3, 11):  # noqa: UP036  pip is not there to check it
        sys.stderr.write(f"uproot_aio needs Python 3.11 or newer; this is {sys.version.split()[0]}.\n")
        return 2
    try:
        from uproot_aio.cli import main as run
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "uproot_aio":
            raise
        sys.stderr.write(f"{error.name} is not installed: {sys.executable} -m pip install -e .\n")
        return 2
    return run()


if __name__ == "__main__":
    sys.exit(main())
