"""Those who come back, and those whom Keep Out keeps out."""

from functools import partial
from types import SimpleNamespace

from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import Transient
from connector.sync.info import write_infos
from connector.sync.outward.outward import Outward
from connector.sync.records import Record
from sandbox.people import People
from tests.unit.sync.sending import codes, read

# Those who come back


def test_who_comes_back_is_no_longer_gone_before_spotler_has_the_contact(world, send):
    record = world.contact(donotemail=True)
    send(record)
    world.services.dataverse.update("contacts", record.id, {"donotemail": False})

    # The rows of Spotler Info that the results carry are lost.
    Outward(world.services).send(read(world, record), always=False)
    world.services.dataverse.update("contacts", record.id, {"donotemail": True})

    assert codes(send(record)) == ["ANONYMIZED"]


def test_who_cannot_be_marked_as_coming_back_is_not_sent_and_harms_no_other(world, send):
    back, other = world.contact("ann", donotemail=True), world.contact("bob")
    send(back)
    world.services.dataverse.update("contacts", back.id, {"donotemail": False})
    world.break_dataverse("500", rf"^dh_spotlerinfos.*{world.info(back)[Info.ID]}", inner=True)
    records = read(world, back, other)

    results = Outward(world.services).send(records, always=False)

    assert isinstance(results[back].error, Transient)
    assert results[other].code == "OK"
    assert world.in_spotler(back) is None


# Keep Out


def anonymize(world, *refs):
    results = Outward(world.services).anonymize(read(world, *refs))
    assert write_infos(world.services.dataverse, [(ref, each.info) for ref, each in results.items()]) == {}
    return results


def test_an_anonymised_record_stays_out_until_somebody_lifts_it(world, send):
    record = world.contact()
    send(record)

    result = anonymize(world, record)[record]

    assert (result.code, result.changed, "Keep Out" in result.message) == ("OK", True, True)
    info = world.info(record)
    assert (info[Info.KEEP_OUT], info[Info.GONE], info[Info.LAST_STATUS]) == (True, True, "ANONYMIZED")
    assert codes(send(record, always=True)) == ["SKIPPED_KEEP_OUT"]
    world.services.dataverse.update(Info.SET, info[Info.ID], {Info.KEEP_OUT: False})
    assert world.in_spotler(record) is None or world.in_spotler(record)["anonymized"]
    assert codes(send(record)) == ["OK"]
    assert world.in_spotler(record)["properties"]["email"] == "ann@example.org"


def test_keep_out_stands_before_spotler_is_called_and_the_next_sync_anonymises(world, send):
    record = world.contact()
    send(record)
    world.spotler.arm("error", route="PUT /contact/anonymize/*", count=None)

    result = Outward(world.services).anonymize(read(world, record))[record]

    assert isinstance(result.error, Transient)
    assert world.info(record)[Info.KEEP_OUT] is True
    world.mend_spotler()
    assert codes(send(record)) == ["ANONYMIZED"]


def test_where_keep_out_cannot_be_written_spotler_is_not_called(world):
    record = world.contact(known=True)
    world.break_dataverse("500", "^dh_spotlerinfos", inner=True)
    records = read(world, record)

    result = Outward(world.services).anonymize(records)[record]

    assert isinstance(result.error, Transient)
    assert world.effects() == []


def test_a_contact_that_was_never_there_is_not_reported_as_anonymised(world):
    record = world.contact()

    result = anonymize(world, record)[record]

    assert (result.code, result.changed) == ("OK", False)
    assert "does not know the contact" in result.message
    info = world.info(record)
    assert (info[Info.KEEP_OUT], info[Info.LAST_STATUS]) == (True, "SKIPPED_KEEP_OUT")


def test_a_deleted_record_is_anonymised_and_nothing_is_remembered(world):
    gone = RecordRef("contact", "99999999-0000-4000-8000-000000000000")
    world.spotler.contacts({"externalId": gone.id, "properties": {"email": "gone@example.org"}})

    result = Outward(world.services).anonymize([Record.deleted(gone)])[gone]

    assert (result.changed, result.info) == (True, None)
    assert world.effects() == ["contact.anonymized"]
    assert world.rows(Info.TABLE) == []


def test_an_opt_out_that_nobody_has_seen_yet_is_not_lost_when_the_contact_is_anonymised(world, send):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True, modifiedon="2025-01-01T00:00:00Z")
    send(record)
    off = {"permissions": [{"bit": 1, "enabled": False}]}
    world.spotler.emit({"type": "profile", "externalId": record.id, "properties": off})

    People(SimpleNamespace(get=partial(getattr, world.ready))).update("contacts", record.id, {"donotemail": True})
    send(record)

    assert [row["dh_subscribed"] for row in world.rows("dh_spotlerpermission")] == [False]
