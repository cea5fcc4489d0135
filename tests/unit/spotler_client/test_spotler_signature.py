"""Seven fixed signatures of OAuth 1.0a (RFC 5849), sent through the client's own path and query encoding."""

from urllib.parse import unquote

import pytest
import requests
from requests.adapters import BaseAdapter
from requests_oauthlib import OAuth1

from connector.http import Transport
from connector.spotler.calls import Calls, Route

FROZEN = "https://restapi.mailplus.nl/integrationservice-1.1.0"
NEWEST = "https://restapi.mailplus.nl/integrationservice"
WINDOW = "fromDate=2024-05-01T00%3A00%3A00%2B02%3A00&toDate=2024-05-02T00%3A00%3A00%2B02%3A00&pageSize=100"
READ = Route("GET", "/contact/{contact}")
UPDATES = Route("GET", "/contact/updates/list")


class Recorder(BaseAdapter):
    """Answers every request with 204 and keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[requests.PreparedRequest] = []

    def send(self, request, **_more):
        self.seen.append(request)
        response = requests.Response()
        response.status_code = 204
        response._content = b""
        response.request, response.url = request, request.url
        return response

    def close(self):
        pass


def sent(base, secret, route, ids=None, *, query=None, body=None, auth=None) -> requests.PreparedRequest:
    recorder, session = Recorder(), requests.Session()
    session.mount("https://", recorder)
    transport = Transport(base, timeout=1, parallel=1, system="Spotler", session=session)
    auth = auth or OAuth1("demo-key", client_secret=secret, nonce="abc123nonce", timestamp="1700000000")
    Calls(transport, auth).send(route, ids, query=query, body=body)
    (request,) = recorder.seen
    return request


def parameters(request) -> dict[str, str]:
    header = request.headers["Authorization"]
    text = header.decode() if isinstance(header, bytes) else header
    assert text.startswith("OAuth ")
    pairs = (part.strip().split("=", 1) for part in text.removeprefix("OAuth ").split(","))
    return {name: unquote(value.strip('"')) for name, value in pairs}


@pytest.mark.parametrize(
    ("expected", "base", "secret", "route", "ids", "query", "body"),
    [
        ("zyWeOWGobynKXw2VfvNVJU7smiY=", FROZEN, "demosecret123", READ, {"contact": "cust-42"}, None, None),
        ("+n7nkN6XMR3kxQuvlxO66MUcnp4=", FROZEN, "demosecret123", UPDATES, {}, WINDOW, None),
        ("UOiEoniLc0/IKeLjVbP3qhRMHoc=", FROZEN, "demosecret123", UPDATES, {}, WINDOW + "&after=", None),
        ("MQLSkXKgesJ7SsYAUd0X91+r0UU=", FROZEN, "demosecret123", Route("POST", "/contact"), {}, None, {"a": "=&+"}),
        (
            "DEcCZuG8fRAAcH2hv7DAlwbc4GY=",
            FROZEN,
            "demosecret123",
            Route("PUT", "/contact/{contact}"),
            {"contact": "a/b@example.org"},
            None,
            None,
        ),
        (
            "TXO9qpkA1CdobsNTSfkCgHw7IoE=",
            NEWEST,
            "demosecret123",
            Route("GET", "/contact/search"),
            {},
            "pageSize=10&MPSearchQuery=email%3Da%2Bb%40example.org",
            None,
        ),
        ("RgImHV2yleutjiOQdXTu9hexekI=", FROZEN, "p+w/d==", READ, {"contact": "cust-42"}, None, None),
    ],
)
def test_a_call_is_signed_as_the_vectors_say(*, expected, base, secret, route, ids, query, body):
    request = sent(base, secret, route, ids, query=query, body=body)

    assert expected == parameters(request)["oauth_signature"]


def test_no_token_no_realm_and_no_body_hash_are_sent():
    request = sent(FROZEN, "demosecret123", Route("POST", "/contact"), body={"a": 1})

    assert set(parameters(request)) == {
        "oauth_consumer_key", "oauth_nonce", "oauth_signature_method",
        "oauth_timestamp", "oauth_version", "oauth_signature",
    }  # fmt: skip


def test_the_secret_is_sent_nowhere():
    request = sent(FROZEN, "demosecret123", Route("POST", "/contact"), body={"a": 1})

    assert "demosecret123" not in f"{request.url} {request.headers} {request.body!r}"


def test_json_is_asked_for_and_sent():
    request = sent(FROZEN, "demosecret123", Route("POST", "/contact"), body={"a": 1})

    assert request.headers["Accept"] in {"application/json", b"application/json"}
    assert request.headers["Content-Type"] in {"application/json", b"application/json"}


def test_each_call_has_a_nonce_of_its_own():
    auth = OAuth1("demo-key", client_secret="demosecret123")

    nonces = {parameters(sent(FROZEN, "", READ, {"contact": "c"}, auth=auth))["oauth_nonce"] for _ in range(20)}

    assert len(nonces) == 20
