"""Pages become HTML: which template shows a page, and what it can name."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jinja2
import mistune
from aiohttp import web
from markupsafe import Markup

from uproot_aio.engine.page_view import PageView
from uproot_aio.errors import AuthorError
from uproot_aio.experiment.json_values import script_json
from uproot_aio.experiment.page_templates import generated_text, generated_title, template_name
from uproot_aio.web.page_functions import PageFunctions
from uproot_aio.web.static_files import StaticFiles
from uproot_aio.web.template_environment import create_environment, explain_template_error
from uproot_aio.web.template_files import TemplateFiles

logger = logging.getLogger(__name__)

SWITCHES: Mapping[str, object] = {
    "buttons": True,
    "theme": "light",
    "disable_bootstrap": False,
    "disable_alpinejs": False,
    "disable_auto_start": False,
}
"""What a template may `{% set %}`. `theme` is light, dark, or auto: the participant's own preference.

Light is the default because a stimulus should look the same to everybody.
"""

GENERATED = "Generated.html"
CALM = "Calm.html"

# Without raw HTML: `<name>` in a docstring is meant as it stands.
_markdown = mistune.create_markdown(escape=True, plugins=["strikethrough", "table", "url"])


class TemplateRenderer:
    """Renders participants' pages. Reads no file while it does: call `read_files` first, and after changes.

    Args:
        environment: from `create_environment`.
        root: what stands before every address of this server, without a slash at its end.
        language: the pages' language, as in `<html lang>`.
        keep_alive_seconds: how often a page says that it is still there.
        allow_enter: whether Enter in a text field submits a page.
        switches: this project's own defaults for `SWITCHES`.
    """

    def __init__(
        self,
        environment: jinja2.Environment,
        templates: TemplateFiles,
        static: StaticFiles,
        *,
        root: str = "",
        language: str = "en",
        keep_alive_seconds: float = 9,
        allow_enter: bool = False,
        switches: Mapping[str, object] | None = None,
    ) -> None:
        self.environment = environment
        self.static = static
        self._templates = templates
        self._switches = {**SWITCHES, **(switches or {})}
        self._constants = {
            "root": root,
            "language": language,
            "is_admin": False,
            "allow_enter": allow_enter,
            "keepalive_interval": keep_alive_seconds,
        }
        self._warned: set[tuple[str, str]] = set()

    def read_files(self) -> None:
        """Read all templates and list all static files. Blocks: run it in a thread."""
        self._templates.read()
        self.static.read()

    def render_page(self, view: PageView) -> str:
        """Return the HTML of what a player sees now.

        Raises:
            AuthorError: the page's template is wrong; the message names file and line.
        """
        name = self._template_of(view)
        try:
            return self.environment.get_template(name).render(self._context(view))
        except jinja2.TemplateError as error:
            raise AuthorError(explain_template_error(error, name)) from error

    def render_calm(self, kind: str, details: object = None) -> str:
        """Return a page for somebody to whom no player's page can be shown.

        Args:
            kind: "not-found" (no such link), "error" (the experiment is wrong) or "storage" (nothing can be
                written now; the page looks again by itself), "too-large" (more was sent than is taken).
            details: what went wrong and where, for an author who looks at their own pages; shown as text.
        """
        functions = PageFunctions(self.environment, self.static, app=None, form=None)
        context = {**SWITCHES, **self._constants, **functions.names(), "theme": "auto", "kind": kind}
        context["details"] = details
        return self.environment.get_template(CALM).render(context)

    def _template_of(self, view: PageView) -> str:
        if view.page is None:
            return f"{view.built_in}.html"
        name = template_name(view.page)
        if name in self._templates:
            return name
        if view.page.template:
            raise AuthorError(
                f"{view.page.__module__}.{view.page.__name__}: there is no template {name}. "
                "The path begins in the experiments folder."
            )
        return GENERATED

    def _context(self, view: PageView) -> dict[str, object]:
        """Return what the template can name. Later wins: switches, the author's variables, ours."""
        ours = self._names(view)
        if collisions := view.templatevars.keys() & ours.keys():
            self._warn_once(view, collisions)
        return {**self._switches, **view.templatevars, **ours}

    def _names(self, view: PageView) -> dict[str, object]:
        app = view.app.module if view.app else None
        constants = view.app.constants if view.app and view.app.constants is not None else {}
        internal = self._internal(view, constants)
        functions = PageFunctions(
            self.environment, self.static, app=view.app.name if view.app else None, form=view.form
        )
        return {
            **functions.names(),
            "player": view.player,
            "session": view.session,
            "form": view.form,
            "page": view.page,
            "app": app,
            "C": constants,
            "language": self._constants["language"],
            "generated_title": partial(generated_title, view.page) if view.page else str,
            "generated_text": partial(_as_html, view.page) if view.page else str,
            "_uproot_internal": internal,
            "_uproot_csrf": f"{internal['sname']}+{internal['uname']}+{internal['key']}",
            "_uproot_js": Markup(script_json({**view.jsvars, "_uproot_internal": internal}, where="jsvars")),
            "_uproot_errors": view.errors,
            "_uproot_field_errors": view.form.errors if view.form else {},
        }

    def _internal(self, view: PageView, constants: object) -> dict[str, object]:
        """Return what uproot.js knows of the page."""
        sname, uname = view.player.__identifier__
        internal: dict[str, object] = {
            **self._constants,
            "sname": sname,
            "uname": uname,
            "key": view.token,
            "thisis": view.position,
            "commit": view.number,
            "C": exported_constants(constants),
        }
        if view.remaining_seconds is not None:
            internal["remaining_seconds"] = view.remaining_seconds
        return internal

    def _warn_once(self, view: PageView, collisions: set[str]) -> None:
        where = template_name(view.page) if view.page else str(view.built_in)
        for name in sorted(collisions):
            if (where, name) not in self._warned:
                self._warned.add((where, name))
                logger.warning(
                    "%s: templatevars sets %r, but the template sees ours. Choose another name.", where, name
                )


def create_renderer(
    web_app: web.Application,
    *,
    experiments: Path,
    templates: Path,
    static: Path,
    root: str = "",
    **options: Any,
) -> TemplateRenderer:
    """Wire a renderer. Templates: the apps' folders, then `templates/` beside them, then our own.

    Call `read_files()` before the first page. `options` are those of TemplateRenderer.
    """
    files = TemplateFiles([experiments, experiments.absolute().parent / "templates", templates])
    environment = create_environment(web_app, files)
    addresses = StaticFiles(static, experiments, root=root)
    return TemplateRenderer(environment, files, addresses, root=root, **options)


def exported_constants(constants: object) -> dict[str, object]:
    """Return what `C.__export__` names for JavaScript: a list, or `...` for all but names like `__this__`."""
    values = constants if isinstance(constants, Mapping) else vars(constants)
    names = values.get("__export__", ())
    if names is ...:
        names = [name for name in values if not name.startswith("__")]
    return {name: values[name] for name in names}


def _as_html(page: type[Any]) -> Markup:
    return _from_markdown(generated_text(page))


@lru_cache(maxsize=256)
def _from_markdown(text: str) -> Markup:
    return Markup(_markdown(text))
