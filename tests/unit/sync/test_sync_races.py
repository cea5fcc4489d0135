"""Two workers, the feed and people at the same time: the newest content and the strictest consent stand in the end."""

from datetime import timedelta

import pytest

from connector.dataverse.api import BatchRequest
from connector.dataverse.names import Info
from connector.errors import Transient
from connector.sync.both_ways import inward
from connector.sync.last_common import Common, LastCommon, fingerprint
from connector.sync.outward import outward
from connector.sync.outward.meeting import BeingSent
from connector.sync.outward.outward import TRIES, Outward
from connector.sync.records import RecordReader
from connector.sync.results import NotSent
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}
LAST = {"contact": "lastname", "direction": "->", "spotler": "lastName"}


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, LAST, PERMISSIONS)


@pytest.fixture
def ann(two):
    ann = two.contact(firstname="Ann")
    two.sync(ann)
    two.pull()
    return ann


@pytest.fixture
def meanwhile(two, monkeypatch):
    """Does something right before, or right after, the next call of Spotler's client with this name."""

    def _meanwhile(name, work, *, after=False, times=1):
        spotler, call = two.services.spotler, getattr(two.services.spotler, name)
        left = [times]

        def wrapped(*arguments, **options):
            now, left[0] = left[0] > 0, left[0] - 1
            if now and not after:
                work()
            answer = call(*arguments, **options)
            if now and after:
                work()
            return answer

        monkeypatch.setattr(spotler, name, wrapped)

    return _meanwhile


#: Longer than a worker may be silent.
BUSY = timedelta(minutes=6)
orders = pytest.mark.parametrize("after", [False, True], ids=["older content last", "newer content last"])


@orders
def test_of_two_workers_that_send_one_record_the_newer_content_stands(two, ann, meanwhile, after):
    def newer():
        two.edit(ann, lastname="New")
        two.sync(ann)

    two.edit(ann, lastname="Old")
    meanwhile("upsert_contacts", newer, after=after)
    two.sync(ann)

    assert two.property(ann, "lastName") == "New"
    before = two.written()
    assert two.sync(ann)[0].code == "UNCHANGED"
    two.pull()
    assert two.written() == before


@orders
def test_of_two_workers_that_send_a_column_of_both_the_newer_content_stands(two, ann, meanwhile, after):
    """The second one waits until the first is done, and comes back."""

    def newer():
        two.edit(ann, firstname="New")
        waiting.extend(two.sync(ann))

    waiting = []
    two.edit(ann, firstname="Old")
    meanwhile("upsert_contacts", newer, after=after)
    two.sync(ann)
    assert isinstance(waiting[0].error, BeingSent)
    two.pull()
    two.sync(ann, always=True)

    assert (two.property(ann, "firstName"), two.row(ann)["firstname"]) == ("New", "New")
    assert LastCommon.parse(two.info(ann)[Info.LAST_COMMON]).holder is None


@orders
def test_of_two_workers_that_make_one_contact_the_newer_content_stands(two, meanwhile, after):
    bob = two.contact("bob", firstname="Old")

    def newer():
        two.edit(bob, firstname="New", lastname="Newer")
        two.sync(bob)

    meanwhile("upsert_contacts", newer, after=after)
    two.sync(bob)

    assert (two.property(bob, "firstName"), two.property(bob, "lastName")) == ("New", "Newer")
    assert (two.row(bob)["firstname"], two.row(bob)["lastname"]) == ("New", "Newer")


@pytest.mark.parametrize("after", [False, True])
def test_a_withdrawal_by_another_worker_stands(two, ann, meanwhile, after):
    two.permission(ann, "Newsletter", subscribed=True)

    def withdraw():
        two.permission(ann, "Newsletter", subscribed=False)
        two.sync(ann)

    meanwhile("upsert_contacts", withdraw, after=after)
    two.sync(ann)
    two.pull()
    two.sync(ann)

    assert two.in_spotler(ann)["permissions"] == []
    assert two.subscribed(ann) == {"Newsletter": False}


def test_do_not_email_by_another_worker_stands(two, ann, meanwhile):
    def leave():
        two.edit(ann, donotemail=True)
        two.sync(ann)

    two.edit(ann, lastname="Old")
    meanwhile("upsert_contacts", leave)
    two.sync(ann)

    assert all(each["externalId"] != ann.id or each["anonymized"] for each in two.systems.spotler()["contacts"])
    assert two.info(ann)[Info.GONE] is True


