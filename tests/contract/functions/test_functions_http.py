"""Functions that answer requests, on Microsoft's engine, with the host's own answers around them."""

import json

import pytest
import requests

from sandbox.functions.app_settings import AppSettings
from sandbox.functions.bindings import BindingRefused, read_triggers
from sandbox.functions.host import FunctionsHost

SOURCE = """
import json
import azure.functions as func

app = func.FunctionApp()

@app.route(route="Echo/it", methods=["GET", "POST"], auth_level=func.AuthLevel.FUNCTION)
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    body = json.dumps([req.method, dict(req.params), req.get_body().decode(), req.headers.get("x-test")])
    return func.HttpResponse(body, status_code=418, mimetype="application/json", headers={"x-own": "1"})

@app.route(route="open", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def opened(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("open")

@app.route(route="raises", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("a secret")
"""
KEY = "x-functions-key"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    app = tmp_path_factory.mktemp("app")
    (app / "function_app.py").write_text(SOURCE, "utf-8")
    (app / "host.json").write_text('{"version": "2.0"}', "utf-8")
    with FunctionsHost(app, environment={}) as host:
        yield host


@pytest.fixture
def ask(host):
    def _ask(method, path, **options):
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, host.http_url + path, timeout=30, **options)

    return _ask


def test_a_request_reaches_its_function_and_its_answer_the_caller(host, ask):
    answer = ask("POST", "/api/echo/it?a=1", data="body", headers={KEY: host.function_key, "X-Test": "yes"})

    assert (answer.status_code, answer.json()) == (418, ["POST", {"a": "1"}, "body", "yes"])
    assert (answer.headers["content-type"], answer.headers["x-own"]) == ("application/json", "1")


def test_the_key_may_stand_in_the_query_and_routes_ignore_case(host, ask):
    assert ask("GET", f"/API/ECHO/IT?code={host.function_key}").status_code == 418


@pytest.mark.parametrize("options", [{}, {"headers": {KEY: "wrong"}}, {"params": {"code": "schlüssel"}}])
def test_without_the_key_the_answer_is_401_and_empty(ask, options):
    answer = ask("GET", "/api/echo/it", **options)

    assert (answer.status_code, answer.content) == (401, b"")


def test_what_needs_no_key_is_open(ask):
    assert ask("GET", "/api/open").text == "open"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/nothing"), ("GET", "/echo/it"), ("DELETE", "/api/open"), ("HEAD", "/api/open"), ("GET", "/")],
)
def test_an_unknown_route_or_method_is_404(ask, method, path):
    assert ask(method, path).status_code == 404


def test_a_function_that_raises_is_500_and_says_nothing(host, ask):
    answer = ask("GET", "/api/raises")

    assert (answer.status_code, answer.content) == (500, b"")
    assert host.figures()["raises"]["failures"] == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"route": "a/{id}"}, "route with parameters"),
        ({"authLevel": "ADMIN"}, "authorization level admin"),
        ({"methods": None}, "names no methods"),
    ],
)
def test_what_this_host_does_not_serve_is_refused(change, says):
    trigger = {"direction": "IN", "type": "httpTrigger", "name": "req", "methods": ["GET"], "authLevel": "FUNCTION"}
    raw = [json.loads(json.dumps(trigger | change)), {"direction": "OUT", "type": "http", "name": "$return"}]

    with pytest.raises(BindingRefused, match=says):
        read_triggers({"f": raw}, AppSettings({}))
