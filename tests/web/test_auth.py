"""Who gets in, who does not, and what protects those who are in."""

from __future__ import annotations

import re

import aiohttp
import pytest
from aiohttp import web

from tests.conftest import OpenLab
from tests.web.experimenter import SetClock, experimenter, stranger
from uproot_aio.web.login_limiter import FREE_FAILURES, LoginLimiter, network_of
from uproot_aio.web.logins import LIFETIME_SECONDS, Logins
from uproot_aio.web.routes import add_routes


def guarded_routes() -> list[tuple[str, str]]:
    """Return method and path of everything under /admin/ but the way in."""
    app = web.Application()
    add_routes(app)
    found = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/admin/")
    }
    return sorted(route for route in found if route[1] != "/admin/login/")


@pytest.mark.parametrize(("method", "path"), guarded_routes())
async def test_without_a_login_nothing_is_shown_and_nothing_is_done(
    lab: OpenLab, method: str, path: str
) -> None:
    server = await lab({"api_keys": ("key",)})
    address = server.server.address.rstrip("/") + re.sub(r"\{\w+\}", "x", path)

    async with server.http.request(method, address, allow_redirects=False) as response:
        status, location = response.status, response.headers.get("Location")

    if path.startswith("/admin/api/"):
        assert status == 401
    elif path.endswith("/feed/"):
        assert status == 403
    else:
        assert (status, location) == (303, "/admin/login/")


