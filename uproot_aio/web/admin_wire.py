"""What an experimenter's page hears of a session: JSON text frames, mirrored by static/admin_session.js."""

from __future__ import annotations

import msgspec

from uproot_aio.engine.watch import Row, Update


class PlayerFrame(msgspec.Struct, frozen=True):
    """A player's row. `cells` holds the fields that changed, null where a field has no value any more."""

    player: str
    stage: str
    app: str
    page: str
    step: int
    steps: int
    changed: float
    cells: dict[str, str | None]


class UpdateFrame(msgspec.Struct, frozen=True, tag="update"):
    """What changed above commit `after` up to `number`."""

    after: int
    number: int
    rows: list[PlayerFrame]
    presence: dict[str, bool]


class TickFrame(msgspec.Struct, frozen=True, tag="tick"):
    """The server is there; nothing has changed."""


class ReloadFrame(msgspec.Struct, frozen=True, tag="reload"):
    """Too much has changed to be told piece by piece."""


_encode = msgspec.json.Encoder().encode
TICK = _encode(TickFrame()).decode()
RELOAD = _encode(ReloadFrame()).decode()


def update_frame(update: Update) -> str:
    """Return the frame of an update."""
    rows = [_player(row) for row in update.rows]
    presence = {str(player): is_online for player, is_online in update.presence.items()}
    return _encode(UpdateFrame(update.after, update.number, rows, presence)).decode()


def _player(row: Row) -> PlayerFrame:
    where = row.where
    return PlayerFrame(
        player=row.player,
        stage=where.stage,
        app=where.app,
        page=where.page,
        step=where.step,
        steps=where.steps,
        changed=row.changed,
        cells=row.cells,
    )