def test_an_opt_out_between_the_reading_and_the_send_stands(two, ann, meanwhile):
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    meanwhile("upsert_contacts", lambda: two.unsubscribe(ann, NEWSLETTER_BIT))

    two.edit(ann, lastname="Smith")
    two.sync(ann)

    assert two.in_spotler(ann)["permissions"] == []
    two.pull()
    assert two.subscribed(ann) == {"Newsletter": False}


def test_an_opt_out_that_the_feed_brings_while_a_record_is_sent_stands(two, ann, meanwhile):
    """The record was read before the opt-out was pulled, and is sent after it."""
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)

    def pulled():
        two.unsubscribe(ann, NEWSLETTER_BIT)
        two.pull()

    meanwhile("upsert_contacts", pulled)
    two.edit(ann, lastname="Smith")
    two.sync(ann)
    two.pull()

    assert two.in_spotler(ann)["permissions"] == []
    assert two.subscribed(ann) == {"Newsletter": False}


def test_an_edit_in_dataverse_while_the_feed_is_worked_on_is_not_lost(two, ann, monkeypatch):
    two.profile(ann, firstName="From Spotler")
    batch, left = two.services.dataverse.batch, [1]

    def edited(requests):
        if left[0] and any("contacts(" in request.path for request in requests):
            left[0] = 0
            two.edit(ann, firstname="From Dataverse")
        return batch(requests)

    monkeypatch.setattr(two.services.dataverse, "batch", edited)
    two.pull()
    two.sync(ann)

    assert (two.row(ann)["firstname"], two.property(ann, "firstName")) == ("From Dataverse", "From Dataverse")


def test_a_feed_that_was_read_before_a_send_brings_nothing_old_back(two, ann, monkeypatch):
    two.profile(ann, firstName="Older")
    read = two.services.spotler.feeds.updates

    def stale(start, end, **options):
        found = list(read(start, end, **options))
        two.edit(ann, firstname="Newer")
        two.sync(ann)
        two.tick()
        return iter(found)

    monkeypatch.setattr(two.services.spotler.feeds, "updates", stale)
    two.pull()

    assert (two.row(ann)["firstname"], two.property(ann, "firstName")) == ("Newer", "Newer")


def test_while_a_worker_sends_others_wait_and_the_feed_says_nothing(two, ann, meanwhile):
    seen = []

    def others():
        seen.append(two.sync(ann, always=True)[0])
        with pytest.raises(BeingSent):
            two.pull()

    two.profile(ann, city="Gouda")
    two.edit(ann, firstname="Anna")
    meanwhile("upsert_contacts", others)
    two.sync(ann)

    assert isinstance(seen[0].error, BeingSent)
    assert two.property(ann, "firstName") == "Anna"
    two.pull()
    assert two.row(ann)["firstname"] == "Anna"


def test_a_worker_that_died_while_it_sent_is_no_change_of_the_person(two, ann, monkeypatch):
    class Died(BaseException):
        pass

    def die(*_, **__):
        raise Died

    two.permission(ann, "Newsletter", subscribed=True)
    two.edit(ann, firstname="Sent")
    monkeypatch.setattr("connector.sync.outward.meeting.delivered", die)
    with pytest.raises(Died):
        two.sync(ann)
    monkeypatch.undo()
    two.permission(ann, "Newsletter", subscribed=False)
    two.edit(ann, firstname="Newer")
    assert (two.property(ann, "firstName"), two.in_spotler(ann)["permissions"]) == ("Sent", [NEWSLETTER_BIT])

    two.tick(BUSY)
    two.pull()

    assert (two.row(ann)["firstname"], two.property(ann, "firstName")) == ("Newer", "Newer")
    assert (two.subscribed(ann), two.in_spotler(ann)["permissions"]) == ({"Newsletter": False}, [])


def test_who_is_always_overtaken_waits_and_is_sent_next_time(two, ann, monkeypatch):
    batch = two.services.dataverse.batch
    info = two.info(ann)[Info.ID]

    def overtaken(requests):
        if any(request.route.startswith(Info.SET) for request in requests):
            batch([BatchRequest.update(Info.SET, info, {Info.SOFT_BOUNCES: len(two.wire.touches)})])
        return batch(requests)

    two.edit(ann, lastname="Smith")
    monkeypatch.setattr(two.services.dataverse, "batch", overtaken)
    record = RecordReader(two.services).read([ann])[ann]
    (result,) = Outward(two.services).send([record], always=False).values()
    monkeypatch.undo()

    assert isinstance(result.error, Transient)
    assert not two.info(ann)[Info.SENT_HASH]
    assert two.sync(ann)[0].code == "OK"
    assert TRIES == 3


