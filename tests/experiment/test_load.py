"""Apps are found, checked and reloaded; every mistake is reported and none stops another app."""

from __future__ import annotations

import builtins
import errno
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import pytest

from uproot_aio.experiment.find_apps import why_unreadable
from uproot_aio.experiment.load import App, Library, Mistake

Write = Callable[[str, str], Path]

HEAD = "from uproot_aio.experiment.pages import NoshowPage, Page\n"
LIVE = "from uproot_aio.experiment.live import live\n"
LIVE_PAGE = """\
from uproot_aio.experiment.handles import Player, Session
from uproot_aio.experiment.live import live
from uproot_aio.experiment.pages import Page
class Own: ...
class A(Page):
    @live
    def tell(page, player, {parameter}): ...
page_order = [A]
"""
PYTHONS_IMPORT = builtins.__import__
ONE_PAGE = HEAD + "class Welcome(Page): ...\npage_order = [Welcome]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "experiments"


@pytest.fixture
def write(folder: Path) -> Write:
    def write(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), errors="surrogateescape")
        return path

    return write


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    before = set(sys.modules)
    library = Library(folder)
    yield library
    library.close()
    left = {name for name in set(sys.modules) - before if _lies_in(name, folder)}
    assert left == set()


def _lies_in(name: str, folder: Path) -> bool:
    return str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder))


def only(library: Library, app: str) -> Mistake:
    [mistake] = library.mistakes[app]
    return mistake


def value_of(app: App, name: str) -> object:
    return getattr(app.module, name)


# What is an app


def test_a_folder_and_a_single_file_are_apps(library: Library, write: Write, folder: Path) -> None:
    write("counter/__init__.py", ONE_PAGE)
    write("survey.py", ONE_PAGE)

    library.load()

    assert library.mistakes == {}
    assert {name: app.folder for name, app in library.apps.items()} == {
        "counter": folder / "counter",
        "survey": folder / "survey",
    }
    assert library.apps["counter"].page_order == [library.page("counter/Welcome")]


def test_everything_an_app_says_about_itself_is_kept(library: Library, write: Write) -> None:
    write(
        "counter.py",
        HEAD
        + """\
DESCRIPTION = "Counts"
class C:
    GOAL = 3
def new_session(session): return "session"
def new_player(player): return "player"
class Counter(Page): ...
class Unused(Page): ...
page_order = [[Counter], [], [[Counter]]]
""",
    )

    library.load()

    app = library.apps["counter"]
    assert app.description == "Counts"
    assert app.constants.GOAL == 3
    assert app.new_session is not None
    assert app.new_session(None) == "session"
    assert app.new_player is not None
    assert app.new_player(player=None) == "player"
    assert set(app.pages) == {"Counter", "Unused"}
    assert app.page_order == [app.pages["Counter"]] * 2


def test_what_is_no_app_is_skipped(library: Library, write: Write) -> None:
    write("counter.py", ONE_PAGE)
    write("counter/Welcome.html", "<p>")
    write("pictures/readme.txt", "no __init__.py here")
    write("_helper.py", "raise Exception('nobody imports this')")
    write("_odd-name.py", "raise Exception")
    write(".hidden/__init__.py", "raise Exception")
    write(".counter.py.swp", "")
    write("__init__.py", "raise Exception")
    write("__pycache__/old.py", "raise Exception")
    write("notes.txt", "")

    library.load()

    assert list(library.apps) == ["counter"]
    assert library.mistakes == {}


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir(), lambda path: path.touch()])
def test_without_an_experiments_folder_there_are_no_apps(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "experiments")
    library = Library(tmp_path / "experiments")

    library.load()

    assert (library.apps, library.mistakes, library.page("a/B")) == ({}, {}, None)


def test_a_library_without_a_folder_stays_empty() -> None:
    library = Library(None)

    library.load()

    assert library.reload({Path("x.py")}) == []
    assert library.apps == {}


