"""Vectors were computed with an independent OAuth library for invented credentials."""

from http.client import HTTPConnection
from time import time
from urllib.parse import urlsplit

import pytest
import requests
from oauthlib.oauth1 import SIGNATURE_TYPE_QUERY, Client
from requests_oauthlib import OAuth1

from sandbox.spotler.auth import SignedRequest, Verifier
from sandbox.spotler.settings import DEFAULT_KEY, DEFAULT_SECRET, Credential, Settings

HOST = "https://restapi.mailplus.nl"
BASE = f"{HOST}/integrationservice-1.1.0"
SIGNED_AT = 1700000000
INTERVAL = "fromDate=2024-05-01T00%3A00%3A00%2B02%3A00&toDate=2024-05-02T00%3A00%3A00%2B02%3A00&pageSize=100"
SECRET = "demosecret123"

VECTORS = {
    "plain": ("GET", f"{BASE}/contact/cust-42", SECRET, "zyWeOWGobynKXw2VfvNVJU7smiY="),
    "dates": (
        "GET",
        f"{BASE}/contact/updates/list?{INTERVAL}",
        SECRET,
        "+n7nkN6XMR3kxQuvlxO66MUcnp4=",
    ),
    "empty after": (
        "GET",
        f"{BASE}/contact/updates/list?{INTERVAL}&after=",
        SECRET,
        "UOiEoniLc0/IKeLjVbP3qhRMHoc=",
    ),
    "body unsigned": ("POST", f"{BASE}/contact", SECRET, "MQLSkXKgesJ7SsYAUd0X91+r0UU="),
    "encoded id": ("PUT", f"{BASE}/contact/a%2Fb%40example.org", SECRET, "DEcCZuG8fRAAcH2hv7DAlwbc4GY="),
    "upper case sorts first": (
        "GET",
        f"{HOST}/integrationservice/contact/search?pageSize=10&MPSearchQuery=email%3Da%2Bb%40example.org",
        SECRET,
        "TXO9qpkA1CdobsNTSfkCgHw7IoE=",
    ),
    "encoded secret": ("GET", f"{BASE}/contact/cust-42", "p+w/d==", "RgImHV2yleutjiOQdXTu9hexekI="),
}


def verdict_on(method, url, secret, signature, *, now=SIGNED_AT, scheme="http"):
    parts = urlsplit(url)
    authorization = (
        'OAuth oauth_consumer_key="demo-key", oauth_nonce="abc123nonce", oauth_signature_method="HMAC-SHA1",'
        f' oauth_timestamp="{SIGNED_AT}", oauth_version="1.0", oauth_signature="{signature}"'
    )
    request = SignedRequest(
        method, scheme, "127.0.0.1:8080", parts.path, parts.query, authorization, "application/json", b"{}"
    )
    settings = Settings(credentials=(Credential(key="demo-key", secret=secret),))
    return Verifier().verify(request, settings, now)


@pytest.mark.parametrize(("method", "url", "secret", "signature"), VECTORS.values(), ids=VECTORS)
def test_vector_verifies_for_the_public_host(method, url, secret, signature):
    verdict = verdict_on(method, url, secret, signature)

    assert (verdict.verified, verdict.base) == (True, HOST)


@pytest.mark.parametrize(("method", "url", "secret", "signature"), VECTORS.values(), ids=VECTORS)
def test_vector_fails_after_any_change(method, url, secret, signature):
    changed = [
        verdict_on("DELETE", url, secret, signature),
        verdict_on(method, url.replace("/contact", "/contacT"), secret, signature),
        verdict_on(method, url + ("&x=1" if "?" in url else "?x=1"), secret, signature),
        verdict_on(method, url, secret + "x", signature),
        verdict_on(method, url, secret, signature[:-2] + "A="),
    ]

    assert not any(verdict.verified for verdict in changed)


def test_base_string_is_the_published_one():
    expected = (
        "GET&https%3A%2F%2Frestapi.mailplus.nl%2Fintegrationservice-1.1.0%2Fcontact%2Fcust-42&"
        "oauth_consumer_key%3Ddemo-key%26oauth_nonce%3Dabc123nonce%26oauth_signature_method%3DHMAC-SHA1"
        "%26oauth_timestamp%3D1700000000%26oauth_version%3D1.0"
    )

    assert verdict_on(*VECTORS["plain"]).expected == expected


