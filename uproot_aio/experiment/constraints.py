"""Check the constraints of `msgspec.Meta` after a conversion, on types of ours too: Decimal, durations, paths."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import msgspec

from uproot_aio.experiment.misfit import Converter, Misfit, Trial


def constrained(convert_inner: Converter, rules: list[msgspec.Meta], expected: str) -> Converter:
    """Return a converter that also checks the constraints of `msgspec.Meta`."""
    checks = [check for rule in rules for check in _checks(rule)]

    def convert(value: object, trial: Trial) -> object:
        result = convert_inner(value, trial)
        for words, holds in checks:
            try:
                is_met = result is None or holds(result)
            except (
                ArithmeticError
            ):  # a Decimal of 30 digits has no remainder within the 28 that are calculated
                raise Misfit(
                    expected, value, f"it is too large to say whether it must {words}", adds=True
                ) from None
            if not is_met:
                raise Misfit(expected, value, f"it must {words}", adds=True)
        return result

    return convert


def _checks(rule: msgspec.Meta) -> list[tuple[str, Callable[..., bool]]]:
    checks: list[tuple[str, Callable[..., bool]]] = []
    if (gt := rule.gt) is not None:
        checks.append((f"be above {gt}", lambda it: it > gt))
    if (ge := rule.ge) is not None:
        checks.append((f"be at least {ge}", lambda it: it >= ge))
    if (lt := rule.lt) is not None:
        checks.append((f"be below {lt}", lambda it: it < lt))
    if (le := rule.le) is not None:
        checks.append((f"be at most {le}", lambda it: it <= le))
    if (step := rule.multiple_of) is not None:
        checks.append((f"be a multiple of {step}", lambda it: it % _like(it, step) == 0))
    if (shortest := rule.min_length) is not None:
        checks.append((f"have a length of at least {shortest}", lambda it: len(it) >= shortest))
    if (longest := rule.max_length) is not None:
        checks.append((f"have a length of at most {longest}", lambda it: len(it) <= longest))
    if (pattern := rule.pattern) is not None:
        checks.append((f"match {pattern}", lambda it: re.search(pattern, it) is not None))
    if (aware := rule.tz) is not None:
        words = "have a time zone" if aware else "have no time zone"
        checks.append((words, lambda it: (it.tzinfo is not None) == aware))
    return checks


def _like(value: object, number: float) -> object:
    return Decimal(str(number)) if isinstance(value, Decimal) else number
