"""What all form fields share: a keyword-only constructor that refuses mistakes on the author's line."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from wtforms import validators as checks
from wtforms.fields import Field

Check = Callable[[Any, Any], None]
"""A WTForms validator: gets form and field, raises ValidationError."""


class ExperimentField(Field):
    """What all fields have in common.

    Args:
        label: the question; text is escaped, `safe(...)` is not.
        description: an explanation below the label, as HTML.
        default: shown on a fresh page; a value, or a function that returns one.
        render_kw: further HTML attributes of the input.
        class_wrapper: CSS classes of the element around label, input and errors.
        optional: whether the participant may leave it empty.
    """

    def __new__(cls, *positional: object, **keywords: object) -> Any:
        """Return a recipe in app code, or (given a form) the field itself."""
        if "_form" not in keywords:
            _check_keywords(cls, positional, keywords)
        return super().__new__(cls, *positional, **keywords)

    def __init__(
        self,
        *,
        label: str = "",
        description: str = "",
        default: object = None,
        render_kw: Mapping[str, object] | None = None,
        class_wrapper: str | None = None,
        optional: bool = False,
        validators: Iterable[Check] | None = None,
        **keywords: Any,
    ) -> None:
        presence = checks.Optional() if optional else checks.InputRequired()
        super().__init__(
            label=label,
            description=description,
            default=default,
            render_kw={"autocomplete": "off", **(render_kw or {})},
            validators=[presence, *(validators or ())],
            **keywords,
        )
        self.class_wrapper = class_wrapper


def _check_keywords(kind: type, positional: Sequence[object], keywords: Mapping[str, object]) -> None:
    """Raise TypeError on the author's line; WTForms itself would raise only when somebody opens the page."""
    if positional:
        raise TypeError(f'{kind.__name__} takes keywords only: write {kind.__name__}(label="...").')
    known = {
        parameter.name
        for ancestor in kind.__mro__
        if "__init__" in vars(ancestor) and ancestor is not object
        for parameter in inspect.signature(vars(ancestor)["__init__"]).parameters.values()
        if parameter.kind not in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}
        and parameter.name != "self"
    }
    for name in keywords:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean `{nearest[0]}`?" if nearest else ""
            raise TypeError(f"{kind.__name__} has no parameter `{name}`.{hint}")
    constructor = next(
        vars(ancestor)["__init__"] for ancestor in kind.__mro__ if "__init__" in vars(ancestor)
    )
    try:
        inspect.signature(constructor).bind(None, **keywords)
    except TypeError as error:
        raise TypeError(f"{kind.__name__}: {error}.") from None
