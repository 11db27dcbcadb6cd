"""A form field that is checked while the participant types, and again when the form is sent."""

from uproot_aio import *

DESCRIPTION = "A user name, checked while typing"


class Registration(Page):
    fields = dict(
        username=StringField(label="Username"),
    )

    @live
    def check_username(page, player, username: str):
        # Check if username is available
        taken = username.lower() in ["admin", "root", "system"]
        return {"available": not taken}

    @classmethod
    def validate(page, player, data):
        # A live method advises; only what is checked here is certain.
        if not page.check_username(player, data["username"])["available"]:
            return {"username": "This username is taken. Please choose another one."}


class Welcome(Page):
    pass


page_order = [Registration, Welcome]
