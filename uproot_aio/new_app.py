"""Make a first app: a folder with a greeting and a counter, for its author to change."""

from __future__ import annotations

import keyword
import re
import sys
import tempfile
import unicodedata
from pathlib import Path
from typing import Final

from uproot_aio.errors import AuthorError, SettingsError

MODULE: Final = '''\
"""A greeting, and a counter that lives on the server."""

from uproot_aio import *

DESCRIPTION = "A greeting and a counter"


class C:
    GOAL = 10


def new_player(player):
    player.count = 0


class Welcome(Page):
    fields = dict(
        first_name=StringField(label="What is your first name?"),
    )


class Counter(Page):
    @live
    def increment(page, player, step: int = 1):
        player.count += step
        return {"count": player.count, "reached": player.count >= C.GOAL}


page_order = [Welcome, Counter]
'''

WELCOME: Final = """\
{% extends "Base.html" %}

{% block title %}Welcome{% endblock title %}

{% block main %}
<p>On the next page you will count to {{ C.GOAL }}.</p>

{{ fields() }}
{% endblock main %}
"""

COUNTER: Final = """\
{% extends "Base.html" %}

{% block title %}Hello, {{ player.first_name }}!{% endblock title %}

{% block main %}
<p>Count: <strong id="count">{{ player.count }}</strong> of {{ C.GOAL }}</p>
<p id="message" role="status"></p>

<button type="button" onclick="add(1)">+1</button>
<button type="button" onclick="add(5)">+5</button>

<script>
function add(step) {
    uproot.invoke("increment", step).then(result => {
        document.getElementById("count").textContent = result.count;
        document.getElementById("message").textContent = result.reached ? "You made it." : "";
    });
}
</script>
{% endblock main %}
"""

FILES: Final = {"__init__.py": MODULE, "Welcome.html": WELCOME, "Counter.html": COUNTER}


def create_app(name: str, experiments: Path) -> Path:
    """Make the folder `experiments/name` with a first app and return it.

    The folder appears at once and complete, since a running server watches `experiments`.

    Raises:
        AuthorError: the name cannot be an app's name, or is taken.
        SettingsError: the folder cannot be written.
    """
    _check(name)
    folder = experiments / name
    taken = next((path for path in (folder, experiments / f"{name}.py") if path.exists()), None)
    if taken:
        raise AuthorError(f"{taken} exists already: choose another name, or move it away.")
    try:
        experiments.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=experiments) as workshop:
            draft = Path(workshop, name)
            draft.mkdir()
            for file, text in FILES.items():
                (draft / file).write_text(text, encoding="utf-8")
            draft.rename(folder)
    except OSError as error:
        raise SettingsError(f"{folder} cannot be made: {error.strerror}.") from None
    return folder


def _check(name: str) -> None:
    """Refuse what Python cannot import under that name, or would take from elsewhere."""
    if not name.isascii() or not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        plain = (
            unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        )  # letters without accents
        proposal = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_0123456789")
        is_usable = proposal and not keyword.iskeyword(proposal)
        advice = f", as in {proposal if is_usable else 'my_first'}"
        raise AuthorError(
            f'"{name}" cannot be the name of an app: use lower-case letters, digits and underscores,'
            f" beginning with a letter{advice}."
        )
    if name in sys.stdlib_module_names or name == "uproot_aio":
        raise AuthorError(f'"{name}" is a module of its own already: choose another name, as in {name}_game.')
