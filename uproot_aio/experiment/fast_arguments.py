"""Decode the common call in one C call: positional arguments of JSON's own types, and no keywords."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter
from typing import Any, TypeAlias

import msgspec

from uproot_aio.experiment.typed_parameter import TypedParameter

FastDecoder: TypeAlias = Callable[[bytes | msgspec.Raw], list[object]]


def fast_decoder(parameters: Sequence[TypedParameter]) -> FastDecoder | None:
    """Return a function from the JSON array to the arguments, or None where only the thorough way will do.

    Numbers that came as texts are read here too if none of the types forbids it, see `Reading.is_lax`.
    """
    kinds = {parameter.kind for parameter in parameters if parameter.is_required}
    if Parameter.KEYWORD_ONLY in kinds:
        return None
    positional = [it for it in parameters if it.kind not in (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD)]
    if not all(parameter.reading.is_native for parameter in positional):
        return None
    strict = not all(parameter.reading.is_lax for parameter in positional)
    types: list[Any] = [parameter.reading.hint for parameter in positional]
    if positional and positional[-1].kind is Parameter.VAR_POSITIONAL:
        return _of_any_length(types[0], strict) if len(positional) == 1 else None
    if all(parameter.is_required for parameter in positional):
        return _of_one_length(types, strict)
    required = sum(parameter.is_required for parameter in positional)
    return _with_defaults(types, required, strict)


def _of_any_length(each: Any, strict: bool) -> FastDecoder:
    return msgspec.json.Decoder(list[each], strict=strict).decode


def _of_one_length(types: Sequence[Any], strict: bool) -> FastDecoder:
    decode = msgspec.json.Decoder(tuple[tuple(types)], strict=strict).decode  # type: ignore[misc]  # a type made at run time

    def arguments(text: bytes | msgspec.Raw) -> list[object]:
        return list(decode(text))

    return arguments


def _with_defaults(types: Sequence[Any], required: int, strict: bool) -> FastDecoder:
    # UNSET marks what was not given: Python then uses its own defaults, as in any call.
    fields: list[Any] = [(f"p{index}", kind) for index, kind in enumerate(types[:required])]
    fields += [(f"p{index}", kind, msgspec.UNSET) for index, kind in enumerate(types[required:], required)]
    struct = msgspec.defstruct("Arguments", fields, array_like=True, forbid_unknown_fields=True)
    decode = msgspec.json.Decoder(struct, strict=strict).decode
    astuple = msgspec.structs.astuple
    unset = msgspec.UNSET

    def arguments(text: bytes | msgspec.Raw) -> list[object]:
        values = list(astuple(decode(text)))
        while values and values[-1] is unset:
            values.pop()
        return values

    return arguments
