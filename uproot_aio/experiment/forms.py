"""A page's form: fields bound to what a participant sees or has sent, then parsed, checked and explained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from wtforms.fields import BooleanField, Field, FieldList, FormField
from wtforms.fields.core import UnboundField
from wtforms.form import BaseForm

from uproot_aio.errors import AuthorError


class Posted(Protocol):
    """What a browser sent: names with one or more values each. aiohttp's multidicts are of this kind."""

    def __contains__(self, name: object, /) -> bool: ...

    def getall(self, name: str, /) -> Iterable[object]:
        """Return the values sent under this name, in order."""


class BoundForm:
    """The form of one page for one participant, as hooks and templates see it.

    Templates write `form.age`, `form["age"]`, `"age" in form` and `for field in form`. A field that is named
    like one of the methods here is reached by `form["..."]`.
    """

    def __init__(self, form: Any, posted: frozenset[str] | None) -> None:
        self._form = form
        self._posted = posted

    def __iter__(self) -> Iterator[Any]:
        return iter(self._form)

    def __len__(self) -> int:
        return len(self._form._fields)

    def __bool__(self) -> bool:
        return True

    def __contains__(self, name: object) -> bool:
        return name in self._form

    def __getitem__(self, name: str) -> Any:
        return self._form[name]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_form"][name]
        except KeyError:
            raise AttributeError(f"The form has no field {name!r}.") from None

    @property
    def data(self) -> dict[str, object]:
        """The value of every field, as it is shown or as it was parsed."""
        return {field.short_name: field.data for field in self._form}

    @property
    def errors(self) -> dict[str, list[str]]:
        """What is wrong, per field; only fields with errors are named."""
        return {field.short_name: list(field.errors) for field in self._form if field.errors}

    @property
    def first_error(self) -> str | None:
        """The first field with errors: where the page puts the focus."""
        return next(iter(self.errors), None)

    def check(self) -> bool:
        """Run every field's checks on what was sent and return whether all of them passed."""
        return bool(self._form.validate())

    def add_errors(self, name: str, messages: str | Iterable[str]) -> None:
        """Add what a page's own `validate` found wrong with one field.

        Raises:
            AuthorError: the form has no such field.
        """
        if name not in self._form:
            raise AuthorError(
                f"validate() reported an error for the field {name!r}, which this page's form does not have. "
                f"Its fields: {', '.join(self.data) or 'none'}."
            )
        field = self._form[name]
        field.errors = [*field.errors, *([messages] if isinstance(messages, str) else messages)]

    def values(self) -> dict[str, object]:
        """What to store: parsed values, None for what the browser did not send, False for an empty box."""
        posted = self._posted or frozenset()
        return {
            field.short_name: field.data if field.name in posted or isinstance(field, BooleanField) else None
            for field in self._form
        }


class _Texts:
    """What a browser sent, of which WTForms sees text only: an uploaded file is no answer to a text field."""

    def __init__(self, posted: Posted) -> None:
        self._posted = posted

    def __contains__(self, name: object) -> bool:
        return name in self._posted

    def getlist(self, name: str) -> list[str]:
        """Return the texts sent under this name, in order."""
        return [value for value in self._posted.getall(name) if isinstance(value, str)]


def build_form(
    fields: Mapping[str, Any], posted: Posted | None = None, *, stored: Mapping[str, object] | None = None
) -> BoundForm:
    """Bind a page's fields.

    Args:
        fields: the page's `fields`, name to recipe.
        posted: what the browser sent; None for a fresh page, which shows defaults.
        stored: values to show on a fresh page instead of defaults.

    Raises:
        AuthorError: something in `fields` is not a form field, or its name cannot be used.
    """
    for name, recipe in fields.items():
        _check_field(name, recipe)
    form = BaseForm(fields)
    form.process(None if posted is None else _Texts(posted), data=dict(stored or {}))
    sent = None if posted is None else frozenset(field.name for field in form if field.name in posted)
    return BoundForm(form, sent)


def _check_field(name: str, recipe: object) -> None:
    if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
        raise AuthorError(
            f"fields: {name!r} cannot be the name of a field. "
            "Use letters, digits and underscores, beginning with a letter."
        )
    if not isinstance(recipe, UnboundField):
        hint = " Add parentheses." if isinstance(recipe, type) and issubclass(recipe, Field) else ""
        raise AuthorError(
            f"fields: {name} is not a form field but {recipe!r}.{hint} "
            f'Write {name}=StringField(label="...") or another field.'
        )
    if issubclass(recipe.field_class, FormField | FieldList):
        raise AuthorError(
            f"fields: {name} nests a form in a form, which pages cannot show. Use single fields."
        )
