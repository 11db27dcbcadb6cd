"""Where settings come from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from uproot_aio.errors import SettingsError
from uproot_aio.settings import Settings, load_settings, refuse_open_door
from uproot_aio.settings_table import SETTINGS, Setting

CONFIGURATION = Path(__file__).parent.parent / "docs" / "configuration.md"


def load(
    folder: Path,
    *,
    flags: dict[str, str] | None = None,
    environment: dict[str, str] | None = None,
    file: str | None = None,
) -> Settings:
    if file is not None:
        (folder / "uproot_aio.toml").write_text(file, encoding="utf-8")
    return load_settings(flags=flags or {}, environment=environment or {}, folder=folder)


def test_without_any_source_the_server_listens_on_loopback_and_keeps_data_beside_the_experiments(
    tmp_path: Path,
) -> None:
    settings = load(tmp_path)

    assert (settings.host, settings.port, settings.durability, settings.loop) == (
        "127.0.0.1",
        8000,
        "fsync",
        "auto",
    )
    assert (settings.experiments, settings.data) == (tmp_path / "experiments", tmp_path / "data")
    assert (settings.frame_bytes, settings.calls_in_flight, settings.live_timeout_seconds) == (
        1 << 20,
        64,
        60,
    )


def test_a_flag_wins_over_the_environment_which_wins_over_the_file(tmp_path: Path) -> None:
    file = "port = 1\nframe_bytes = 2048\nhost = 'localhost'"
    environment = {"UPROOT_AIO_PORT": "2", "UPROOT_AIO_FRAME_BYTES": "4096"}

    settings = load(tmp_path, flags={"port": "3"}, environment=environment, file=file)

    assert (settings.port, settings.frame_bytes, settings.host) == (3, 4096, "localhost")


def test_every_setting_can_come_from_the_environment_and_from_the_file(tmp_path: Path) -> None:
    texts = {
        "host": "::1",
        "port": "9000",
        "experiments": "apps",
        "data": "/var/sessions",
        "durability": "os",
        "loop": "asyncio",
        "show_errors": "false",
        "frame_bytes": "4096",
        "calls_in_flight": "8",
        "live_timeout_seconds": "2.5",
        "map_size_bytes": "1073741824",
        "admin_password": "pass word",
        "api_keys": "one, two",
    }
    file = """
        host = "::1"
        port = 9000
        experiments = "apps"
        data = "/var/sessions"
        durability = "os"
        loop = "asyncio"
        show_errors = false
        frame_bytes = 4096
        calls_in_flight = 8
        live_timeout_seconds = 2.5
        map_size_bytes = 1073741824
        admin_password = "pass word"
        api_keys = ["one", "two"]
    """

    from_environment = load(
        tmp_path, environment={SETTINGS[name].variable: text for name, text in texts.items()}
    )
    from_file = load(tmp_path, file=file)

    assert texts.keys() == SETTINGS.keys()
    assert from_environment == from_file
    assert from_file.experiments == tmp_path / "apps"
    assert from_file.api_keys == ("one", "two")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"UPROOT_AIO_PROT": "1"},
            'environment: unknown setting "UPROOT_AIO_PROT". Did you mean UPROOT_AIO_PORT?',
        ),
        (
            {"UPROOT_AIO_port": "1"},
            'environment: unknown setting "UPROOT_AIO_port". Did you mean UPROOT_AIO_PORT?',
        ),
        (
            {"UPROOT_AIO_PORT": "http"},
            'UPROOT_AIO_PORT is "http"; it must be a whole number from 0 to 65535.',
        ),
        (
            {"UPROOT_AIO_PORT": "65536"},
            'UPROOT_AIO_PORT is "65536"; it must be a whole number from 0 to 65535.',
        ),
        (
            {"UPROOT_AIO_SHOW_ERRORS": "perhaps"},
            'UPROOT_AIO_SHOW_ERRORS is "perhaps"; it must be true or false.',
        ),
        ({"UPROOT_AIO_DATA": ""}, 'UPROOT_AIO_DATA is ""; it must be a folder.'),
        (
            {"UPROOT_AIO_DURABILITY": "fsnc"},
            'UPROOT_AIO_DURABILITY is "fsnc"; it must be "fsync" or "os". Did you mean "fsync"?',
        ),
    ],
)
def test_a_wrong_environment_is_refused_with_what_came_and_what_is_allowed(
    tmp_path: Path, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(tmp_path, environment=environment)

    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("prot = 1", 'uproot_aio.toml: unknown setting "prot". Did you mean port?'),
        ("Frame-Bytes = 1", 'uproot_aio.toml: unknown setting "Frame-Bytes". Did you mean frame_bytes?'),
        ('port = "8000"', 'uproot_aio.toml: port is "8000"; it must be a whole number from 0 to 65535.'),
        ("port = true", "uproot_aio.toml: port is true; it must be a whole number from 0 to 65535."),
        (
            "live_timeout_seconds = nan",
            "uproot_aio.toml: live_timeout_seconds is NaN; it must be a number of seconds from 0.1 to 86400.",
        ),
        ("show_errors = 1", "uproot_aio.toml: show_errors is 1; it must be true or false."),
        (
            'host = "http://localhost"',
            'uproot_aio.toml: host is "http://localhost";'
            " it must be an IP address or a host name, without scheme, port or brackets.",
        ),
        ("port 8000", "uproot_aio.toml is not valid TOML: Expected '=' after a key in a key/value pair"),
    ],
)
def test_a_wrong_file_is_refused_with_what_came_and_what_is_allowed(
    tmp_path: Path, file: str, message: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(tmp_path, file=file)

    assert str(refusal.value).startswith(message)


def test_a_name_like_no_other_is_refused_with_all_names(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(tmp_path, file="[zzzz]\nx = 1")

    assert all(name in str(refusal.value) for name in SETTINGS)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]", "300.1.1.1", "", "two words", "a/b", "x..y"])
def test_what_is_no_host_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingsError):
        load(tmp_path, flags={"host": host})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "::1", "lab.example.org", "localhost", "10.0.0.7"])
def test_addresses_and_names_are_hosts(tmp_path: Path, host: str) -> None:
    settings = load(tmp_path, flags={"host": host})

    assert settings.host == host


def test_a_wrong_value_is_refused_although_a_stronger_source_overrides_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="port is -1"):
        load(tmp_path, file="port = -1", flags={"port": "8001"})


def test_a_file_where_a_folder_is_needed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(SettingsError, match="must be a folder"):
        load(tmp_path, flags={"data": "data"})


def test_a_refused_secret_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(tmp_path, environment={"UPROOT_AIO_API_KEYS": "hush hush"})

    assert "UPROOT_AIO_API_KEYS" in str(refusal.value)
    assert "hush" not in str(refusal.value)


def test_secrets_are_hidden_where_settings_are_printed() -> None:
    settings = Settings(admin_password="hush", api_keys=("hush",))

    assert "hush" not in f"{settings} {settings!r}"
    assert "port=8000" in repr(settings)


def test_a_password_is_taken_as_it_is(tmp_path: Path) -> None:
    settings = load(tmp_path, environment={"UPROOT_AIO_ADMIN_PASSWORD": " null "})

    assert settings.admin_password == " null "


def test_a_password_that_reads_null_is_a_password(tmp_path: Path) -> None:
    settings = load(tmp_path, environment={"UPROOT_AIO_ADMIN_PASSWORD": "null"})

    assert settings.admin_password == "null"


def test_no_api_keys_in_the_environment_means_none(tmp_path: Path) -> None:
    settings = load(tmp_path, environment={"UPROOT_AIO_API_KEYS": ""}, file='api_keys = ["one"]')

    assert settings.api_keys == ()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "lab.example.org"])
def test_a_host_that_others_can_reach_needs_a_password(host: str) -> None:
    with pytest.raises(SettingsError, match="set UPROOT_AIO_ADMIN_PASSWORD"):
        refuse_open_door(Settings(host=host))

    with pytest.raises(SettingsError, match="at least 5 characters"):
        refuse_open_door(Settings(host=host, admin_password="hush"))

    refuse_open_door(Settings(host=host, admin_password="hush!"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_loopback_host_needs_no_password(host: str) -> None:
    refuse_open_door(Settings(host=host))

    assert Settings(host=host).is_loopback


@pytest.mark.parametrize(
    ("host", "show_errors", "shows"),
    [
        ("127.0.0.1", None, True),
        ("127.0.0.1", False, False),
        ("0.0.0.0", None, False),
        ("0.0.0.0", True, True),
    ],
)
def test_exceptions_reach_browsers_on_loopback_only_unless_told_otherwise(
    host: str, show_errors: bool | None, shows: bool
) -> None:
    settings = Settings(host=host, show_errors=show_errors)

    assert settings.shows_errors is shows


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_every_setting_is_documented(setting: Setting) -> None:
    flag = f"`{setting.flag}`" if setting.flag else "none"
    text = f"{setting.explanation} Allowed: {setting.allowed}."
    row = f"| `{setting.name}` | {flag} | {setting.default} | {text} |"

    assert row in CONFIGURATION.read_text(encoding="utf-8")


def test_the_documented_file_is_valid(tmp_path: Path) -> None:
    example = CONFIGURATION.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]

    settings = load(tmp_path, file=example)

    assert settings.api_keys
    refuse_open_door(settings)
