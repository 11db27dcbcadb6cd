"""The experimenter's pages as HTML. Their templates are only ours, so that no experiment can break or change them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from pathlib import Path

import jinja2
from markupsafe import Markup

from uproot_aio.web.static_files import OURS, StaticFiles
from uproot_aio.web.template_files import TemplateFiles

_SURROGATE = re.compile("[\ud800-\udfff]")


class AdminPages:
    """Renders templates of the folder admin/. Reads no file while it does: call `read` first."""

    def __init__(self, templates: Path, static: StaticFiles) -> None:
        self._files = TemplateFiles([templates])
        self._environment = jinja2.Environment(
            loader=self._files,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            cache_size=-1,
        )
        self._environment.globals.update(static=lambda name: static.url(OURS, name))
        self._environment.filters.update(moment=moment, app_name=app_name)

    def read(self) -> None:
        """Read the templates from disk. Blocks."""
        self._files.read()

    def render(self, name: str, **context: object) -> str:
        """Return a page; what no encoding can say is replaced, whoever typed it."""
        html = self._environment.get_template(f"admin/{name}.html").render(context)
        return _SURROGATE.sub("\ufffd", html)


def moment(seconds: float, *, ago: bool = False) -> Markup:
    """Return a time for people: in UTC, which admin.js changes to local time, or to how long ago it was."""
    if not 0 < seconds < math.inf:
        return Markup("–")  # noqa: RUF001 - a dash stands for nothing
    time = datetime.fromtimestamp(seconds, UTC)
    text = Markup('<time datetime="{}"{}>{}</time>')
    return text.format(
        time.isoformat(timespec="seconds"),
        Markup(" data-ago") if ago else "",
        time.strftime("%Y-%m-%d %H:%M UTC"),
    )


def app_name(config: str) -> str:
    """Return how a config is called on screen: that of a single app without its tilde."""
    return config.removeprefix("~")
