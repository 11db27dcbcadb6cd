"""The Jinja environment: where templates come from, what filters they have, what an unknown name says."""

from __future__ import annotations

import builtins

import aiohttp_jinja2
import jinja2
from aiohttp import web
from markupsafe import Markup

from uproot_aio.experiment.formatting import fmtnum, to
from uproot_aio.experiment.handles import Handle
from uproot_aio.experiment.json_values import tojson_text
from uproot_aio.web.template_files import SUFFIXES, TemplateFiles


class UnknownName(jinja2.StrictUndefined):
    """What a template named and nobody has: printing it, looping over it or comparing it is an error."""

    @property
    def _undefined_message(self) -> str:
        if isinstance(self._undefined_obj, Handle) and isinstance(self._undefined_name, str):
            try:
                getattr(self._undefined_obj, self._undefined_name)
            except AttributeError as error:
                return str(error)  # a handle knows its fields, and which one might have been meant
        return super()._undefined_message


def create_environment(web_app: web.Application, templates: TemplateFiles) -> jinja2.Environment:
    """Make the Jinja environment of this server and put it where aiohttp_jinja2 finds it."""
    environment = aiohttp_jinja2.setup(
        web_app,
        loader=templates,
        autoescape=True,
        undefined=UnknownName,
        lstrip_blocks=True,
        cache_size=-1,
        default_helpers=False,
    )
    # aiohttp_jinja2 names the web server `app`; for templates it is the experiment's module.
    environment.globals.pop("app", None)
    environment.globals.update(_python_builtins())
    environment.globals.update(safe=Markup, _=str)
    environment.filters.update(fmtnum=fmtnum, to=to, tojson=tojson_text, repr=repr, type=_type_name)
    return environment


def explain_template_error(error: jinja2.TemplateError, page_template: str) -> str:
    """Say which line of which template is wrong, and what is wrong with it."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{error.filename or error.name or page_template}, line {error.lineno}: {error.message}"
    if isinstance(error, jinja2.TemplateNotFound):
        return (
            f"{page_template} needs the template {error.message}, which does not exist. "
            "A path begins with the app's folder, as in app/Part.html."
        )
    return f"{_place(error) or page_template}: {error.message}"


def _place(error: BaseException) -> str:
    """Return file and line of the innermost template that an error came through, or nothing."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.endswith(tuple(SUFFIXES)):
            place = f"{file}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _python_builtins() -> dict[str, object]:
    return {
        name: value for name, value in vars(builtins).items() if callable(value) and not name.startswith("_")
    }


def _type_name(value: object) -> str:
    return type(value).__name__