def test_a_value_that_another_worker_sent_late_is_sent_again(two, ann):
    """Spotler shows what a worker noted that it was sending, after another one has sent something newer."""
    two.edit(ann, firstname="Newer")
    two.sync(ann)
    two.pull()
    record = RecordReader(two.services).read([ann])[ann]
    common = record.last.columns["firstname"]
    older = Common(common.dataverse, common.spotler, sending=fingerprint(ann.id, "firstname", "Older"))
    text = LastCommon({"firstname": older}, record.last.permissions).text
    two.services.dataverse.update(Info.SET, record.info.id, {Info.LAST_COMMON: text})
    two.profile(ann, firstName="Older")

    two.pull()

    assert (two.row(ann)["firstname"], two.property(ann, "firstName")) == ("Newer", "Newer")


def test_an_edit_back_after_a_crash_of_the_feed_is_sent(two, ann, monkeypatch):
    two.profile(ann, firstName="Anna")
    with monkeypatch.context() as patched:
        patched.setattr(inward, "write_unchanged", raises(Transient))
        with pytest.raises(Transient):
            two.pull()
    assert two.row(ann)["firstname"] == "Anna"
    two.tick(timedelta(minutes=10))
    two.pull()

    two.edit(ann, firstname="Ann")
    two.sync(ann)

    assert two.property(ann, "firstName") == "Ann"


def raises(error):
    def _raises(*_, **__):
        raise error

    return _raises


def test_an_edit_back_after_a_send_by_the_feed_that_could_not_be_noted_is_sent(two, ann, monkeypatch):
    two.profile(ann, firstName="Anna")
    two.edit(ann, firstname="Anne")  # the later one
    with monkeypatch.context() as patched:
        patched.setattr(outward, "write_unchanged", lambda _, writes: {each.ref: Transient() for each in writes})
        two.pull()
    assert two.property(ann, "firstName") == "Anne"

    two.edit(ann, firstname="Ann")
    (done,) = two.sync(ann)
    assert isinstance(done, NotSent), "the feed may still be sending"
    two.tick(timedelta(minutes=10))
    two.sync(ann)

    assert two.property(ann, "firstName") == "Ann"


@pytest.mark.parametrize("back", ["Ann", "Annabel"])
def test_an_edit_between_a_crash_of_the_feed_and_its_repetition_is_sent(two, ann, monkeypatch, back):
    two.profile(ann, firstName="Anna")
    with monkeypatch.context() as patched:
        patched.setattr(inward, "write_unchanged", raises(Transient))
        with pytest.raises(Transient):
            two.pull()
    assert two.row(ann)["firstname"] == "Anna"
    two.edit(ann, firstname=back)

    two.tick(timedelta(minutes=10))
    two.pull()
    two.sync(ann)

    assert (two.row(ann)["firstname"], two.property(ann, "firstName")) == (back, back)


def test_an_edit_back_after_a_crash_of_a_send_that_had_written_the_column_is_sent(two, ann, monkeypatch):
    class Died(BaseException):
        pass

    def die(_services, _check_time, contents, **_):
        if contents:
            raise Died
        return {}

    two.profile(ann, firstName="Anna")
    two.permission(ann, "Newsletter", subscribed=True)  # so that Spotler is asked
    with monkeypatch.context() as patched:
        patched.setattr("connector.sync.outward.meeting.send", die)
        with pytest.raises(Died):
            two.sync(ann)
    assert two.row(ann)["firstname"] == "Anna"
    two.edit(ann, firstname="Ann")

    two.tick(timedelta(minutes=10))
    two.pull()
    two.sync(ann)

    assert (two.row(ann)["firstname"], two.property(ann, "firstName")) == ("Ann", "Ann")


def test_the_note_about_a_column_is_never_written_without_it(two, ann, monkeypatch):
    """Somebody writes the row right before: neither of the two is written, and the next attempt decides anew."""
    two.profile(ann, firstName="Anna")
    batch, before = two.services.dataverse.batch, two.info(ann)[Info.LAST_COMMON]
    seen = []

    def raced(requests):
        if any(request.change_set for request in requests) and not seen:
            two.edit(ann, lastname="Smith")
            answers = batch(requests)
            seen.append(two.info(ann)[Info.LAST_COMMON])
            return answers
        return batch(requests)

    monkeypatch.setattr(two.services.dataverse, "batch", raced)
    two.pull()

    assert seen == [before]
    assert (two.row(ann)["firstname"], two.row(ann)["lastname"]) == ("Anna", "Smith")
