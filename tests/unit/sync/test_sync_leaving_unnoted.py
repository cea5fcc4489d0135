"""A contact leaves Spotler while Dataverse cannot note why: it counts neither as lost nor as an opt-out."""

from contextlib import suppress
from datetime import timedelta

import pytest

from connector.dataverse.api import Dataverse
from connector.errors import ConnectorError, Misconfigured, Transient
from connector.plans.sending import send
from connector.sync.lists.contacts import sync_members
from connector.sync.outward.outward import no_deadline
from connector.sync.records import RecordReader
from tests.unit.reconcile.comparing import Reconciling
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, PERMISSIONS)


def order(two, record):
    send(two.services, list(RecordReader(two.services).read([record]).values()))


def sync_list(two, record):
    sync_members(two.services, [record], no_deadline)


def reconcile(two, _):
    Reconciling(two).run()


def removed_for(two, record, column):
    two.edit(record, **column)
    two.tick(timedelta(minutes=5))


REMOVED = {"no mail": {"donotemail": True}, "no address": {"emailaddress1": None}}
BACK = {"no mail": {"donotemail": False}, "no address": {"emailaddress1": "ann@example.org"}}


@pytest.mark.parametrize("problem", [Transient(retry_after=30.0), Misconfigured("no right")], ids=["busy", "refusing"])
@pytest.mark.parametrize("why", REMOVED)
@pytest.mark.parametrize("path", [order, sync_list, reconcile], ids=lambda path: path.__name__)
def test_who_left_spotler_while_dataverse_could_not_note_it_did_not_refuse(two, monkeypatch, path, why, problem):
    ann = two.contact("ann", firstname="Ann")
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    removed_for(two, ann, REMOVED[why])

    def busy(*_, **__):
        raise problem

    with monkeypatch.context() as patched, suppress(ConnectorError):
        patched.setattr(Dataverse, "batch", busy)
        patched.setattr(Dataverse, "upsert_multiple", busy)
        path(two, ann)
    assert two.subscribed(ann) == {"Newsletter": True}

    two.sync(ann)
    assert ann.id not in [each["externalId"] for each in two.systems.spotler()["contacts"]]
    removed_for(two, ann, BACK[why])
    two.sync(ann)
    assert two.subscribed(ann) == {"Newsletter": True}
    assert len(two.in_spotler(ann)["permissions"]) == 1
