"""Every URL on one screen."""

from __future__ import annotations

from aiohttp import web

from uproot_aio.web import page_views, static_views


def add_routes(app: web.Application) -> None:
    """Connect URLs with views."""
    app.router.add_get("/p/{session}/{player}/", page_views.show)
    app.router.add_post("/p/{session}/{player}/", page_views.submit)
    app.router.add_get("/ws/{session}/{player}/", page_views.connect)
    app.router.add_get("/static/{realm}/{name:.+}", static_views.serve_static)
