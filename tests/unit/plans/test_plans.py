"""A plan says what a sync would do, does nothing, and is applied as it says, or not at all."""

import json
import stat
from collections import Counter

import pytest

from connector.dataverse.api import WriteResult
from connector.dataverse.names import Contact, Info, Permission
from connector.errors import Transient
from connector.mapping import mapping_version
from connector.plans.applying import Applied, apply_plan
from connector.plans.changes import DATAVERSE, SPOTLER, Becomes
from connector.plans.file import Header, PlanUnreadable, read_header, read_lines, write_plan
from connector.plans.making import PlanMaker
from connector.sync.info import write_unchanged
from connector.sync.outward import outward
from connector.sync.records import RecordReader
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.unit.sync.consent_lists import TwoSystemsWithLists


class Plan:
    """Makes and applies plans of contacts."""

    def __init__(self, two, folder):
        self.two = two
        self.file = folder / "contacts.plan"
        self.asked = True

    def make(self, **options):
        self.two.tick()
        self.asked = options.pop("asks", True)
        maker = PlanMaker(self.two.services, asks=self.asked)
        header = Header("here", mapping_version(self.two.services.mapping), "2026-01-01T00:00:00Z", self.asked)
        records = maker.records(Contact.TABLE, seen=lambda _: None, **options)
        return list(write_plan(self.file, header, records))

    def apply(self, pause=lambda _: None):
        self.two.tick()
        header = read_header(self.file)
        lines = read_lines(self.file)
        applied = apply_plan(self.two.services, lines, asked=header.asked, seen=lambda _: None, pause=pause)
        return {each.ref: each for each in applied}


@pytest.fixture
def plan(two, tmp_path):
    return Plan(two, tmp_path)


@pytest.fixture
def in_lists(systems, tmp_path):
    """Permissions are members of Marketing Lists."""
    return Plan(TwoSystemsWithLists(systems, Contact.TABLE), tmp_path)


def shown(planned):
    return {(each.side, each.field): each.change for record in planned for each in record.changes}


def test_a_plan_writes_nothing_anywhere(two, plan):
    ann, bob = two.contact("ann", firstname="Ann"), two.contact("bob", firstname="Bob")
    two.sync(ann)
    two.edit(ann, lastname="Smith")
    two.profile(ann, firstName="Anna", city="Gouda")
    two.unsubscribe(ann)
    two.permission(bob, "Newsletter", subscribed=True)
    before = two.written()

    planned = plan.make()

    assert {each.ref for each in planned} == {ann, bob}
    assert two.written() == before


def test_the_fields_of_both_sides_are_named_with_what_becomes_of_them(two, plan):
    ann = two.contact("ann", firstname="Ann")
    two.sync(ann)
    two.edit(ann, lastname="Smith")
    two.profile(ann, firstName="Anna", city="Gouda")

    changes = shown(plan.make())

    assert changes == {
        (SPOTLER, "lastName"): Becomes.CHANGED,
        (DATAVERSE, "firstname"): Becomes.CHANGED,
        (DATAVERSE, "address1_city"): Becomes.SET,
    }


def test_a_record_in_step_is_not_in_the_plan(two, plan):
    two.sync(two.contact("ann", firstname="Ann"))

    assert plan.make() == []


def test_applying_a_plan_leaves_nothing_to_do(two, plan):
    ann, bob = two.contact("ann", firstname="Ann"), two.contact("bob", firstname="Bob")
    two.sync(ann)
    two.edit(ann, lastname="Smith")
    two.profile(ann, firstName="Anna", city="Gouda")
    two.permission(bob, "Newsletter", subscribed=True)
    plan.make()

    outcomes = plan.apply()

    assert {each.applied for each in outcomes.values()} == {Applied.DONE}
    assert (two.row(ann)["firstname"], two.row(ann)["address1_city"]) == ("Anna", "Gouda")
    assert two.property(ann, "lastName") == "Smith"
    assert two.property(bob, "firstName") == "Bob"
    assert plan.make() == []
    assert [each.code for each in two.sync(ann, bob)] == ["UNCHANGED", "UNCHANGED"]


def test_an_opt_out_in_spotler_is_planned_as_a_permission_that_is_switched_off(two, plan):
    ann = two.contact("ann")
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    two.unsubscribe(ann, NEWSLETTER_BIT)

    changes = shown(plan.make())
    plan.apply()

    assert changes[DATAVERSE, "permission Newsletter"] is Becomes.OFF
    assert two.subscribed(ann)["Newsletter"] is False


def test_who_may_not_be_mailed_is_planned_to_be_anonymised_which_is_said_to_be_final(two, plan):
    ann = two.contact("ann")
    stranger = two.contact("bob", donotemail=True)
    two.sync(ann)
    two.edit(ann, donotemail=True)

    planned = plan.make()

    assert {each.ref for each in planned} == {ann}, f"Spotler never had {stranger}"
    assert shown(planned) == {(SPOTLER, ""): Becomes.ANONYMISED}
    assert "cannot be undone" in Becomes.ANONYMISED


