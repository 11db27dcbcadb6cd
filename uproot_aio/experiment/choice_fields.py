"""Form fields that offer choices: the browser sends text, what is stored is the author's own object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from uproot_aio.experiment.field_base import ExperimentField


@dataclass(slots=True)
class Choice:
    """One button of a RadioField or option of a SelectField, as templates see it; call it for the input."""

    field: Any
    position: int
    data: object
    label: str

    @property
    def id(self) -> str:
        """`name-0`, `name-1`, ... in the order of the choices."""
        return f"{self.field.id}-{self.position}"

    @property
    def name(self) -> str:
        """The field's name."""
        return str(self.field.name)

    @property
    def text(self) -> str:
        """What the browser sends for this choice."""
        return str(self.data)

    @property
    def checked(self) -> bool:
        """Whether this is the choice to show as taken."""
        return bool(self.field.taken == self.text)

    def __call__(self, **attributes: object) -> Markup:
        """Return the radio button, with further attributes."""
        required = bool(self.field.flags.required)
        attributes = {"checked": self.checked, "required": required, **attributes}
        return Markup('<input type="radio" {}>').format(
            html_attributes(id=self.id, name=self.name, value=self.text, **attributes)
        )

    def __html__(self) -> str:
        """Return the radio button."""
        return self()


class ChoiceField(ExperimentField):
    """One of several choices. The browser sends `str(value)`; the author's own object is stored.

    Args:
        choices: `(value, label)` pairs, plain values, or a mapping of value to label.
    """

    def __init__(self, *, choices: Iterable[object] | Mapping[object, str], **keywords: Any) -> None:
        self.choices = pairs(choices)
        self.taken: str | None = None
        super().__init__(**keywords)

    def process_data(self, value: object) -> None:
        """Show `value` as taken. None takes nothing, even where a choice is coded None."""
        self.data = value
        self.taken = None if value is None else str(value)

    def process_formdata(self, texts: list[str]) -> None:
        """Find the choice with the text that was sent; the first, if several have it."""
        self.data, self.taken = None, texts[0] if texts else None
        if not self.taken:
            return
        for value, _ in self.choices:
            if str(value) == self.taken:
                self.data = value
                return
        raise ValueError(self.gettext("Not a valid choice."))

    def __iter__(self) -> Iterator[Choice]:
        for position, (value, label) in enumerate(self.choices):
            yield Choice(self, position, value, label)


class RadioField(ChoiceField):
    """One of several choices, each a button; without `choices`, yes and no as True and False."""

    def __init__(
        self,
        *,
        choices: Iterable[object] | Mapping[object, str] | None = None,
        layout: str = "vertical",
        **keywords: Any,
    ) -> None:
        super().__init__(choices=[True, False] if choices is None else choices, **keywords)
        self.layout = layout

    @staticmethod
    def widget(field: RadioField, **attributes: object) -> Markup:
        """Return all buttons with their labels, in a list."""
        rows = (
            Markup('<div>{} <label for="{}">{}</label></div>').format(
                choice(**attributes), choice.id, choice.label
            )
            for choice in field
        )
        return Markup("").join(rows)


class SelectField(ChoiceField):
    """One of several choices, from a list that opens."""

    @staticmethod
    def widget(field: SelectField, **attributes: object) -> Markup:
        """Return the list; its first entry is empty unless a choice is coded as empty text."""
        options = [(choice.text, choice.label, choice.checked) for choice in field]
        if not any(text == "" for text, _, _ in options):
            options.insert(0, ("", "\N{EM DASH}", not field.taken))
        entries = (
            Markup("<option {}>{}</option>").format(html_attributes(value=text, selected=taken), label)
            for text, label, taken in options
        )
        attributes = {
            "id": field.id,
            "name": field.name,
            "required": bool(field.flags.required),
            **attributes,
        }
        return Markup("<select {}>{}</select>").format(
            html_attributes(**attributes), Markup("").join(entries)
        )


def pairs(choices: Iterable[object] | Mapping[object, str]) -> list[tuple[object, str]]:
    """Return choices in any accepted form as (value, label) pairs."""
    if isinstance(choices, Mapping):
        return list(choices.items())
    return [
        (choice[0], choice[1]) if isinstance(choice, tuple) and len(choice) == 2 else (choice, _label(choice))
        for choice in choices
    ]


def html_attributes(**attributes: object) -> Markup:
    """Return HTML attributes, sorted by name.

    A trailing underscore is dropped and others become hyphens (`class_`, `data_item`); True gives a bare
    attribute, False and None none.
    """
    words = []
    for name, value in sorted((key.rstrip("_").replace("_", "-"), item) for key, item in attributes.items()):
        if value is True:
            words.append(escape(name))
        elif value is not False and value is not None:
            words.append(Markup('{}="{}"').format(name, value))
    return Markup(" ").join(words)


def _label(choice: object) -> str:
    return choice if isinstance(choice, str) else str(choice)