def test_relative_and_sibling_imports_work(library: Library, write: Write) -> None:
    write("games/__init__.py", "from .pages import Trust\nfrom . import numbers\npage_order = [Trust]\n")
    write(
        "games/pages.py", HEAD + "from .numbers import ENDOWMENT\nclass Trust(Page):\n    stake = ENDOWMENT\n"
    )
    write("games/numbers.py", "ENDOWMENT = 10\n")
    write("after.py", HEAD + "import games\nfrom _shared import TEXT\npage_order = [games.Trust]\n")
    write("_shared.py", "TEXT = 'hello'\n")

    library.load()

    assert library.mistakes == {}
    trust = library.page("games/Trust")
    assert trust is not None
    assert trust.stake == 10  # type: ignore[attr-defined]  # of the app above
    assert library.apps["after"].page_order == [trust]
    assert library.apps["after"].pages == {}


def test_a_function_page_order_finds_pages_of_submodules_too(library: Library, write: Write) -> None:
    write("games/__init__.py", "from . import pages\ndef page_order(player): return [pages.Trust]\n")
    write("games/pages.py", HEAD + "class Trust(Page): ...\n")

    library.load()

    assert library.mistakes == {}
    assert library.page("games/Trust") is not None


@pytest.mark.parametrize("name", ["json", "msgspec", "sys", "_thread", "pytest"])
def test_an_app_never_hides_a_module_that_is_no_app(library: Library, write: Write, name: str) -> None:
    write(f"{name}.py", "raise Exception('must not run')")
    write("good.py", "import json\n" + ONE_PAGE)
    known = sys.modules.get(name)

    library.load()

    assert sys.modules.get(name) is known
    assert value_of(library.apps["good"], "json") is json
    assert f"An app called {name} would hide" in only(library, name).message
    assert f"{name}_app" in only(library, name).advice


@pytest.mark.parametrize(
    ("name", "better"),
    [("my-app", "my_app"), ("2nd", "app_2nd"), ("class", "app_class"), ("a b", "a_b"), ("ünï", "uni")],
)
def test_a_name_that_cannot_be_imported_gets_a_better_one(
    library: Library, write: Write, name: str, better: str
) -> None:
    write(f"{name}/__init__.py", ONE_PAGE)

    library.load()

    assert only(library, name).message == f'"{name}" cannot be the name of an app.'
    assert f"Rename the folder to {better};" in only(library, name).advice


def test_a_folder_and_a_file_of_one_name_are_a_mistake(library: Library, write: Write) -> None:
    write("counter.py", ONE_PAGE)
    write("counter/__init__.py", ONE_PAGE)

    library.load()

    assert library.apps == {}
    assert "two apps called counter" in only(library, "counter").message


# Mistakes


@pytest.mark.parametrize(
    ("text", "line", "message", "advice"),
    [
        ("x = 1\ndef f(:\n", 2, "Python cannot read 'def f(:': invalid syntax.", "Correct this line"),
        ("if True:\nx = 1\n", 2, "expected an indented block", "four spaces"),
        ("x = 1\n\0\n", 2, "Python cannot read this: it contains null bytes.", "as plain text in UTF-8"),
        ("x = 1\n'\udcfc'\n", 2, "'utf-8' codec", "as plain text in UTF-8"),
        (
            "x = 1\n\nimport no_such_thing\n",
            3,
            "No module named 'no_such_thing'",
            "pip install no_such_thing",
        ),
        ("import godo\n", 1, "No module named 'godo'", "Did you mean good?"),
        ("import godo.deep\n", 1, "No module named 'godo'", "Did you mean good?"),
        ("from good import Welcom\n", 1, "cannot import name 'Welcom'", "Did you mean Welcome?"),
        ("from . import other\n", 1, "attempted relative import", "Check the name"),
        ("x = 1\nx / 0\n", 2, "ZeroDivisionError: division by zero.", "Correct this line"),
        ("total = 1\nprint(totl)\n", 2, "name 'totl' is not defined", "Did you mean total?"),
        ("import sys\nsys.exit(3)\n", 2, "The app ends the program", "__main__"),
        ("\nraise KeyboardInterrupt\n", 2, "The app ends the program", "__main__"),
        ("class E(Exception):\n    def __str__(self): 1/0\nraise E\n", 3, "E", "Correct"),
        ("import asyncio\nraise asyncio.CancelledError\n", 2, "CancelledError", "Correct"),
        ("import json\njson.loads('{')\n", 2, "JSONDecodeError", "Correct"),
        ("raise TypeError('Did you mean `label`?')\n", 1, "Did you mean `label`?", "Correct"),
        ("def f(): f()\nf()\n", 1, "RecursionError", ""),
    ],
)
def test_a_failing_import_is_told_with_its_line_in_the_app(
    library: Library, write: Write, text: str, line: int | None, message: str, advice: str
) -> None:
    write("broken.py", text)
    write("good.py", ONE_PAGE)

    library.load()

    mistake = only(library, "broken")
    assert (mistake.app, mistake.file, mistake.line) == ("broken", "broken.py", line)
    assert message in mistake.message
    assert not mistake.message.endswith("?.")
    assert advice in mistake.advice
    assert list(library.apps) == ["good"]
    assert "broken" not in sys.modules


