"""What holds whatever differs: everything is in one class, and a second comparison finds nothing to repair."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from connector.dataverse.names import Info
from connector.reconcile.certificate import certificate_of
from connector.reconcile.certificate_text import sentence_of
from connector.reconcile.findings import FindingKind, PairFinding
from connector.reconcile.marks import Marks, key_of_contact, key_of_row
from connector.reconcile.progress import ReconcileRun
from connector.spotler import SpotlerContact
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.unit.reconcile.comparing import Reconciling
from tests.unit.reconcile.conftest import ROWS
from tests.unit.sync.two_systems import TwoSystems

KEYS = st.binary(min_size=16, max_size=16)
FINDINGS = st.builds(
    PairFinding,
    st.sampled_from(FindingKind),
    st.sampled_from(["", "no address", "PROPERTY_INVALID", "consent"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.lists(st.tuples(KEYS, FINDINGS), max_size=40), st.integers(0, 40))
def test_what_was_packed_is_what_was_found(found, saved):
    marks, again = Marks(), Marks()
    shards = []
    for number, (key, finding) in enumerate(found):
        marks.put(key, finding)
        if number == saved:
            shards.append(marks.pack())
    shards.append(marks.pack())
    again.findings.extend(marks.findings)
    for shard in shards:
        again.unpack(shard)

    assert dict(again.items()) == dict(marks.items()) == dict(found)
    assert marks.fresh == 0


@given(st.dictionaries(KEYS, FINDINGS, max_size=40), st.sets(KEYS, max_size=5), st.data())
def test_classes_add_up_to_the_records_but_for_those_that_nothing_was_found_about(found, others, data):
    marks = Marks()
    for key, finding in found.items():
        marks.put(key, finding)
    some = data.draw(st.sets(st.sampled_from(sorted(found)))) if found else set()
    records = some | others
    missing = {key for key in records if key not in found or not found[key].in_dataverse}

    certificate = certificate_of(
        ReconcileRun(None, "id", BEGAN, "mapping", marks=marks, new=0), records, ended=BEGAN
    )  # fmt: skip

    assert certificate.remainder == len(missing)
    value = certificate.value
    for side in ("records", "contacts"):
        in_classes = sum(value[side][kind.value]["total"] for kind in FindingKind)
        assert value[side]["total"] == in_classes + value[side].get("remainder", 0)
    assert sentence_of(value).startswith("1 record: " if len(records) == 1 else f"{len(records):,} records: ")


@given(st.uuids())
def test_the_key_of_a_row_is_its_id_however_it_is_written(row):
    assert key_of_row(str(row)) == key_of_row(str(row).upper()) == row.bytes
    assert UUID(bytes=key_of_row(str(row))) == row


def test_contacts_without_a_record_have_keys_of_their_own():
    contacts = [
        SpotlerContact("shop-1"),
        SpotlerContact("shop-2"),
        SpotlerContact(None, "shop-1"),
        SpotlerContact(None, properties={"email": "ann@example.org"}),
        SpotlerContact(None, properties={"email": "bob@example.org"}),
    ]

    assert len({key_of_contact(each) for each in contacts}) == len(contacts)
    assert key_of_contact(contacts[3]) == key_of_contact(SpotlerContact(None, properties={"email": "ann@example.org"}))


#: What may differ, by a name that shrinks well.
DIFFERENCES = {
    "edited": lambda two, who: two.edit(who, lastname="Smith"),
    "drifted": lambda two, who: _if_there(two, who, lambda: two.profile(who, lastName="Else")),
    "newer in Spotler": lambda two, who: _if_there(two, who, lambda: two.profile(who, firstName="Newer", city="Gouda")),
    "both": lambda two, who: (two.edit(who, firstname="Here"), _there(two, who, firstName="There")),
    "opted out": lambda two, who: _if_there(two, who, lambda: two.unsubscribe(who, NEWSLETTER_BIT)),
    "left": lambda two, who: _if_there(two, who, lambda: two.unsubscribe(who)),
    "opted in": lambda two, who: _there(two, who, permissions=[{"bit": EVENTS_BIT, "enabled": True}]),
    "refused": lambda two, who: two.permission(who, "Newsletter", subscribed=False),
    "agreed": lambda two, who: two.permission(who, "Events", subscribed=True),
    "no bulk": lambda two, who: two.edit(who, donotbulkemail=True),
    "no mail": lambda two, who: two.edit(who, donotemail=True),
    "deactivated": lambda two, who: two.edit(who, statecode=1, statuscode=2),
    "no address": lambda two, who: two.edit(who, emailaddress1=None),
    "new address": lambda two, who: two.edit(who, emailaddress1="other@example.org"),
    "lost": lambda two, who: _if_there(two, who, lambda: two.lose(who)),
    "bounced": lambda two, who: _if_there(two, who, lambda: two._emit(type="bounce", externalId=who.id)),
    "forgotten": lambda two, who: _change_info(two, who, **{Info.LAST_COMMON: None}),
    "unsent": lambda two, who: _change_info(two, who, **{Info.SENT_HASH: None}),
    "gone": lambda two, who: _change_info(two, who, **{Info.GONE: True, Info.SENT_HASH: None}),
}


def _if_there(two, who, act):
    if any(each["externalId"] == who.id for each in two.systems.spotler()["contacts"]):
        act()


def _there(two, who, **properties):
    _if_there(two, who, lambda: two.profile(who, **properties))


def _infos(two, who):
    return [row for row in two.systems.rows(Info.TABLE) if row[Info.RECORD] == who.id]


def _change_info(two, who, **values):
    for row in _infos(two, who):
        two.systems.by_person("PATCH", f"{Info.SET}({row[Info.ID]})", values)


def _delete_info(two, who):
    for row in _infos(two, who):
        two.systems.by_person("DELETE", f"{Info.SET}({row[Info.ID]})", {})


DIFFERENCES["no info"] = _delete_info


SOME = st.lists(st.lists(st.sampled_from(sorted(DIFFERENCES)), max_size=3), min_size=3, max_size=3)
HEALTHY = [HealthCheck.function_scoped_fixture]


@settings(max_examples=12, deadline=None, suppress_health_check=HEALTHY)
@given(SOME)
def test_whatever_differs_there_is_no_remainder_and_a_second_comparison_repairs_nothing(systems, differences):
    check(systems, differences)


@pytest.mark.nightly
@settings(max_examples=1000, deadline=None, suppress_health_check=HEALTHY)
@given(SOME)
def test_the_same_for_many_more_differences(systems, differences):
    check(systems, differences)


def check(systems, differences):
    two = TwoSystems(systems, *ROWS)
    people = [two.contact(name, firstname=name) for name in ("ann", "bob", "cas")]
    two.permission(people[0], "Newsletter", subscribed=True)
    two.sync(*people)
    two.pull()
    for who, found in zip(people, differences, strict=True):
        for each in found:
            two.tick()
            DIFFERENCES[each](two, who)

    contacts = []
    certificates = []
    for _ in range(2):
        contacts.append(sum(not each["anonymized"] for each in two.systems.spotler()["contacts"]))
        certificates.append(Reconciling(two).run())

    first, second = certificates
    assert [each["contacts"]["total"] for each in certificates] == contacts
    for certificate in certificates:
        assert certificate["records"]["total"] == 3
        assert certificate["records"]["remainder"] == 0
        # What Spotler refuses of a contact that bounced.
        assert certificate["records"]["quarantined"]["reasons"].keys() <= {"NO_ACTIVE_CHANNEL"}, certificate
    assert second["records"]["repaired"]["total"] == 0, (first, second)
