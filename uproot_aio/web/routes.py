"""Every URL on one screen."""

from __future__ import annotations

from aiohttp import web

from uproot_aio.web import (
    admin_downloads,
    admin_login,
    admin_new_session,
    admin_views,
    page_views,
    rest_views,
    static_views,
)
from uproot_aio.web.auth import bearer_only, experimenter_only, experimenter_socket


def add_routes(app: web.Application) -> None:
    """Connect URLs with views."""
    app.router.add_get("/p/{session}/{player}/", page_views.show)
    app.router.add_post("/p/{session}/{player}/", page_views.submit)
    app.router.add_get("/ws/{session}/{player}/", page_views.connect)
    app.router.add_get("/robots.txt", page_views.robots)
    app.router.add_get("/static/{realm}/{name:.+}", static_views.serve_static)
    _add_admin_routes(app.router)
    _add_rest_routes(app.router)


def _add_admin_routes(router: web.UrlDispatcher) -> None:
    router.add_get("/", admin_login.home)
    router.add_get("/admin", admin_login.home)
    router.add_get("/admin/login/", admin_login.show)
    router.add_post("/admin/login/", admin_login.log_in)
    router.add_post("/admin/logout/", experimenter_only(admin_login.log_out))
    router.add_get("/admin/", experimenter_only(admin_views.overview))
    router.add_get("/admin/sessions/new/", experimenter_only(admin_new_session.show))
    router.add_post("/admin/sessions/new/", experimenter_only(admin_new_session.create))
    router.add_get("/admin/session/{session}/", experimenter_only(admin_views.session))
    router.add_get("/admin/session/{session}/feed/", experimenter_socket(admin_views.feed))
    router.add_get("/admin/session/{session}/players.csv", experimenter_only(admin_downloads.players_csv))
    router.add_get("/admin/session/{session}/changes.jsonl", experimenter_only(admin_downloads.changes_jsonl))
    router.add_get("/admin/session/{session}/player/{player}/", experimenter_only(admin_views.player))


def _add_rest_routes(router: web.UrlDispatcher) -> None:
    api = "/admin/api/v1/sessions/"
    router.add_get(api, bearer_only(rest_views.sessions))
    router.add_post(api, bearer_only(rest_views.create_session))
    router.add_get(f"{api}{{session}}/", bearer_only(rest_views.session))
    router.add_get(f"{api}{{session}}/players/", bearer_only(rest_views.players))
    router.add_get(f"{api}{{session}}/players/{{player}}/", bearer_only(rest_views.player))
