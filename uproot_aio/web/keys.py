"""Where the parts of the server are kept in the aiohttp application, and what they are."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from uproot_aio.engine.invoke_live import LiveCalls
from uproot_aio.engine.sessions import Sessions
from uproot_aio.engine.visit_page import Visits
from uproot_aio.experiment.load import Library
from uproot_aio.web.live_socket import LiveSockets
from uproot_aio.web.render import TemplateRenderer


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the views need; app.py makes them."""

    library: Library
    sessions: Sessions
    visits: Visits
    calls: LiveCalls
    sockets: LiveSockets
    renderer: TemplateRenderer
    show_errors: bool
    api_keys: tuple[str, ...]


PARTS = web.AppKey("parts", Parts)