async def test_the_link_of_the_start_page_logs_in_and_the_cookie_is_well_kept(lab: OpenLab) -> None:
    async with stranger(await lab()) as person:
        async with person.http.post(
            person.address + "admin/login/",
            data={"token": person.token},
            headers=person.origin,
            allow_redirects=False,
        ) as response:
            cookie = response.headers["Set-Cookie"]
            leads_to = response.headers["Location"]
        status, html = await person.get("admin/")

    assert (leads_to, status) == ("/admin/", 200)
    assert "Overview" in html
    for part in ("uauth=", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=86400"):
        assert part in cookie
    assert "Secure" not in cookie


async def test_behind_https_the_cookie_is_only_for_https(lab: OpenLab) -> None:
    async with stranger(await lab()) as person:
        headers = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-Proto": "https"}
        async with person.http.post(
            person.address + "admin/login/",
            data={"token": person.token},
            headers=headers,
            allow_redirects=False,
        ) as response:
            cookie = response.headers["Set-Cookie"]

    assert "Secure" in cookie


async def test_the_whole_link_may_be_pasted(lab: OpenLab) -> None:
    async with stranger(await lab()) as person:
        status, _, location = await person.post("admin/login/", token=f" {person.lab.server.login_url}\n")

    assert (status, location) == (303, "/admin/")


@pytest.mark.parametrize(
    "token", ["", "wrong", "ä", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")]
)
async def test_a_wrong_token_is_refused_and_explained(lab: OpenLab, token: str) -> None:
    async with stranger(await lab()) as person:
        status, _, location = await person.post("admin/login/", token=token)
        page = await person.get("admin/login/?bad=1")

    assert (status, location) == (303, "/admin/login/?bad=1")
    assert page[0] == 401
    assert "take the newest from the" in page[1]


async def test_every_start_has_another_token(lab: OpenLab) -> None:
    logins = [Logins(SetClock()), Logins(SetClock())]

    cookie = logins[0].begin("admin")

    assert logins[0].find(cookie) is not None
    assert logins[1].find(cookie) is None


@pytest.mark.parametrize("cookie", [None, "", "x.y", "ä", "\ud800", "eyJhIjoxfQ.abc"])
def test_what_is_no_cookie_of_ours_is_no_login(cookie: str | None) -> None:
    logins = Logins(SetClock())

    assert logins.find(cookie) is None


async def test_a_password_lets_in_only_who_knows_it(lab: OpenLab) -> None:
    async with stranger(await lab({"admin_password": "correct horse"})) as person:
        _, form = await person.get("admin/login/")
        wrong = await person.post("admin/login/", user="admin", pw="correct hors")
        other = await person.post("admin/login/", user="root", pw="correct horse")
        right = await person.post("admin/login/", user="admin", pw="correct horse")
        login_url = person.lab.server.login_url

    assert 'type="password"' in form
    assert login_url is None
    assert wrong[2] == other[2] == "/admin/login/?bad=1"
    assert right[2] == "/admin/"


async def test_guessing_takes_longer_and_longer_even_with_the_right_password(lab: OpenLab) -> None:
    clock = SetClock()
    async with stranger(await lab({"admin_password": "secret", "clock": clock})) as person:
        for _ in range(FREE_FAILURES):
            await person.post("admin/login/", user="admin", pw="guess")
        status, html, _ = await person.post("admin/login/", user="admin", pw="secret")
        clock.now += 10
        later = await person.post("admin/login/", user="admin", pw="secret")

    assert status == 429
    assert "Too many failed login attempts" in html
    assert later[2] == "/admin/"


async def test_a_forged_forwarded_address_evades_nothing(lab: OpenLab) -> None:
    async with stranger(await lab({"admin_password": "secret", "clock": SetClock()})) as person:
        statuses = []
        for number in range(FREE_FAILURES + 1):
            headers = {**person.origin, "X-Forwarded-For": f"10.0.0.{number}"}
            statuses.append((await person.post("admin/login/", headers=headers, pw="guess"))[0])

    assert statuses == [303] * FREE_FAILURES + [429]


def test_the_delay_doubles_up_to_five_minutes_and_is_forgotten_after_an_hour() -> None:
    clock = SetClock()
    limiter = LoginLimiter(clock)
    waits = []
    for _ in range(14):
        limiter.attempt("10.0.0.1")
        waits.append(limiter.wait_seconds("10.0.0.1"))
        clock.now += waits[-1]

    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert limiter.wait_seconds("10.0.0.2") == 0
    clock.now += 3601
    limiter.attempt("10.0.0.1")
    assert limiter.wait_seconds("10.0.0.1") == 0


def test_guessing_from_many_addresses_slows_down_all_but_not_for_long() -> None:
    clock = SetClock()
    limiter = LoginLimiter(clock)

    for number in range(500):
        limiter.attempt(f"10.0.{number // 250}.{number % 250}")

    assert 0 < limiter.wait_seconds("192.0.2.1") <= 10


def test_one_household_counts_as_one() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1")
    assert network_of("2001:db8::1") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:10.0.0.1") == network_of("10.0.0.1")
    assert network_of(None) == ""


async def test_a_login_ends_after_a_day(lab: OpenLab) -> None:
    clock = SetClock()
    async with experimenter(await lab({"clock": clock})) as person:
        clock.now += LIFETIME_SECONDS - 1
        before, _ = await person.get("admin/")
        clock.now += 1
        after, _ = await person.get("admin/")

    assert (before, after) == (200, 303)


async def test_logging_out_ends_the_login_also_for_a_copied_cookie(lab: OpenLab) -> None:
    async with experimenter(await lab()) as person:
        [cookie] = [cookie.value for cookie in person.http.cookie_jar]
        status, _, location = await person.post("admin/logout/")
        again, _ = await person.get("admin/", Cookie=f"uauth={cookie}")

    assert (status, location) == (303, "/admin/login/")
    assert again == 303


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_form_of_another_site_changes_nothing(lab: OpenLab, headers: dict[str, str]) -> None:
    async with experimenter(await lab(counter=COUNTER)) as person:
        status, html, _ = await person.post(
            "admin/sessions/new/", headers=headers, config="counter", nplayers="1"
        )
        names = await person.lab.server.parts.sessions.names()

    assert (status, names) == (403, [])
    assert "another site" in html


async def test_a_form_without_its_token_changes_nothing(lab: OpenLab) -> None:
    async with experimenter(await lab(counter=COUNTER)) as person:
        person.csrf = "guessed"
        status, html, _ = await person.post("admin/sessions/new/", config="counter", nplayers="1")

    assert status == 403
    assert "out of date" in html


async def test_what_is_no_form_is_refused_calmly(lab: OpenLab) -> None:
    async with experimenter(await lab()) as person:
        statuses = []
        for kind in (
            "application/json",
            "application/x-www-form-urlencoded; charset=klingon",
            "multipart/form-data",
        ):
            async with person.http.post(
                person.address + "admin/sessions/new/",
                data=b"{\xff",
                headers={**person.origin, "Content-Type": kind},
            ) as response:
                statuses.append(response.status)

    assert statuses == [400, 400, 400]


@pytest.mark.parametrize(
    "path", ["admin/", "admin/login/", "admin/nowhere/", "admin/session/none/", "admin/api/v1/sessions/"]
)
async def test_every_answer_stays_out_of_caches_frames_and_foreign_scripts(lab: OpenLab, path: str) -> None:
    async with experimenter(await lab()) as person, person.http.get(person.address + path) as response:
        headers = response.headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["admin/login/", "p/none/none/", "static/_uproot/uproot.js", "robots.txt"])
async def test_no_answer_names_the_software_of_the_server(lab: OpenLab, path: str) -> None:
    async with stranger(await lab()) as person, person.http.get(person.address + path) as response:
        assert "Server" not in response.headers


async def test_search_engines_are_asked_to_stay_away(lab: OpenLab) -> None:
    async with stranger(await lab()) as person:
        status, text = await person.get("robots.txt")

    assert (status, text) == (200, "User-agent: *\nDisallow: /\n")


async def test_the_roots_lead_to_the_overview(lab: OpenLab) -> None:
    server = await lab()
    found = []
    for path in ("", "admin"):
        async with server.http.get(server.server.address + path, allow_redirects=False) as response:
            found.append((response.status, response.headers["Location"]))

    assert found == [(303, "/admin/"), (303, "/admin/")]


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", "bearer key", "Basic key", "Bearer kéy", "Bearer key "]
)
async def test_a_wrong_key_is_refused(lab: OpenLab, authorization: str) -> None:
    server = await lab({"api_keys": ("key", "other")})
    async with server.http.get(
        server.server.address + "admin/api/v1/sessions/",
        headers={"Authorization": authorization},
        skip_auto_headers=["Authorization"],
    ) as response:
        found = response.status, await response.json()

    # A blank at the end of a header is not part of it.
    expected = (200, {}) if authorization == "Bearer key " else (401, {"detail": "Unauthorized"})
    assert found == expected


async def test_without_keys_there_is_no_api(lab: OpenLab) -> None:
    server = await lab()
    statuses = []
    for key in ("", "None", "key"):
        async with server.http.get(
            server.server.address + "admin/api/v1/sessions/", headers={"Authorization": f"Bearer {key}"}
        ) as response:
            statuses.append(response.status)

    assert statuses == [401, 401, 401]


async def test_a_login_opens_no_api(lab: OpenLab) -> None:
    async with experimenter(await lab({"api_keys": ("key",)})) as person:
        status, _ = await person.get("admin/api/v1/sessions/")

    assert status == 401


async def test_the_feed_opens_only_from_our_own_pages(lab: OpenLab) -> None:
    async with experimenter(await lab(counter=COUNTER)) as person:
        session = await person.lab.session("counter")
        address = f"{person.address.replace('http', 'ws', 1)}admin/session/{session.id}/feed/?after=0"
        statuses = []
        for headers in ({}, {"Origin": "http://evil.example"}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await person.http.ws_connect(address, headers=headers)
            statuses.append(refused.value.status)

    assert statuses == [403, 403]


COUNTER = """
from uproot_aio import *
class Counter(Page): pass
page_order = [Counter]
"""