def test_a_mistake_in_a_submodule_names_that_file_and_leaves_no_module_behind(
    library: Library, write: Write
) -> None:
    write("games/__init__.py", "from . import fine, pages\n")
    write("games/fine.py", "")
    write("games/pages.py", "x = 1\n\nx.nothing\n")

    library.load()

    assert (only(library, "games").file, only(library, "games").line) == ("games/pages.py", 3)
    assert [name for name in sys.modules if name.startswith("games")] == []


def test_an_app_that_imports_a_broken_one_says_where_the_fault_lies(library: Library, write: Write) -> None:
    write("first.py", "x = 1\nimport second\n")
    write("second.py", "1 / 0\n")
    write("third.py", "import fourth\n")
    write("fourth.py", "\n(\n")

    library.load()

    assert (only(library, "first").file, only(library, "first").line) == ("first.py", 2)
    assert only(library, "first").message.endswith("It is in second.py, line 1.")
    assert only(library, "third").line == 1
    assert only(library, "third").message.endswith("It is in fourth.py, line 2.")


def test_modules_that_import_each_other_get_advice(library: Library, write: Write) -> None:
    write("games/__init__.py", "from .a import x\n")
    write("games/a.py", "from .b import y\nx = 1\n")
    write("games/b.py", "from .a import x\ny = 1\n")

    library.load()

    assert "third file" in only(library, "games").advice


def test_broken_rules_of_a_page_have_the_line_of_the_method(library: Library, write: Write) -> None:
    write("broken.py", HEAD + "class A(Page):\n    def one(page, player): ...\n    context = 1\n")

    library.load()

    assert [(mistake.line, mistake.message) for mistake in library.mistakes["broken"]] == [
        (3, "A.one is a plain method."),
        (2, "A.context has no meaning."),
    ]


PAGES = HEAD + "class Dilemma(Page): ...\nclass Plain: ...\n"


