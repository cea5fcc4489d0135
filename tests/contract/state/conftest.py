"""The kinds of state, each in a fresh place; Azurite, Microsoft's stand-in for Azure Storage, holds the blobs."""

import itertools
import os
import re
import subprocess
from pathlib import Path

import pytest

from connector.state import BlobState, FileState
from tests.contract import npm
from tests.memory_state import MemoryState

SOURCE = Path(__file__).parent / "azurite"
#: The account and key of every Azurite, which Microsoft publishes.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
CONTAINERS = itertools.count(1)


def connection_string(port: str | int) -> str:
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
        f"BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    )


@pytest.fixture(scope="session")
def azurite():
    """The connection string of an Azurite that keeps everything in memory, on a free port."""
    modules = npm.installed(SOURCE, "Azurite")
    main = modules / "azurite" / "dist" / "src" / "blob" / "main.js"
    arguments = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck"]
    command = [npm.NODE, main, *arguments, "--disableTelemetry", "--silent"]
    environment = {**os.environ, "NODE_PATH": str(modules)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            lines = iter(process.stdout.readline, "")
            listening = next(filter(None, (re.search(r"listens on http://[^:]+:(\d+)", x) for x in lines)), None)
            assert listening, "Azurite has ended; its last words are on stderr"
            yield connection_string(listening[1])
        finally:
            process.kill()


@pytest.fixture(params=["files", "blobs", "memory"])
def places(request, tmp_path):
    """Makes states of one and the same place, as several processes have them."""
    if request.param == "files":
        return lambda: FileState(tmp_path / "state")
    if request.param == "memory":  # the one of the fault matrix
        memory = MemoryState()
        return lambda: memory
    place = request.getfixturevalue("azurite")
    container = f"state-{next(CONTAINERS)}"
    return lambda: BlobState(place, container=container)


@pytest.fixture
def state(places):
    return places()
