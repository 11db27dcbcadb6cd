"""The command line: serve, or make a first app."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from uproot_aio import __version__
from uproot_aio.errors import UprootError
from uproot_aio.new_app import create_app
from uproot_aio.settings import FILE_NAME, load_settings, refuse_open_door
from uproot_aio.settings_table import PREFIX, SETTINGS, Setting

EPILOG = f"""Each option can also be given as an environment variable, {PREFIX}PORT for --port, or in
{FILE_NAME} as port = 8000. A flag wins over the environment, the environment over the file.
Only there: {", ".join(setting.variable for setting in SETTINGS.values() if setting.secret)}."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; what the user can mend becomes one line and code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Descriptions are the author's: a console that lacks a character must not stop the server.
            stream.reconfigure(errors="backslashreplace")
    try:
        code = command.main(arguments, prog_name="uproot-aio", standalone_mode=False)
    except click.ClickException as error:
        return _refuse(error.format_message())
    except UprootError as error:
        return _refuse(str(error))
    except click.Abort:
        return 130
    return code if isinstance(code, int) else 0


def _refuse(message: str) -> int:
    click.echo(f"uproot-aio: {' '.join(message.split())}", err=True)
    return 2


def _option(setting: Setting) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """Return the click option of a setting. Values stay text here: settings.py converts and checks them."""
    assert setting.flag is not None, "secrets have no flag"
    is_switch = not setting.metavar
    explanation = setting.explanation.replace("`", "")
    return click.option(
        f"{setting.flag}/--no-{setting.flag[2:]}" if is_switch else setting.flag,
        setting.name,
        default=None,
        metavar=setting.metavar or None,
        help=f"{explanation}  [default: {setting.default}]",
    )


def _options(function: click.decorators.FC) -> click.decorators.FC:
    """Add an option for each setting that has a flag, in the order of the table."""
    for setting in reversed(tuple(SETTINGS.values())):
        if setting.flag:
            function = _option(setting)(function)
    return function


@click.group(invoke_without_command=True, epilog=EPILOG, context_settings={"max_content_width": 110})
@_options
@click.version_option(__version__, prog_name="uproot_aio", message="%(prog)s %(version)s")
@click.pass_context
def command(context: click.Context, /, **flags: str | bool | None) -> int:
    """Serve browser-based behavioural experiments; without a command, start the server."""
    context.obj = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in flags.items()
        if value is not None
    }
    return _serve(context.obj) if context.invoked_subcommand is None else 0


@command.command("new")
@click.argument("name")
@_option(SETTINGS["experiments"])
@click.pass_context
def new(context: click.Context, /, name: str, experiments: str | None) -> int:
    """Make a first app called NAME: a greeting and a counter, ready to be changed."""
    flags = context.obj if experiments is None else {**context.obj, "experiments": experiments}
    settings = load_settings(flags=flags, environment=os.environ, folder=Path.cwd())
    folder = create_app(name, settings.experiments)
    click.echo(f"Made {folder}. Start the server to try it; a running server has it already.")
    return 0


def _serve(flags: dict[str, str]) -> int:
    settings = load_settings(flags=flags, environment=os.environ, folder=Path.cwd())
    refuse_open_door(settings)
    from uproot_aio.serve import serve  # the whole server: not needed for --help and new

    return serve(settings)
