"""What people have typed into the connector's own rows stops nothing, and subscribes nobody."""

import json

import pytest

from connector.dataverse.names import Info, Permission
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.damaged import damaged
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, PERMISSIONS)


def texts(value):
    """Texts that an API takes, of a value that somebody has damaged."""
    for each in damaged(value):
        text = json.dumps(each)
        if text.encode(errors="replace").decode() == text and "\\ud800" not in text:
            yield text


def test_a_consent_that_somebody_has_dated_in_the_future_does_not_outlive_an_opt_out(two):
    ann = two.contact()
    row = two.permission(ann, "Newsletter", subscribed=True)
    two.systems.by_person("PATCH", f"{Permission.SET}({row})", {Permission.CHANGED_ON: "2099-01-01T00:00:00Z"})
    two.sync(ann)
    assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]

    two.unsubscribe(ann, NEWSLETTER_BIT)
    two.pull()
    two.sync(ann)

    assert two.in_spotler(ann)["permissions"] == []
    assert two.subscribed(ann) == {"Newsletter": False}


@pytest.mark.parametrize("every", [50, pytest.param(1, marks=pytest.mark.nightly)])
def test_what_stands_in_spotler_info_never_brings_back_somebody_who_opted_out_in_spotler(two, every):
    """The opt-out is not seen yet, and the columns with what was in common have anything in them."""
    ann = two.contact(firstname="Ann")
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    two.pull()
    two.unsubscribe(ann, NEWSLETTER_BIT)
    rows = [row for row in two.systems.rows(Info.TABLE) if row[Info.RECORD] == ann.id]
    (info,) = rows
    sound = json.loads(info[Info.LAST_COMMON])
    assert sound["permissions"]
    for number, text in enumerate(list(texts(sound))[::every]):
        two.systems.by_person("PATCH", f"{Info.SET}({info[Info.ID]})", {Info.LAST_COMMON: text, Info.SENT_HASH: "x"})
        two.edit(ann, lastname=f"Smith {number}")

        (result,) = two.sync(ann)

        assert result.code == "OK", text
        assert two.in_spotler(ann)["permissions"] == [], text
        two.pull()
        assert two.subscribed(ann) == {"Newsletter": False}, text
        # As it was before: the opt-out is new again.
        two.permission(ann, "Newsletter", subscribed=True)
        two.sync(ann)
        assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]
        two.unsubscribe(ann, NEWSLETTER_BIT)
