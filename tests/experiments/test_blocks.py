"""The shipped experiments contain the documented code as it is documented."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from tests.experiments.blocks import BLOCKS, Block

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.file}: {block.text.splitlines()[0]}")
def test_a_documented_block_stands_in_an_experiment_as_it_is(block: Block) -> None:
    source = (EXPERIMENTS / block.file).read_text(encoding="utf-8")

    assert any(indent(block.text, " " * depth) in source for depth in (0, 4, 8))


def test_the_counters_template_is_the_documented_one_byte_for_byte() -> None:
    documented = next(block.text for block in BLOCKS if block.file == "counter/Counter.html")

    assert (EXPERIMENTS / "counter" / "Counter.html").read_bytes() == documented.encode()
