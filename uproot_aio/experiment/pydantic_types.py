"""Read Pydantic models and `pydantic.Field`, where the author has imported Pydantic; we never import it."""

from __future__ import annotations

import sys
from typing import Annotated, Any, get_args, get_origin

import msgspec

from uproot_aio.experiment.misfit import LAX, Converter, Misfit, Trial

MAKERS_OF_CONSTRAINTS = frozenset({"pydantic", "pydantic_core", "annotated_types"})


class NeedsPydantic(Exception):
    """A constraint that only Pydantic can check stands in a module that does not import it."""


def is_pydantic(hint: object) -> bool:
    """Return whether only Pydantic can read this annotation: its classes, or a constraint that it checks.

    Raises:
        NeedsPydantic: only Pydantic can, and nobody has imported it.
    """
    if get_origin(hint) is Annotated:
        makers = {type(extra).__module__.partition(".")[0] for extra in get_args(hint)[1:]}
        if not makers & MAKERS_OF_CONSTRAINTS:
            return False
        if "pydantic" not in sys.modules:
            raise NeedsPydantic("its constraint is checked by Pydantic only")
        return True
    if "pydantic" not in sys.modules or not isinstance(hint, type):
        return False
    return hasattr(hint, "__get_pydantic_core_schema__") or hasattr(hint, "__pydantic_validator__")


def takes_json_object(kind: type) -> bool:
    """Return whether this Pydantic class is made from an object: all but root models."""
    return not getattr(kind, "__pydantic_root_model__", False)


def pydantic_from(hint: object, expected: str) -> Converter:
    """Return a converter that lets Pydantic read the value, in its lax mode.

    Raises:
        Exception: Pydantic cannot make a schema of the annotation.
    """
    pydantic: Any = sys.modules["pydantic"]
    adapter: Any = pydantic.TypeAdapter(hint)
    error_type: type[Exception] = pydantic.ValidationError

    def convert(value: object, trial: Trial) -> object:
        try:
            if trial.level == LAX:
                return adapter.validate_python(value)
            return adapter.validate_json(msgspec.json.encode(value), strict=True)
        except error_type as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]  # type: ignore[attr-defined]  # of Pydantic's class
            reason = str(first["msg"])
            raise Misfit(expected, value, reason[:1].lower() + reason[1:], adds=True).inside(
                *(step for step in first["loc"] if isinstance(step, (int, str)))
            ) from None

    return convert
