"""What an app imports: pages, live methods, form fields, messages.

`from uproot_aio import *` brings all of it.
"""

from __future__ import annotations

from uproot_aio.errors import LiveError
from uproot_aio.experiment.fields import (
    BooleanField,
    DecimalField,
    FloatField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from uproot_aio.experiment.handles import Group, Player, Session
from uproot_aio.experiment.live import live
from uproot_aio.experiment.notify import notify, reload, send_to, send_to_one
from uproot_aio.experiment.pages import NoshowPage, Page
from uproot_aio.experiment.saved import saved
from uproot_aio.state.identifiers import (
    GroupIdentifier,
    ModelIdentifier,
    PlayerIdentifier,
    SessionIdentifier,
)

__version__ = "0.1.0"

__all__ = [
    "BooleanField",
    "DecimalField",
    "FloatField",
    "Group",
    "GroupIdentifier",
    "IntegerField",
    "LiveError",
    "ModelIdentifier",
    "NoshowPage",
    "Page",
    "Player",
    "PlayerIdentifier",
    "RadioField",
    "SelectField",
    "Session",
    "SessionIdentifier",
    "StringField",
    "TextAreaField",
    "live",
    "notify",
    "reload",
    "saved",
    "send_to",
    "send_to_one",
]