@pytest.mark.parametrize(
    ("order", "message", "advice"),
    [
        ("", "The module has no page_order.", "Add page_order = [Dilemma] at the end"),
        ("page_order = []", "page_order is empty.", "Write page_order = [Dilemma]."),
        ("page_order = [[], []]", "page_order is empty.", "Write page_order = [Dilemma]."),
        ("page_order = Dilemma", "no list", "Write page_order = [Dilemma]."),
        ("page_order = None", "page_order is None, no list.", "page_order = [Dilemma]"),
        ("page_order = 'Dilemma'", "no list", "page_order = [Dilemma]"),
        ("page_order = {Dilemma}", "no list", "page_order = [Dilemma]"),
        ("page_order = ['Dilemma']", 'names "Dilemma" in quotes', "Remove the quotes: Dilemma."),
        (
            "page_order = [[['Dilema']]]",
            'page_order names "Dilema", but the module has no such page.',
            "Did you mean Dilemma?",
        ),
        ("page_order = [Plain]", "page_order names Plain, which is no page.", "class Plain(Page)"),
        ("page_order = [Page]", "names Page, the base of all pages", "class Welcome(Page)"),
        ("page_order = [NoshowPage]", "the base of all pages", "class Welcome(NoshowPage)"),
        ("page_order = [None]", "contains None, which is no page", "Name page classes only."),
        ("page_order = [object()]", "contains an object, which is no page", "Name page classes only."),
        ("page_order = []; page_order.append(page_order)", "contains itself", ""),
        ("async def page_order(player): ...", "page_order is async", "def instead of async def"),
        ("def page_order(): ...", "page_order() does not take", "def page_order(player)"),
        ("def page_order(p): ...", "page_order(p) does not take", "def page_order(player)"),
    ],
)
def test_mistakes_in_page_order_are_named(
    library: Library, write: Write, order: str, message: str, advice: str
) -> None:
    write("prisoners.py", PAGES + order + "\n")

    library.load()

    mistake = only(library, "prisoners")
    assert message in mistake.message
    assert advice in mistake.advice
    assert mistake.line == (4 if order else None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("async def new_player(player): ...", "new_player is async."),
        ("async def new_session(session): ...", "new_session is async."),
        ("def new_player(p): ...", "new_player(p) does not take what it is called with."),
        ("def new_session(): ...", "new_session() does not take what it is called with."),
        ("new_player = 3", "new_player is no function."),
        ("class Constants: ...", "The module has a name Constants."),
        ("C = 3", "C is 3."),
        ("DESCRIPTION = 3", "DESCRIPTION is 3."),
    ],
)
def test_mistakes_in_other_names_are_told(library: Library, write: Write, text: str, message: str) -> None:
    write("broken.py", ONE_PAGE + text + "\n")

    library.load()

    assert only(library, "broken").message == message
    assert only(library, "broken").line == 4
    assert only(library, "broken").advice


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fields = ['a']", "A.fields is ['a']."),
        ("timeout = '10'", "A.timeout is '10'."),
        ("template = 3", "A.template is 3."),
        ("stealth_fields = 'a'", "A.stealth_fields is 'a'."),
        ("fields = [object()]", "A.fields is a list."),
        ("timeout = object()", "A.timeout is an object."),
        ("@classmethod\n    def template(page, player): ...", "A.template is a method."),
        (
            "@live\n    def show(page, player): ...",
            "A.show is a @live method, but means something on a page.",
        ),
    ],
)
def test_values_that_a_hook_cannot_have_are_told(
    library: Library, write: Write, text: str, message: str
) -> None:
    write("broken.py", HEAD + LIVE + f"class A(Page):\n    x = 1\n    {text}\npage_order = [A]\n")

    library.load()

    assert only(library, "broken").message == message
    assert only(library, "broken").line == 5


@pytest.mark.parametrize(
    ("name", "what"),
    [
        *((name, "is a name that the framework uses") for name in ("session", "name", "_read", "players")),
        *((name, "is a name that the framework uses") for name in ("started", "show_page", "app", "id")),
        ("_uproot_key", "is a name that the framework uses"),
        ("my field", "is no name of a field"),
        ("__x__", "is no name of a field"),
    ],
)
def test_a_field_that_the_framework_could_not_store_is_refused(
    library: Library, write: Write, name: str, what: str
) -> None:
    page = f"class A(Page):\n    fields = {{\n        'good': 1,\n        {name!r}: 2,\n    }}\n"
    write("games/__init__.py", "from .pages import A\npage_order = [A]\n")
    write("games/pages.py", HEAD + page)

    library.load()

    mistake = only(library, "games")
    assert (mistake.file, mistake.line) == ("games/pages.py", 5)
    assert mistake.message == f'A.fields: "{name}" {what}.'
    assert "Choose another name" in mistake.advice


def test_a_field_written_as_keyword_has_its_line(library: Library, write: Write) -> None:
    write(
        "broken.py",
        HEAD + "class A(Page):\n    fields = dict(\n        session=1,\n    )\npage_order = [A]\n",
    )

    library.load()

    assert only(library, "broken").line == 4


def test_fields_that_are_free_or_never_stored_may_have_any_name(library: Library, write: Write) -> None:
    write(
        "good.py",
        HEAD
        + """\
class A(Page):
    fields = {"label": 1, "payoff": 1, "age": 1}
class B(Page):
    fields = {"name": 1}
    stealth_fields = ["name"]
page_order = [A, B]
""",
    )

    library.load()

    assert library.mistakes == {}


@pytest.mark.parametrize("annotation", ["Player", "Session", "Own", "Player | Own"])
def test_a_live_parameter_that_no_browser_can_fill_is_a_mistake(
    library: Library, write: Write, annotation: str
) -> None:
    write("broken.py", LIVE_PAGE.format(parameter=f"other: {annotation}"))

    library.load()

    assert "nothing that a browser sends can be one" in only(library, "broken").message
    assert only(library, "broken").line == 6


