"""Signatures of OAuth 1.0a (RFC 5849): seven fixed ones, sent through the client itself, and those of oauthlib."""

from urllib.parse import quote, unquote, urlencode

import pytest
import requests
import requests_oauthlib
from hypothesis import given, strategies as st
from requests.adapters import BaseAdapter

from connector.http import Transport
from connector.spotler.calls import Calls, Route
from connector.spotler.signature import OAuth1

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
    auth = auth or OAuth1("demo-key", secret, now=lambda: 1700000000.9, nonce=lambda: "abc123nonce")
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
    auth = OAuth1("demo-key", "demosecret123")

    nonces = {parameters(sent(FROZEN, "", READ, {"contact": "c"}, auth=auth))["oauth_nonce"] for _ in range(20)}

    assert len(nonces) == 20


def signed(auth, method: str, url: str, body: str | None) -> dict[str, str]:
    """The parameters that a signature adds to a request."""
    headers = {"Content-Type": "application/json"} if body else {}
    request = requests.PreparedRequest()
    request.prepare(method=method, url=url, headers=headers, data=body, auth=auth)
    return parameters(request)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
BASES = [
    FROZEN,
    "http://127.0.0.1:8080/integrationservice-1.1.0",
    "https://RESTAPI.MailPlus.nl:443",
    "http://[::1]:8081/x",
    "http://example.org:80/a;b=c",
    "https://example.org:80",
]


@given(
    base=st.sampled_from(BASES),
    key=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
    secret=TEXTS,
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    path=TEXTS,
    query=st.lists(st.tuples(TEXTS.filter(lambda name: not name.startswith("oauth_")), TEXTS), max_size=5),
    plus=st.booleans(),
    body=st.sampled_from([None, '{"a": "=&+"}', "a=b&c=d"]),
)
def test_every_call_is_signed_as_oauthlib_signs_it(*, base, key, secret, method, path, query, plus, body):
    encoded = urlencode(query) if plus else urlencode(query, quote_via=quote)
    url = f"{base}/{quote(path, safe='')}" + (f"?{encoded}" if query else "")
    ours = OAuth1(key, secret, now=lambda: 1700000000.9, nonce=lambda: "abc123nonce")
    theirs = requests_oauthlib.OAuth1(key, client_secret=secret, nonce="abc123nonce", timestamp="1700000000")

    assert signed(ours, method, url, body) == signed(theirs, method, url, body)


def test_a_form_is_refused_because_it_would_have_to_be_signed():
    with pytest.raises(ValueError, match="form"):
        requests.Request("POST", FROZEN, data={"a": "b"}, auth=OAuth1("key", "secret")).prepare()


def test_neither_key_nor_secret_shows_in_a_log_of_the_signature():
    assert "secret" not in repr(OAuth1("key", "secret")).casefold()