@pytest.mark.parametrize("change", ["row", "info", "spotler", "permission", "deleted"])
def test_what_has_changed_since_is_refused_with_the_reason_and_the_others_are_done(two, plan, change):
    ann, bob = two.contact("ann", firstname="Ann"), two.contact("bob", firstname="Bob")
    two.sync(ann, bob)
    two.edit(ann, lastname="Smith")
    two.edit(bob, lastname="Jones")
    plan.make()
    match change:
        case "row":
            two.edit(ann, lastname="Smithson")
            expected = Applied.ROW_CHANGED
        case "info":
            two.sync(ann)
            two.edit(bob, lastname="Jones")  # Info alone differs for ann
            expected = Applied.INFO_CHANGED
        case "spotler":
            two.profile(ann, firstName="Anna")
            expected = Applied.CONTENT_CHANGED
        case "permission":
            two.permission(ann, "Newsletter", subscribed=True)
            expected = Applied.CONTENT_CHANGED
        case _:
            two.systems.environment.store.tables[Contact.TABLE].rows.pop(ann.id)
            expected = Applied.NOT_THERE
    before = two.property(ann, "lastName")

    outcomes = plan.apply()

    assert outcomes[ann].applied is expected
    assert two.property(ann, "lastName") == before
    if change != "info":
        assert (outcomes[bob].applied, two.property(bob, "lastName")) == (Applied.DONE, "Jones")


def test_a_change_between_the_second_look_and_the_write_is_not_sent(two, plan, monkeypatch):
    from connector.plans import applying

    ann = two.contact("ann", firstname="Ann")
    two.sync(ann)
    two.edit(ann, lastname="Smith")
    plan.make()
    compared = applying._do

    def later(services, planned, pause):
        two.edit(ann, lastname="Smithson")
        return compared(services, planned, pause)

    monkeypatch.setattr(applying, "_do", later)

    outcomes = plan.apply()

    assert (outcomes[ann].applied, outcomes[ann].code) == (Applied.STOPPED, "PLAN_OUTDATED")
    assert two.property(ann, "lastName") == "Ann"
    monkeypatch.undo()
    assert [each.code for each in two.sync(ann)] == ["OK"], "the next sync sends it"


def test_without_spotler_the_plan_has_what_would_be_sent_and_costs_no_call_to_it(two, plan):
    ann, bob = two.contact("ann", firstname="Ann"), two.contact("bob")
    two.sync(ann)
    two.edit(ann, lastname="Smith")
    two.profile(ann, city="Gouda")
    calls = two.calls("GET /contact")

    planned = plan.make(asks=False)

    assert two.calls("GET /contact") == calls
    changes = shown(planned)
    assert changes[SPOTLER, "lastName"] is Becomes.SENT
    assert (DATAVERSE, "address1_city") not in changes
    assert Counter(each.change for record in planned for each in record.changes)[Becomes.CREATED] == 1
    assert {each.applied for each in plan.apply().values()} == {Applied.DONE}
    assert two.property(bob, "lastName") == "Bob"


def test_a_contact_that_spotler_has_already_is_joined_and_not_created(two, plan):
    ann = two.contact("ann", firstname="Ann")
    two.sync(ann)
    two.services.dataverse.update("dh_spotlerinfos", two.info(ann)["dh_spotlerinfoid"], {"dh_senthash": None})
    two.edit(ann, lastname="Smith")

    changes = shown(plan.make())

    assert (SPOTLER, "") not in changes
    assert changes[SPOTLER, "lastName"] is Becomes.CHANGED
    assert {each.applied for each in plan.apply().values()} == {Applied.DONE}


def test_what_spotler_info_says_wrongly_of_a_contact_that_is_gone_is_corrected(two, plan):
    ann = two.contact("ann")
    two.sync(ann)
    two.edit(ann, donotemail=True)
    two.services.spotler.anonymize(ann.id)

    plan.make()

    assert {each.applied for each in plan.apply().values()} == {Applied.DONE}
    assert two.info(ann)["dh_gone"] is True
    assert plan.make() == []


def test_the_records_are_chosen_by_a_filter_and_a_limit(two, plan):
    for name in ("ann", "bob", "cas"):
        two.contact(name)

    assert len(plan.make(condition="lastname eq 'Bob'")) == 1
    assert len(plan.make(limit=2)) == 2