def test_a_message_has_no_addresses_in_memory(library: Library, write: Write) -> None:
    write("broken.py", LIVE_PAGE.format(parameter="other: list[object(), 3]"))

    library.load()

    assert "is annotated list[object, 3], which makes no sense" in only(library, "broken").message


@pytest.mark.parametrize("parameter", ["other: Player = None", "other: Player | None", "other: list[Player]"])
def test_a_live_parameter_that_some_call_can_fill_is_none(
    library: Library, write: Write, parameter: str
) -> None:
    write("good.py", LIVE_PAGE.format(parameter=parameter))

    library.load()

    assert library.mistakes == {}


def test_all_mistakes_of_all_apps_are_told_at_once(library: Library, write: Write) -> None:
    write("one.py", "1 / 0\n")
    write(
        "two.py", HEAD + "C = 1\nDESCRIPTION = 2\nasync def new_player(player): ...\npage_order = ['A', 3]\n"
    )
    write("three.py", ONE_PAGE)

    library.load()

    assert {name: len(mistakes) for name, mistakes in library.mistakes.items()} == {"one": 1, "two": 5}
    assert list(library.apps) == ["three"]


def test_pages_of_one_name_in_two_submodules_are_a_mistake(library: Library, write: Write) -> None:
    write("games/__init__.py", "from . import a, b\npage_order = [a.Trust, b.Trust]\n")
    write("games/a.py", HEAD + "class Trust(Page): ...\n")
    write("games/b.py", HEAD + "class Trust(Page): ...\n")

    library.load()

    assert "two different pages called Trust" in only(library, "games").message


def test_a_page_of_an_app_that_has_mistakes_cannot_be_used(library: Library, write: Write) -> None:
    write("first.py", "import second\npage_order = [second.Welcome]\n")
    write("second.py", ONE_PAGE + "C = 1\n")

    library.load()

    assert library.apps == {}
    assert only(library, "first").message == (
        "page_order names second/Welcome, of second, which is no app or has mistakes."
    )


def test_a_live_method_with_an_impossible_annotation_is_a_mistake_at_its_line(
    library: Library, write: Write
) -> None:
    write(
        "broken.py",
        "from uproot_aio.experiment.live import live\n"
        + HEAD
        + "class Bid(Page):\n    @live\n    def place(page, player, amount: 'Nonsense'): ...\n"
        + "page_order = [Bid]\n",
    )

    library.load()

    mistake = only(library, "broken")
    assert (mistake.file, mistake.line) == ("broken.py", 4)
    assert "place" in mistake.message
    assert "amount" in mistake.message


def test_a_mistake_reads_as_one_line() -> None:
    mistake = Mistake("a", "a/pages.py", 3, "What.", "Do.")

    assert str(mistake) == "a/pages.py, line 3: What. Do."


@pytest.mark.parametrize(
    ("make", "what", "advice"),
    [
        (lambda path: path.symlink_to(path), "is a link that leads in a circle", "Remove the link"),
        (lambda path: path.symlink_to("nowhere"), "is a link to nowhere, which does not exist", "Remove"),
        (os.mkfifo, "is no file", "Put a file in its place"),
    ],
)
def test_an_entry_that_cannot_be_read_is_a_mistake_of_its_own(
    library: Library, write: Write, folder: Path, make: Callable[[Path], None], what: str, advice: str
) -> None:
    write("good.py", ONE_PAGE)
    make(folder / "odd.py")

    library.load()

    assert list(library.apps) == ["good"]
    assert (only(library, "odd").file, only(library, "odd").line) == ("odd.py", None)
    assert only(library, "odd").message == f"odd.py {what}."
    assert advice in only(library, "odd").advice


def test_an_entry_that_can_be_read_again_has_no_mistake_any_more(
    library: Library, write: Write, folder: Path
) -> None:
    link = folder / "_shared"
    write("good.py", ONE_PAGE)
    link.symlink_to("nowhere")
    library.load()
    told = list(library.mistakes)
    link.unlink()
    write("_shared/__init__.py", "")

    touched = library.reload(())

    assert (told, touched, library.mistakes) == (["_shared"], ["_shared"], {})


