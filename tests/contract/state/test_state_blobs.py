"""State as blobs: what the storage account may answer."""

import socket

import pytest
from azure.core.exceptions import ResourceModifiedError
from azure.storage.blob import BlobClient, BlobServiceClient

from connector.errors import Misconfigured, Transient
from connector.state import BlobState, StateConflict, StoredValueUnreadable
from tests.contract.state.conftest import KEY, connection_string


@pytest.fixture
def state(azurite):
    return BlobState(azurite, container="blobs")


def test_a_write_whose_answer_was_lost_is_recognised_as_done(state, monkeypatch):
    """The SDK repeats such a write, and its second attempt meets the first."""
    version = state.write("lost", {"count": 0}, version=None)
    upload = BlobClient.upload_blob

    def twice(self, *arguments, **options):
        upload(self, *arguments, **options)
        return upload(self, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(BlobClient, "upload_blob", twice)
        new = state.write("lost", {"count": 1}, version=version)

    assert state.read("lost").version == new
    assert state.write("lost", {"count": 2}, version=new)


def test_a_write_that_met_another_is_a_conflict_also_if_the_blob_is_gone(state, monkeypatch):
    version = state.write("met", {}, version=None)
    state.delete("met")

    def refused(*_, **__):
        raise ResourceModifiedError("The condition is not met.")

    with monkeypatch.context() as patched:
        patched.setattr(BlobClient, "upload_blob", refused)
        with pytest.raises(StateConflict):
            state.write("met", {}, version=version)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff"])
def test_a_blob_that_cannot_be_read_is_named_and_not_taken_for_none(azurite, state, text):
    state.write("odd", {}, version=None)
    BlobServiceClient.from_connection_string(azurite).get_blob_client("blobs", "odd.json").upload_blob(
        text, overwrite=True
    )

    with pytest.raises(StoredValueUnreadable, match="stored value odd "):
        state.read("odd")
    state.delete("odd")


def test_blobs_of_others_are_not_listed(azurite):
    state = BlobState(azurite, container="others")
    state.write("feeds/a", {}, version=None)
    BlobServiceClient.from_connection_string(azurite).get_blob_client("others", "feeds/readme.txt").upload_blob(b"")

    assert state.names("feeds/") == ["feeds/a"]


def test_a_wrong_key_is_a_matter_of_settings_and_is_not_quoted(azurite):
    wrong = "A" * 86 + "=="
    state = BlobState(azurite.replace(KEY, wrong), container="blobs")

    for use in (lambda: state.read("a"), lambda: state.write("a", {}, version=None), state.names):
        with pytest.raises(Misconfigured, match="refused") as refused:
            use()
        assert wrong not in refused.value.for_people
        assert refused.value.__cause__ is None


def test_a_storage_account_that_cannot_be_reached_is_tried_again_later(monkeypatch):
    monkeypatch.setattr("connector.state.blobs._RETRIES", 0)
    with socket.socket() as taken:  # nobody listens there
        taken.bind(("127.0.0.1", 0))
        state = BlobState(connection_string(taken.getsockname()[1]), container="blobs")

        with pytest.raises(Transient, match="could not be reached"):
            state.read("a")


@pytest.mark.parametrize("place", ["Nothing=known", "AccountKey=only"])
def test_what_is_no_connection_string_is_a_matter_of_settings(place):
    with pytest.raises(Misconfigured, match="STATE"):
        BlobState(place, container="blobs").read("a")
