"""One parameter of a live method, and how a raw JSON value becomes its value."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from uproot_aio.errors import InvalidArguments
from uproot_aio.experiment.annotations import Reading
from uproot_aio.experiment.misfit import (
    CONVERTED_VALUES,
    LAX,
    Budget,
    Misfit,
    TooManyValues,
    Trial,
    path_text,
)
from uproot_aio.experiment.raw_json import json_value

DOES_NOT_FIT = (msgspec.MsgspecError, TypeError, ValueError, RecursionError)
"""What a msgspec decoder raises for a value that is not of its type, or nested too deeply."""


class TypedParameter(NamedTuple):
    """One parameter after page and player; `kind` is that of `inspect.Parameter`."""

    name: str
    kind: Any
    is_required: bool
    reading: Reading
    decoder: msgspec.json.Decoder[Any] | None

    def read(self, raw: msgspec.Raw, method: str, budget: Budget, step: int | str | None = None) -> object:
        """Return the value of the parameter's type; `step` tells apart the values of *args and **kwargs.

        `budget` is that of the whole call.

        Raises:
            InvalidArguments: the value does not fit.
        """
        if self.decoder is not None:
            try:
                return self.decoder.decode(raw)
            except DOES_NOT_FIT:
                pass
        steps: list[int | str] = [self.name] if step is None else [self.name, step]
        try:
            budget.spend(1)
            return self.reading.convert(json_value(raw, method, steps), Trial(LAX, {}, budget))
        except Misfit as misfit:
            expected = misfit.expected if misfit.steps else self.reading.text
            place = path_text(steps + misfit.steps)
            words = misfit.words()
        except TooManyValues:
            raise self._too_many_values(method, path_text(steps)) from None
        except RecursionError:
            expected, place, words = self.reading.text, path_text(steps), "what came is nested too deeply"
        raise InvalidArguments(
            f"{method}: {place[1:]} must be {expected}, but {words}.", path="$" + place, expected=expected
        )

    def _too_many_values(self, method: str, place: str) -> InvalidArguments:
        text = self.reading.text
        return InvalidArguments(
            f"{method}: {place[1:]} has too many values: at most {CONVERTED_VALUES:,} of a call can be converted "
            f"to {text}.",
            path="$" + place,
            expected=text,
        )