def test_a_forbidden_folder_is_told_with_who_may_change_that(folder: Path) -> None:
    unreadable = why_unreadable(folder / "odd", PermissionError(errno.EACCES, "Permission denied"))

    assert str(Mistake("odd", "odd", None, *unreadable)) == (
        "odd: odd cannot be read: Permission denied. Give the server's user the right to read it."
    )


def test_an_unreadable_folder_beside_an_app_of_one_file_does_not_stop_it(
    library: Library, write: Write, folder: Path
) -> None:
    write("counter.py", ONE_PAGE)
    (folder / "counter").symlink_to("nowhere")

    library.load()

    assert list(library.apps) == ["counter"]


def test_a_pipe_inside_of_an_app_is_never_opened(library: Library, write: Write, folder: Path) -> None:
    write("games/__init__.py", ONE_PAGE)
    os.mkfifo(folder / "games" / "pipe.py")

    library.load()

    assert list(library.apps) == ["games"]


def test_an_experiments_folder_that_becomes_unreadable_keeps_the_apps_and_says_why(
    library: Library, write: Write, folder: Path
) -> None:
    write("counter.py", ONE_PAGE)
    library.load()
    folder.rename(folder.with_name("away"))
    folder.symlink_to(folder)

    touched = library.reload(())

    assert (touched, list(library.apps)) == (["experiments"], ["counter"])
    assert str(only(library, "experiments")) == (
        f"{folder}: The experiments folder is a link that leads in a circle. "
        "Remove the link, or let it lead to a file or folder."
    )


# Reload


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """What an app may import: it sets `reached` and waits until `opened` is set."""
    gate = SimpleNamespace(reached=threading.Event(), opened=threading.Event())
    monkeypatch.setitem(sys.modules, "gate", gate)
    yield gate
    gate.opened.set()


LAZY = """\
def from_import():
    from games import GOAL
    return GOAL
def whole():
    import games.rules
    return games.GOAL + games.rules.BONUS
def relative():
    from . import rules
    from .rules import BONUS
    return rules.BONUS + BONUS
"""


@pytest.mark.parametrize("ending", ["", "1 / 0"])
def test_while_a_new_version_is_imported_the_running_one_imports_itself_at_once(
    library: Library, write: Write, gate: SimpleNamespace, ending: str
) -> None:
    path = write("games/__init__.py", "from . import rules\nGOAL = 1\n" + LAZY + ONE_PAGE)
    rules = write("games/rules.py", "BONUS = 10\n")
    library.load()
    old = library.apps["games"].module
    rules.write_text("BONUS = 20\n")
    path.write_text(
        "from . import rules\nGOAL = 2\nimport gate\ngate.reached.set()\ngate.opened.wait()\n"
        "import games\nassert games.GOAL + games.rules.BONUS == 22\n" + LAZY + ONE_PAGE + ending
    )

    with ThreadPoolExecutor() as threads:
        importing = threads.submit(library.prepare, {path, rules})
        gate.reached.wait()
        found = [threads.submit(function) for function in (old.from_import, old.whole, old.relative)]
        try:
            seen = [future.result(timeout=10) for future in found]
        finally:
            gate.opened.set()
        library.apply(importing.result())

    assert seen == [1, 11, 20]
    assert (library.apps["games"].module is old) == bool(ending)
    assert library.apps["games"].module.from_import() == (1 if ending else 2)
    assert builtins.__import__ is PYTHONS_IMPORT


def test_a_removed_app_can_be_imported_until_the_others_are_ready(
    library: Library, write: Write, gate: SimpleNamespace
) -> None:
    gone = write("gone.py", "GOAL = 1\ndef itself():\n    import gone\n    return gone.GOAL\n" + ONE_PAGE)
    library.load()
    itself = library.apps["gone"].module.itself
    gone.unlink()
    write("new.py", "import gate\ngate.reached.set()\ngate.opened.wait()\n" + ONE_PAGE)

    with ThreadPoolExecutor() as threads:
        importing = threads.submit(library.prepare, ())
        gate.reached.wait()
        seen = threads.submit(itself)
        try:
            assert seen.result(timeout=10) == 1
        finally:
            gate.opened.set()
        library.apply(importing.result())

    assert "gone" not in library.apps


