"""Downloads of a session's data, sent piece by piece so that their size does not matter."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from aiohttp import web

from uproot_aio.engine import export
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.errors import StorageError
from uproot_aio.web.admin_views import open_session

log = logging.getLogger("uproot_aio")


async def players_csv(request: web.Request) -> web.StreamResponse:
    """Send one row per player."""
    opened = await open_session(request)
    table = await export.players_table(opened)
    return await _send(
        request, opened, export.csv_chunks(table), f"{opened.id}.csv", "text/csv; charset=utf-8"
    )


async def changes_jsonl(request: web.Request) -> web.StreamResponse:
    """Send every change as a line of JSON, up to the last commit that is on disk now."""
    opened = await open_session(request)
    await opened.saved()
    chunks = export.change_chunks(opened.log, opened.id, opened.durable)
    return await _send(request, opened, chunks, f"{opened.id}.jsonl", "application/jsonl; charset=utf-8")


async def _send(
    request: web.Request, opened: OpenSession, chunks: Iterator[bytes], name: str, content_type: str
) -> web.StreamResponse:
    pieces = export.in_thread(chunks, opened.readers)
    first = await anext(pieces, b"")  # an error before the headers were sent has a page of its own
    response = web.StreamResponse(
        headers={"Content-Type": content_type, "Content-Disposition": f'attachment; filename="{name}"'}
    )
    await response.prepare(request)
    try:
        await response.write(first)
        async for piece in pieces:
            await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        pass  # whoever asked has gone
    except StorageError as error:
        log.error("%s: %s", request.path, error)
        if request.transport is not None:
            request.transport.close()  # a download that breaks off is seen to be incomplete
    return response
