"""Static files: ours, the project's and the apps'; with the right version in the address they never expire."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from uproot_aio.web.keys import PARTS

VERSIONED: Final = "public, max-age=31536000, immutable"
UNVERSIONED: Final = "public, max-age=3600"
WRONG_VERSION: Final = "no-cache"


async def serve_static(request: web.Request) -> web.StreamResponse:
    """Send a file that is in the table of static files; nothing else can be named."""
    file = request.app[PARTS].renderer.static.find(request.match_info["realm"], request.match_info["name"])
    if file is None:
        raise web.HTTPNotFound(text="There is no such file.")
    version = request.query.get("v")
    caching = UNVERSIONED if version is None else VERSIONED if version == file.version else WRONG_VERSION
    return web.FileResponse(file.path, headers={"Cache-Control": caching})
