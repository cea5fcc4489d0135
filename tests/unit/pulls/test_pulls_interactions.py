"""Interactions between a Spotler and a Dataverse: what becomes of an event."""

from collections import Counter
from datetime import timedelta

from connector.dataverse.choices import InteractionType
from connector.dataverse.names import Info, Interaction
from sandbox.spotler.seed import CAMPAIGN_MAILING_ID, MAILING_ID
from tests.unit.pulls.interaction_events import (
    arm,
    date_of,
    forget_checkpoints,
    iso,
    of,
    opens,
    read,
    rows,
    with_settings,
)

OPENED, CLICKED = InteractionType.EMAIL_OPENED, InteractionType.EMAIL_CLICKED
DAY = timedelta(days=1)


# What becomes of an event


def test_each_kind_of_event_becomes_a_row_about_its_record(two, people):
    (ann,) = people("ann")
    for kind in ("sent", "open", "click"):
        opens(two, ann, kind=kind)
    two._emit(type="bounce", externalId=ann.id, mailing=MAILING_ID, hard=False)

    assert read(two) == Counter(stored=4)
    assert [row[Interaction.NAME] for row in rows(two)] == [
        "Email bounced (soft): June news",
        "Email clicked: June news",
        "Email opened: June news",
        "Email sent: June news",
    ]
    assert {row[Interaction.MAILING_ID] for row in rows(two)} == {MAILING_ID}
    assert len(of(two, ann)) == 4


def test_the_name_of_a_mailing_is_asked_for_once_and_a_campaign_mailing_has_one_too(two, people):
    ann, bob = people("ann", "bob")
    for record in (ann, bob, ann):
        opens(two, record, mailing=CAMPAIGN_MAILING_ID)
    before = two.calls("mailing/*")

    read(two)

    assert {row[Interaction.MAILING] for row in rows(two)} == {"Your invoice"}
    assert two.calls("campaign-mailing/") - before <= 1


def test_a_mailing_that_spotler_does_not_know_has_its_id_for_a_name(two, people):
    (ann,) = people("ann")
    opens(two, ann)
    del two.systems.sandbox.world.mailings[MAILING_ID]
    body = {"interactions": [{"id": 1, "externalContactId": ann.id, "encryptedMailingId": "mX", "date": iso(two)}]}
    arm(two, "wrong_body", "/mailing-interaction/opened", body=body)
    with_settings(two, interactions="opened")

    assert read(two) == Counter(stored=1)
    assert rows(two)[0][Interaction.NAME] == "Email opened: mX"
    assert rows(two)[0].get(Interaction.MAILING) is None


def test_sent_messages_are_read_only_where_the_setting_names_them(two, people):
    (ann,) = people("ann")
    opens(two, ann, kind="sent")
    with_settings(two, interactions="opened, CLICKED")

    assert read(two) == Counter()
    assert two.calls("mailing-interaction/sent") == 0


def test_events_of_contacts_that_nobody_knows_are_counted_and_of_those_who_left_too(two, people):
    ann, bob = people("ann", "bob")
    two._emit(type="open", externalId=ann.id, mailing=MAILING_ID)
    opens(two, bob)
    row = two.info(ann)[Info.ID]
    two.systems.by_person("PATCH", f"{Info.SET}({row})", {Info.GONE: True})
    nobody = (None, "shop-17", "c0ffee00-0000-4000-8000-000000000001")
    events = [
        {"id": 5, "externalContactId": each, "encryptedMailingId": MAILING_ID, "date": iso(two)} for each in nobody
    ]
    arm(two, "wrong_body", "/mailing-interaction/clicked", body={"interactions": events})

    assert read(two) == Counter({"stored": 1, "unknown contacts": 4})
    assert [of(two, ann), of(two, bob)] == [[], [OPENED]]


def test_events_that_the_next_clean_up_would_delete_are_not_stored(two, people):
    (ann,) = people("ann")
    with_settings(two, keep_interactions_days=30)
    opens(two, ann, ago=31 * DAY)
    opens(two, ann, ago=29 * DAY)

    assert read(two) == Counter({"stored": 1, "too old to keep": 1})


# The dates of Spotler Info


def test_the_dates_of_spotler_info_are_those_of_the_last_events(two, people):
    (ann,) = people("ann")
    opens(two, ann, ago=3 * DAY)
    opens(two, ann, kind="click", ago=2 * DAY)
    opens(two, ann, ago=DAY)
    newest = two.now() - DAY
    read(two)

    assert date_of(two, ann, Info.LAST_OPENED_ON) == newest.replace(microsecond=0)
    assert date_of(two, ann, Info.LAST_CLICKED_ON) < newest
    assert date_of(two, ann, Info.LAST_MAILED_ON) is None


def test_an_event_that_comes_late_or_twice_moves_no_date_back(two, people):
    (ann,) = people("ann")
    opens(two, ann, ago=DAY)
    read(two)
    before, version = date_of(two, ann, Info.LAST_OPENED_ON), two.info(ann)["versionnumber"]

    opens(two, ann, ago=9 * DAY)
    read(two)
    forget_checkpoints(two)
    read(two)

    assert date_of(two, ann, Info.LAST_OPENED_ON) == before
    assert two.info(ann)["versionnumber"] == version
    assert len(of(two, ann)) == 2


def test_a_date_in_the_future_that_somebody_typed_counts_as_none(two, people):
    (ann,) = people("ann")
    typed = (two.now() + 400 * DAY).isoformat(timespec="seconds").replace("+00:00", "Z")
    two.systems.by_person("PATCH", f"{Info.SET}({two.info(ann)[Info.ID]})", {Info.LAST_OPENED_ON: typed})
    opens(two, ann)
    read(two)

    assert date_of(two, ann, Info.LAST_OPENED_ON) <= two.now()
