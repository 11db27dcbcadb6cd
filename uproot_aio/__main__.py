"""Run `python -m uproot_aio`."""

from __future__ import annotations

import sys

from uproot_aio.cli import main

if __name__ == "__main__":
    sys.exit(main())