def test_the_file_is_for_its_owner_only_and_has_the_values(two, plan):
    two.contact("ann")

    plan.make()

    assert stat.S_IMODE(plan.file.stat().st_mode) == 0o600
    header, record, end = (json.loads(line) for line in plan.file.read_text(encoding="utf-8").splitlines())
    assert header["mapping"] == mapping_version(two.services.mapping)
    assert {each["field"]: each["now"] for each in record["changes"]}["email"] == "ann@example.org"
    assert (end["end"], end["records"], len(end["sha256"])) == (True, 1, 64)


@pytest.mark.parametrize("harm", ["cut", "garbled", "missing", "other", "empty"])
def test_a_file_that_is_no_whole_plan_is_refused(two, plan, harm):
    two.contact("ann")
    plan.make()
    lines = plan.file.read_text(encoding="utf-8").splitlines(keepends=True)
    match harm:
        case "cut":
            plan.file.write_text("".join(lines[:-1]), encoding="utf-8")
        case "garbled":
            plan.file.write_text("".join([lines[0], lines[1][:-20], lines[2]]), encoding="utf-8")
        case "missing":
            plan.file.unlink()
        case "other":
            plan.file.write_text('{"rows": []}\n', encoding="utf-8")
        case _:
            plan.file.write_text("", encoding="utf-8")

    with pytest.raises(PlanUnreadable):
        read_header(plan.file)


def test_a_system_that_is_busy_for_a_while_does_not_end_a_long_plan(two, monkeypatch):
    ann = two.contact("ann")
    pauses: list[float] = []
    read = RecordReader.read

    def busy(self, refs):
        if len(pauses) < 2:
            raise Transient(retry_after=7.0)
        return read(self, refs)

    monkeypatch.setattr(RecordReader, "read", busy)
    maker = PlanMaker(two.services, pause=pauses.append)

    assert [each.ref for each in maker.records(Contact.TABLE, seen=print)] == [ann]
    assert pauses == [7.0, 15.0]


def test_a_write_that_dataverse_did_not_take_is_not_reported_as_done(two, plan, monkeypatch):
    ann = two.contact("ann")
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    two.unsubscribe(ann, NEWSLETTER_BIT)
    plan.make()
    update = two.services.dataverse.update_multiple

    def takes_no_permission(table, changes):
        if table.SET == Permission.SET:
            return [WriteResult(each.key, Transient()) for each in changes]
        return update(table, changes)

    with monkeypatch.context() as patched:
        patched.setattr(two.services.dataverse, "update_multiple", takes_no_permission)
        assert plan.apply()[ann].applied is Applied.STOPPED
    assert two.subscribed(ann)["Newsletter"] is True

    plan.make()
    assert plan.apply()[ann].applied is Applied.DONE
    assert two.subscribed(ann)["Newsletter"] is False


def test_who_left_spotler_while_dataverse_was_busy_did_not_refuse(two, plan, monkeypatch):
    ann = two.contact()
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    two.edit(ann, donotemail=True)
    plan.make()
    pauses: list[float] = []
    batch = two.services.dataverse.batch

    def busy(*arguments, **options):
        if len(pauses) < 2:
            raise Transient(retry_after=60.0)
        return batch(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(two.services.dataverse, "batch", busy)
        applied = plan.apply(pauses.append)

    assert applied[ann].applied is Applied.DONE
    assert pauses == [60.0, 60.0]
    assert two.info(ann)[Info.GONE] is True
    two.edit(ann, donotemail=False)
    two.sync(ann)
    assert two.subscribed(ann)["Newsletter"] is True


@pytest.mark.parametrize("taken", [True, False], ids=["the answer is lost", "another row is written first"])
def test_spotler_info_does_not_call_a_contact_active_whose_anonymising_could_not_be_noted(
    two, plan, monkeypatch, taken
):
    ann = two.contact()
    two.sync(ann)
    two.edit(ann, donotemail=True)
    plan.make()

    def lost(dataverse, writes):
        if taken:
            write_unchanged(dataverse, writes)
        else:
            two.services.dataverse.update(Info.SET, two.info(ann)[Info.ID], {Info.SOFT_BOUNCES: 1})
        return {each.ref: Transient() for each in writes}

    monkeypatch.setattr(outward, "write_unchanged", lost)
    plan.apply()

    assert not two.info(ann)[Info.ACTIVE]

    monkeypatch.undo()
    two.edit(ann, donotemail=False)
    two.sync(ann)
    assert two.info(ann)[Info.ACTIVE] is True, "it is in Spotler again"


def test_a_plan_removes_nobody_from_a_marketing_list_and_its_application_does(in_lists):
    two = in_lists.two
    ann = two.contact("ann")
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    two.edit(ann, donotbulkemail=True)
    before = two.written()

    planned = in_lists.make()

    assert two.written() == before
    assert shown(planned)[DATAVERSE, "permission Newsletter"] is Becomes.OFF
    in_lists.apply()
    assert two.subscribed(ann) == {"Newsletter": False, "Events": False}
    assert two.in_spotler(ann)["permissions"] == []
