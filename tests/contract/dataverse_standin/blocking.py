"""Microsoft's Python client, signed in as an administrator: its usual half, and its async half used in the same way."""

import asyncio
import inspect
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from sandbox.dataverse.server import Ready

#: The async one runs on one loop, one call at a time.
HALVES = ("blocking", "async")
_MODULES = "PowerPlatform.Dataverse.aio"


def signed_in(half: str, ready: Ready, monkeypatch: pytest.MonkeyPatch) -> AbstractContextManager[object]:
    """The client.

    Args:
        half: one of `HALVES`.
        ready: the stand-in.
        monkeypatch: of the test.
    """
    return (_blocking if half == "blocking" else _async)(ready, monkeypatch)


@contextmanager
def _blocking(ready: Ready, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    from azure.identity import ClientSecretCredential
    from PowerPlatform.Dataverse.client import DataverseClient

    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, ready.ca_file)
    with (
        ClientSecretCredential(
            ready.tenant_id,
            ready.admin_client_id,
            ready.admin_client_secret,
            authority=ready.url,
            disable_instance_discovery=True,
        ) as credential,
        DataverseClient(ready.url, credential) as client,
    ):
        yield client


@contextmanager
def _async(ready: Ready, monkeypatch: pytest.MonkeyPatch) -> Iterator["Blocking"]:
    """The test is skipped where aiohttp is not installed."""
    aiohttp = pytest.importorskip("aiohttp", reason="the async half of the client needs aiohttp")
    from azure.identity.aio import ClientSecretCredential
    from multidict import CIMultiDict
    from PowerPlatform.Dataverse.aio import AsyncDataverseClient
    from PowerPlatform.Dataverse.aio.core import _async_http

    answer = _async_http._AsyncResponse

    def indifferent_to_case(status: int, headers: dict[str, str], body: bytes) -> object:
        return answer(status, CIMultiDict(headers), body)

    # It looks for headers by the capitals of their names; the server here writes small letters, as HTTP/2 does.
    monkeypatch.setattr(_async_http, "_AsyncResponse", indifferent_to_case)
    loop = asyncio.new_event_loop()
    credential = ClientSecretCredential(
        ready.tenant_id,
        ready.admin_client_id,
        ready.admin_client_secret,
        authority=ready.url,
        disable_instance_discovery=True,
        connection_verify=ready.ca_file,
    )
    trusted = ssl.create_default_context(cafile=ready.ca_file)

    async def session() -> object:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted))

    client = AsyncDataverseClient(ready.url, credential)
    # It takes no session of others, and aiohttp has read which authorities it trusts when it was imported.
    monkeypatch.setattr(client, "_session", loop.run_until_complete(session()))
    try:
        yield Blocking(client, loop)
    finally:
        loop.run_until_complete(client.aclose())
        loop.run_until_complete(credential.close())
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


class Blocking:
    """An object of the async client: what it would have to await is there when a call returns."""

    def __init__(self, inner: object, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = inner
        self._loop = loop

    def __getattr__(self, name: str) -> object:
        value = getattr(self._inner, name)
        return self._called(value) if callable(value) else self._shown(value)

    def __enter__(self) -> object:
        return self._shown(self._loop.run_until_complete(self._inner.__aenter__()))  # type: ignore[attr-defined]

    def __exit__(self, *raised: object) -> None:
        self._loop.run_until_complete(self._inner.__aexit__(*raised))  # type: ignore[attr-defined]

    def _called(self, function: object) -> object:
        def call(*arguments: object, **options: object) -> object:
            return self._shown(function(*arguments, **options))  # type: ignore[operator]

        return call

    def _shown(self, value: object) -> object:
        if inspect.iscoroutine(value):
            return self._shown(self._loop.run_until_complete(value))
        if inspect.isasyncgen(value):
            return self._loop.run_until_complete(_all_of(value))
        is_async = type(value).__module__.startswith(_MODULES)
        return Blocking(value, self._loop) if is_async else value


async def _all_of(values: object) -> list[object]:
    return [each async for each in values]  # type: ignore[attr-defined]
