"""Who may ask the console: its own page in the browser that has the token, and nobody else."""

import pytest

from tests.unit.console.fakes import COOKIE, HOST, PORT, TOKEN, FakeSystems, ask


def test_the_address_with_the_token_gives_the_cookie_and_leads_to_the_page():
    answer = ask(FakeSystems(), f"/?token={TOKEN}", cookie="")

    cookie = answer.headers["set-cookie"]
    assert answer.status == 200
    assert cookie.startswith(COOKIE)
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert 'content="0;url=/"' in answer.body


def test_a_link_elsewhere_may_lead_to_the_address_with_the_token():
    answer = ask(FakeSystems(), f"/?token={TOKEN}", cookie="", headers={"sec-fetch-site": "cross-site"})

    assert answer.status == 200


def test_with_the_cookie_the_page_is_shown():
    answer = ask(FakeSystems(), "/")

    assert answer.status == 200
    assert "Dynamics 365" in answer.body


@pytest.mark.parametrize(
    ("cookie", "path"),
    [("", "/"), (f"console-{PORT}=other", "/"), (f"console-1={TOKEN}", "/"), ("", "/?token=other"), ("=;;", "/events")],
)
def test_without_the_token_nothing_is_shown(cookie, path):
    answer = ask(FakeSystems(), path, cookie=cookie)

    assert answer.status == 403
    assert "Dynamics" not in answer.body


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", f"evil.example:{PORT}", f"127.0.0.1:{PORT + 1}", ""])
def test_under_another_name_nothing_is_answered(host):
    assert ask(FakeSystems(), f"/?token={TOKEN}", headers={"host": host}).status == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"http://localhost:{PORT + 1}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_from_elsewhere_can_neither_read_nor_act(headers, method):
    systems = FakeSystems()
    path = "/do/calm" if method == "POST" else "/part/dynamics"

    assert ask(systems, path, method=method, headers=headers).status == 403
    assert systems.spotler.told == []


def test_an_act_from_the_page_itself_is_done():
    systems = FakeSystems()

    answer = ask(systems, "/do/calm?d=jobs", method="POST", headers={"origin": f"http://{HOST}"})

    assert answer.status == 303
    assert answer.headers["location"] == "/?d=jobs&note=1"
    assert ("DELETE faults", None) in systems.spotler.told


@pytest.mark.parametrize("path", ["/", "/part/bus", "/static/console.css", "/nothing"])
def test_every_answer_keeps_foreign_code_and_frames_out(path):
    policy = ask(FakeSystems(), path).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/do/no-such-act", "/part/page", "/static/app.py", "/static/..%2fapp.py"])
def test_what_is_not_there_is_not_found(path):
    answer = ask(FakeSystems(), path, method="POST" if path.startswith("/do") else "GET")

    assert answer.status == 404


@pytest.mark.parametrize("name", ["console.css", "console.js", "htmx.min.js"])
def test_styles_and_scripts_come_from_here(name):
    answer = ask(FakeSystems(), f"/static/{name}")

    assert answer.status == 200
    assert len(answer.body) > 500
