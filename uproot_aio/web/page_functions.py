"""Functions that a template may call while one page is rendered: buttons, timer, fields, addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import jinja2
from markupsafe import Markup

from uproot_aio.experiment.choice_fields import html_attributes
from uproot_aio.experiment.forms import BoundForm
from uproot_aio.web.static_files import OURS, PROJECT, StaticFiles

MACROS = "Macros.html"


class PageFunctions:
    """What templates call, for one rendering of one page of `app`."""

    def __init__(
        self,
        environment: jinja2.Environment,
        static: StaticFiles,
        *,
        app: str | None,
        form: BoundForm | None,
        allow_back: bool = False,
    ) -> None:
        self._environment = environment
        self._static = static
        self._app = app
        self._form = form
        self._allow_back = allow_back
        self._has_buttons = False

    def names(self) -> dict[str, Callable[..., object]]:
        """Return the functions under the names by which templates call them."""
        return {
            "appstatic": self.appstatic,
            "projectstatic": self.projectstatic,
            "internalstatic": self.internalstatic,
            "static": self.static,
            "button_next": self.button_next,
            "button_back": self.button_back,
            "buttons_placed": self.buttons_placed,
            "timeout": self.timeout,
            "timeout_box": self.timeout_box,
            "field": self.field,
            "fields": self.fields,
            "error": self.error,
            "errors": self.errors,
        }

    def appstatic(self, name: str) -> str:
        """Return the address of a file in the app's folder `_static`."""
        return self._static.url(self._app or PROJECT, name)

    def projectstatic(self, name: str) -> str:
        """Return the address of a file in the folder `_static` beside the apps."""
        return self._static.url(PROJECT, name)

    def internalstatic(self, name: str) -> str:
        """Return the address of one of our own files."""
        return self._static.url(OURS, name)

    def static(self, name: str) -> str:
        """Return the address of a file of the app or, if the app has none of that name, of the project."""
        has_own = self._app is not None and self._static.find(self._app, name)
        return self.appstatic(name) if has_own else self.projectstatic(name)

    def button_next(self, label: str = "Next", **attributes: object) -> Markup:
        """Return the button that submits the page; the default row of buttons is then left out."""
        self._has_buttons = True
        defaults = {"class": "btn btn-primary", "type": "submit", "id": "uproot-button-next"}
        return _button(label, defaults, attributes)

    def button_back(self, label: str = "Back", **attributes: object) -> Markup:
        """Return the button that goes back, or nothing where going back is not allowed."""
        self._has_buttons = True
        if not self._allow_back:
            return Markup("")
        defaults = {"class": "btn btn-outline-secondary", "type": "button", "id": "uproot-button-back"}
        return _button(label, {**defaults, "onclick": "uproot.goBack()"}, attributes)

    def buttons_placed(self) -> bool:
        """Whether the template has placed a button of its own so far."""
        return self._has_buttons

    def timeout(self, **attributes: object) -> Markup:
        """Return the time left, as text that page.js keeps up to date."""
        classes = _classes("uproot-timeout fw-bold", attributes)
        known = {"class": classes, "data-uproot-timeout": True}
        return Markup("<span {}>__:__</span>").format(html_attributes(**{**attributes, **known}))

    def timeout_box(
        self,
        preamble: str = "Time left on this page:",
        class_: str = "alert callout mb-4-5 mt-4 pe-4",
        id: str = "uproot-timeout",
        time_id: str = "uproot-time-remaining",
        preamble_id: str = "uproot-time-remaining-preamble",
        **attributes: object,
    ) -> Markup:
        """Return a box with the time left, hidden as long as the page has no timeout."""
        own = {"role": "timer", "aria-atomic": "true", "aria-label": "Time left on this page", **attributes}
        box = html_attributes(**own, class_=class_, id=id, data_uproot_timeout_box=True, hidden=True)
        text = Markup("<span {}>{}</span>").format(html_attributes(id=preamble_id), preamble)
        return Markup("<div {}>{} {}</div>").format(box, text, self.timeout(id=time_id))

    def field(self, field: Any) -> Markup:
        """Return one field: label, description, input, errors."""
        return self._macro("field", field)

    def fields(self) -> Markup:
        """Return all fields of the page in order; nothing on a page without fields."""
        return Markup("\n").join(self.field(field) for field in self._form or ())

    def error(self, field: Any, id: str = "") -> Markup:
        """Return what is wrong with one field, for inputs that are written by hand."""
        return self._macro("error", field, id)

    def errors(self) -> Markup:
        """Return what is wrong with all fields."""
        return Markup("\n").join(self.error(field) for field in self._form or () if field.errors)

    def _macro(self, name: str, *arguments: object) -> Markup:
        return Markup(getattr(self._macros, name)(*arguments))  # autoescaped by the macro itself

    @cached_property
    def _macros(self) -> Any:
        return self._environment.get_template(MACROS).make_module({"form": self._form})


def _button(label: str, defaults: Mapping[str, object], attributes: Mapping[str, object]) -> Markup:
    given = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    return Markup("<button {}>{}</button>").format(html_attributes(**{**defaults, **given}), label)


def _classes(base: str, attributes: dict[str, object]) -> str:
    more = [attributes.pop(name, "") for name in ("class", "class_")]
    return " ".join([base, *(str(names) for names in more if names)])