def test_new_changed_and_removed_apps_are_picked_up(library: Library, write: Write) -> None:
    kept = write("kept.py", ONE_PAGE)
    changed = write("changed.py", ONE_PAGE)
    removed = write("removed.py", ONE_PAGE)
    library.load()
    module = library.apps["kept"].module
    new = write("new.py", ONE_PAGE)
    changed.write_text(ONE_PAGE.replace("Welcome", "Hello"))
    removed.unlink()

    touched = library.reload({new, changed, removed})

    assert touched == ["changed", "new", "removed"]
    assert library.page("removed/Welcome") is None
    assert library.page("changed/Welcome") is None
    assert library.page("changed/Hello") is not None
    assert library.page("new/Welcome") is not None
    assert library.apps["kept"].module is module
    assert "removed" not in sys.modules
    assert kept.exists()


def test_changes_are_found_without_being_told_of(library: Library, write: Write) -> None:
    path = write("counter.py", ONE_PAGE)
    library.load()
    path.write_text(ONE_PAGE + "C = {}\n")

    assert library.reload(()) == ["counter"]
    assert library.reload(()) == []


def test_a_second_save_of_the_same_size_in_the_same_instant_is_read(library: Library, write: Write) -> None:
    path = write("counter.py", ONE_PAGE + "x = 1\n")
    library.load()
    status = path.stat()
    path.write_text(ONE_PAGE + "x = 2\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    touched = library.reload({path})

    assert touched == ["counter"]
    assert value_of(library.apps["counter"], "x") == 2


def test_no_bytecode_is_written_and_none_is_read(library: Library, write: Write, folder: Path) -> None:
    write("games/__init__.py", "from . import a\n" + ONE_PAGE)
    write("games/a.py", "")

    library.load()

    assert list(folder.rglob("*.pyc")) == []


def test_a_change_that_does_not_import_keeps_the_old_version_running(library: Library, write: Write) -> None:
    path = write("games/__init__.py", "from . import a\n" + ONE_PAGE)
    write("games/a.py", "x = 1\n")
    library.load()
    app, module, sub = library.apps["games"], sys.modules["games"], sys.modules["games.a"]
    path.write_text("from . import a\n1 / 0\n")

    touched = library.reload({path})

    assert touched == ["games"]
    assert library.apps["games"] is app
    assert (sys.modules["games"], sys.modules["games.a"]) == (module, sub)
    assert only(library, "games").still_running


def test_a_corrected_app_has_no_mistakes_any_more(library: Library, write: Write) -> None:
    path = write("counter.py", "1 / 0\n")
    library.load()
    path.write_text(ONE_PAGE)

    library.reload({path})

    assert library.mistakes == {}
    assert library.page("counter/Welcome") is not None


def test_submodules_reload_with_their_app(library: Library, write: Write) -> None:
    write("games/__init__.py", "from .deep.numbers import X\n" + ONE_PAGE)
    write("games/deep/__init__.py", "")
    path = write("games/deep/numbers.py", "X = 1\n")
    library.load()
    path.write_text("X = 2\n")

    touched = library.reload({path})

    assert touched == ["games"]
    assert value_of(library.apps["games"], "X") == 2


def test_functions_of_the_old_version_go_on_with_its_globals(library: Library, write: Write) -> None:
    path = write("counter.py", ONE_PAGE + "STEP = 1\ndef step(): return STEP\n")
    library.load()
    old = value_of(library.apps["counter"], "step")
    path.write_text(ONE_PAGE + "STEP = 2\ndef step(): return STEP\n")

    library.reload({path})

    assert callable(old)
    assert old() == 1


def test_apps_that_import_a_changed_app_or_helper_reload_with_it(library: Library, write: Write) -> None:
    write("last.py", "from middle import X\n" + ONE_PAGE)
    write("middle.py", "from _shared import X\n" + ONE_PAGE)
    write("other.py", ONE_PAGE)
    shared = write("_shared.py", "X = 1\n")
    library.load()
    shared.write_text("X = 2\n")

    touched = library.reload({shared})

    assert touched == ["last", "middle"]
    assert value_of(library.apps["last"], "X") == 2


def test_a_change_that_fails_does_not_touch_the_apps_that_import_it(library: Library, write: Write) -> None:
    write("first.py", "import second\n" + ONE_PAGE)
    second = write("second.py", ONE_PAGE)
    library.load()
    app = library.apps["first"]
    second.write_text("1 / 0\n")

    touched = library.reload({second})

    assert touched == ["second"]
    assert library.apps["first"] is app
    assert list(library.mistakes) == ["second"]


def test_a_broken_helper_leaves_everybody_on_the_former_version(library: Library, write: Write) -> None:
    write("first.py", "import _shared\n" + ONE_PAGE)
    shared = write("_shared.py", "X = 1\n")
    library.load()
    module = sys.modules["_shared"]
    shared.write_text("1 / 0\n")

    touched = library.reload({shared})

    assert touched == ["first"]
    assert only(library, "first").still_running
    assert only(library, "first").message.endswith("It is in _shared.py, line 1.")
    assert sys.modules["_shared"] is module


def test_an_app_recovers_when_what_it_imports_does(library: Library, write: Write) -> None:
    write("first.py", "import second\npage_order = [second.Welcome]\n")
    second = write("second.py", "1 / 0\n")
    library.load()
    second.write_text(ONE_PAGE)

    touched = library.reload({second})

    assert touched == ["first", "second"]
    assert library.mistakes == {}


def test_an_app_whose_sibling_was_removed_runs_on_and_says_so(library: Library, write: Write) -> None:
    write("first.py", "import second\n" + ONE_PAGE)
    second = write("second.py", ONE_PAGE)
    library.load()
    second.unlink()

    touched = library.reload({second})

    assert touched == ["first", "second"]
    assert library.page("first/Welcome") is not None
    assert library.page("second/Welcome") is None
    assert only(library, "first").still_running


def test_apps_that_import_each_other_reload_together(library: Library, write: Write) -> None:
    first = write("first.py", "import second\n" + ONE_PAGE + "X = 1\n")
    write("second.py", "import first\n" + ONE_PAGE)
    library.load()
    first.write_text("import second\n" + ONE_PAGE + "X = 2\n")

    touched = library.reload({first})

    assert touched == ["first", "second"]
    assert value_of(library.apps["second"], "first") is library.apps["first"].module
    assert value_of(library.apps["first"], "second") is library.apps["second"].module


def test_a_folder_that_takes_the_place_of_a_file_is_the_app(
    library: Library, write: Write, folder: Path
) -> None:
    write("counter.py", ONE_PAGE)
    library.load()
    write("counter/__init__.py", ONE_PAGE.replace("Welcome", "Hello"))

    twice = library.reload(())
    (folder / "counter.py").unlink()
    once = library.reload(())

    assert (twice, once) == (["counter"], ["counter"])
    assert library.page("counter/Hello") is not None
    assert library.mistakes == {}


def test_templates_and_other_files_are_no_change(library: Library, write: Write) -> None:
    write("counter/__init__.py", ONE_PAGE)
    library.load()
    template = write("counter/Welcome.html", "<p>")

    assert library.reload({template, write("counter/notes", ""), Path("/elsewhere/counter.py")}) == []


def test_preparing_changes_nothing_that_others_look_at(library: Library, write: Write) -> None:
    path = write("counter.py", ONE_PAGE)
    library.load()
    page = library.page("counter/Welcome")
    path.write_text(ONE_PAGE + "C = {}\n")

    prepared = library.prepare({path})
    during = library.page("counter/Welcome")
    touched = library.apply(prepared)

    assert during is page
    assert touched == ["counter"]
    assert library.page("counter/Welcome") is not page


def test_a_folder_that_vanishes_takes_its_apps_and_brings_them_back(
    library: Library, write: Write, folder: Path
) -> None:
    write("counter.py", ONE_PAGE)
    library.load()
    away = folder.with_name("away")

    folder.rename(away)
    gone = library.reload(())
    away.rename(folder)
    back = library.reload(())

    assert (gone, back) == (["counter"], ["counter"])
    assert library.page("counter/Welcome") is not None


def test_a_second_load_imports_everything_anew(library: Library, write: Write) -> None:
    write("counter.py", ONE_PAGE)
    library.load()
    module = library.apps["counter"].module

    library.load()

    assert library.apps["counter"].module is not module