@pytest.mark.parametrize(("age", "accepted"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_timestamp_may_be_five_minutes_off(age, accepted):
    assert verdict_on(*VECTORS["plain"], now=SIGNED_AT + age).verified is accepted


@pytest.fixture
def wire(spotler_server, door):  # noqa: ARG001 - every test starts from a reset account
    """Sends a request exactly as given and returns the status."""
    server = urlsplit(spotler_server.url)

    def send(method, target, headers, body=None):
        connection = HTTPConnection(server.netloc, timeout=10)
        try:
            connection.request(method, target, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    return send


def signed(spotler_server, target, method="GET", **options):
    """The address and the Authorization header that oauthlib makes for it."""
    client = Client(DEFAULT_KEY, client_secret=DEFAULT_SECRET, **options)
    url, headers, _ = client.sign(f"{spotler_server.url}{target}", method)
    return url.removeprefix(spotler_server.url), headers.get("Authorization", "")


TARGET = "/integrationservice/tag/list"


def test_header_with_raw_signature_and_no_blanks_verifies(wire, spotler_server):
    seen = set()
    for number in range(60):
        _, header = signed(spotler_server, TARGET, nonce=f"n{number}")
        raw = header.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=").replace(", ", ",")
        seen |= set(raw) & {"+", "/"}
        assert wire("GET", TARGET, {"Authorization": raw, "Accept": "application/json"}) == 200

    assert seen == {"+", "/"}


def test_realm_is_no_part_of_the_signature(wire, spotler_server):
    _, header = signed(spotler_server, TARGET)

    assert wire("GET", TARGET, {"Authorization": header.replace("OAuth ", 'OAuth realm="", ')}) == 200


def test_parameters_in_the_query_string_verify(wire, spotler_server):
    target, header = signed(spotler_server, f"{TARGET}?rest=1", signature_type=SIGNATURE_TYPE_QUERY)

    assert (header, wire("GET", target, {})) == ("", 200)


@pytest.mark.usefixtures("door")
def test_body_hash_is_one_more_signed_parameter(wire, spotler_server):
    client = Client(DEFAULT_KEY, client_secret=DEFAULT_SECRET, signature_type=SIGNATURE_TYPE_QUERY)
    url, _, _ = client.sign(f"{spotler_server.url}{TARGET}?oauth_body_hash=abc")

    assert wire("GET", url.removeprefix(spotler_server.url), {}) == 200


def test_empty_token_in_the_header_is_signed(wire, spotler_server):
    _, header = signed(spotler_server, f"{TARGET}?oauth_token=")
    moved = header.replace("OAuth ", 'OAuth oauth_token="", ')

    assert wire("GET", TARGET, {"Authorization": moved}) == 200


@pytest.mark.parametrize("parameter", ["oauth_token=abc", "oauth_callback=oob"])
def test_parameter_of_other_kinds_of_oauth_is_refused(wire, spotler_server, parameter):
    target, header = signed(spotler_server, f"{TARGET}?{parameter}")

    assert wire("GET", target, {"Authorization": header}) == 401


def test_parameter_that_comes_twice_is_refused(wire, spotler_server):
    target, header = signed(spotler_server, f"{TARGET}?oauth_nonce=again")

    assert wire("GET", target, {"Authorization": header}) == 401


@pytest.mark.usefixtures("door")
@pytest.mark.parametrize("external_id", ["a%2Fb%40c", "a%2fb%40c", "x%20y", "50%25", "Zo%C3%AB", "a+b"])
def test_path_is_signed_as_sent(wire, spotler_server, external_id):
    target = f"/integrationservice/contact/{external_id}"
    _, header = signed(spotler_server, target)

    assert wire("GET", target, {"Authorization": header}) == 404


def test_trailing_slash_is_signed_and_ignored(wire, spotler_server):
    _, header = signed(spotler_server, "/integrationservice/templist/")

    assert wire("GET", "/integrationservice/templist/", {"Authorization": header}) == 200


def test_default_port_of_the_public_host_is_dropped(wire):
    client = Client(DEFAULT_KEY, client_secret=DEFAULT_SECRET)
    _, headers, _ = client.sign(f"{HOST}:443{TARGET}")

    assert wire("GET", TARGET, {**headers, "Host": "restapi.mailplus.nl:443"}) == 200


@pytest.mark.usefixtures("door")
def test_body_without_content_type_is_json(wire, spotler_server):
    target = "/integrationservice/tag"
    _, header = signed(spotler_server, target, "POST")

    assert wire("POST", target, {"Authorization": header}, iter([b'{"name":', b'"Lead"}'])) == 204


@pytest.mark.usefixtures("door")
def test_json_signed_by_requests_oauthlib_verifies(spotler_server):
    auth = OAuth1(DEFAULT_KEY, client_secret=DEFAULT_SECRET)
    body = {"contact": {"externalId": "c/1", "properties": {"email": "a@example.org"}}}
    url = f"{spotler_server.url}/integrationservice/contact"

    assert requests.post(url, json=body, auth=auth, timeout=10).status_code == 204
    assert requests.get(f"{url}/c%2F1", auth=auth, timeout=10).json()["externalId"] == "c/1"


def test_same_signature_is_refused_the_second_time(wire, spotler_server):
    _, header = signed(spotler_server, TARGET)

    statuses = [wire("GET", TARGET, {"Authorization": header}) for _ in range(2)]

    assert statuses == [200, 401]


@pytest.mark.parametrize(
    ("key", "secret", "error_type"),
    [("nobody", DEFAULT_SECRET, "AUTH_NOT_FOUND"), (DEFAULT_KEY, "wrong", "NOT_AUTHORIZED")],
)
@pytest.mark.parametrize("status", [401, 403])
def test_wrong_credentials_are_distinguished(spotler_server, door, key, secret, error_type, status):
    door.settings(auth_status=status)
    answer = requests.get(f"{spotler_server.url}{TARGET}", auth=OAuth1(key, client_secret=secret), timeout=10)

    assert (answer.status_code, answer.json()["errorType"]) == (status, error_type)


def test_unsigned_call_is_refused_and_logged(spotler_server, door):
    assert requests.get(f"{spotler_server.url}{TARGET}", timeout=10).status_code == 401

    logged = door.traffic()[-1]
    assert (logged["target"], logged["verified"]) == (TARGET, False)


def test_rejected_signature_is_logged_with_the_expected_base_string(spotler_server, door):
    auth = OAuth1(DEFAULT_KEY, client_secret="wrong", timestamp=str(int(time())))
    requests.get(f"{spotler_server.url}{TARGET}", auth=auth, timeout=10)

    logged = door.traffic()[-1]
    assert logged["reason"] == "signature does not match"
    assert logged["expectedBaseString"].startswith("GET&http%3A%2F%2F127.0.0.1%3A")
