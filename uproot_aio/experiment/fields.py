"""Form fields, one class for each kind of question: what it accepts, what is stored, what it says if wrong.

They are WTForms fields with keyword-only constructors. In app code a constructor makes a recipe (for WTForms,
an unbound field); forms.py binds recipes to what a participant sees or has sent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import wtforms
from wtforms import validators as checks

from uproot_aio.experiment.choice_fields import RadioField, SelectField
from uproot_aio.experiment.field_base import Check, ExperimentField

__all__ = [
    "BooleanField",
    "DecimalField",
    "FloatField",
    "IntegerField",
    "RadioField",
    "SelectField",
    "StringField",
    "TextAreaField",
]

LARGEST_EXPONENT = 400
"""A float ends at 308; beyond, printing a Decimal in full would take memory without bound."""


class WithAddons(ExperimentField):
    """A field that may show something right before and after its input, such as a currency."""

    def __init__(
        self,
        *,
        addon_start: str | None = None,
        addon_end: str | None = None,
        class_addon_start: str = "",
        class_addon_end: str = "",
        **keywords: Any,
    ) -> None:
        super().__init__(**keywords)
        self.addon_start = addon_start
        self.addon_end = addon_end
        self.class_addon_start = class_addon_start
        self.class_addon_end = class_addon_end


class TextField(WithAddons):
    """A field of text; `label_floating` is a label inside the empty input."""

    def __init__(self, *, label_floating: str | None = None, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.label_floating = label_floating


class StringField(TextField, wtforms.StringField):
    """One line of text, stored exactly as typed."""


class TextAreaField(TextField, wtforms.TextAreaField):
    """Several lines of text, stored exactly as typed."""


class InRange(checks.NumberRange):
    """Complain about a number out of bounds, but not about text that was no number in the first place."""

    def __call__(self, form: object, field: Any) -> None:
        """Check `field`; see WTForms for the messages."""
        if not field.process_errors and (self.min is not None or self.max is not None):
            super().__call__(form, field)


class NumberField(WithAddons):
    """A field of a number between `min` and `max`, both included."""

    def __init__(
        self,
        *,
        min: float | Decimal | None = None,
        max: float | Decimal | None = None,
        validators: Iterable[Check] | None = None,
        **keywords: Any,
    ) -> None:
        super().__init__(validators=[InRange(min, max), *(validators or ())], **keywords)
        self.min = min
        self.max = max


class SteppedField(NumberField):
    """A number with decimals; `step` is what the browser's arrows add, not a check."""

    def __init__(
        self,
        *,
        step: float | Decimal | None = None,
        render_kw: Mapping[str, object] | None = None,
        **keywords: Any,
    ) -> None:
        steps = {} if step is None else {"step": str(step)}
        super().__init__(render_kw={**steps, "inputmode": "decimal", **(render_kw or {})}, **keywords)
        self.step = step


class IntegerField(NumberField, wtforms.IntegerField):
    """A whole number, stored as `int`."""


class DecimalField(SteppedField, wtforms.DecimalField):
    """A number kept with all its digits, stored as `Decimal`; `places` are those of a default when shown."""

    def __init__(self, *, places: int | None = None, **keywords: Any) -> None:
        super().__init__(places=places, **keywords)

    def process_formdata(self, texts: list[str]) -> None:
        """Parse what was sent; infinity, NaN and absurd exponents are no answers."""
        self.data = None
        if not texts:
            return
        try:
            number = Decimal(texts[0])
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number.adjusted()) > LARGEST_EXPONENT:
            raise ValueError(self.gettext("Not a valid decimal value."))
        self.data = number


class FloatField(SteppedField, wtforms.FloatField):
    """A number, stored as `float`."""

    def process_formdata(self, texts: list[str]) -> None:
        """Parse what was sent; infinity and NaN are no answers."""
        self.data = None
        if not texts:
            return
        try:
            number = float(texts[0])
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise ValueError(self.gettext("Not a valid float value."))
        self.data = number


class BooleanField(ExperimentField, wtforms.BooleanField):
    """A box to tick, stored as `bool`. Pass `validators=[InputRequired()]` to demand the tick."""

    def __new__(cls, *positional: object, **keywords: object) -> Any:
        """Refuse `optional`: an empty box is an answer, False."""
        if "optional" in keywords:
            raise TypeError(f"{cls.__name__} takes no `optional`: an empty box is an answer, False.")
        return super().__new__(cls, *positional, **keywords)

    def __init__(self, *, validators: Iterable[Check] | None = None, **keywords: Any) -> None:
        super().__init__(optional=True, **keywords)
        self.validators = list(validators or ())
        self.flags.optional = False
        self.flags.required = any(isinstance(check, checks.InputRequired) for check in self.validators)
