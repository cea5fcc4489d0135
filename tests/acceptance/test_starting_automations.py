"""Start Automation: a contact is sent through an automation or a campaign, once."""

from uuid import uuid4

import pytest

from connector.dataverse.choices import AutomationKind, Operation
from connector.dataverse.names import Automation
from sandbox.spotler.seed import PRODUCT_IDS
from tests.acceptance.automations import FIELDS, automation_in_both, publish, publish_campaign
from tests.acceptance.records import DEACTIVATED
from tests.acceptance.world import job_row, start_columns

CAMPAIGN = AutomationKind.CAMPAIGN


@pytest.mark.feature("AUT-04")
@pytest.mark.feature("AUT-05")
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_the_automation_starts_and_the_job_holds_the_id_of_the_run(world, automation, table):
    record = world.record(table)

    job = world.start(record, automation)

    job.assert_completed()
    (run,) = world.spotler.runs(record)
    assert job.run_id == run["runId"]


@pytest.mark.feature("AUT-04")
def test_a_second_job_starts_a_second_run(world, automation):
    record = world.contact()

    first, second = world.start(record, automation), world.start(record, automation)

    assert [run["runId"] for run in world.spotler.runs(record)] == [first.run_id, second.run_id]
    assert first.run_id != second.run_id


@pytest.mark.feature("AUT-07")
@pytest.mark.parametrize(
    "fields",
    [
        "invoiceEmail=pay@example.org;payUrl=https://shop.example/pay/1?a=b;basket=p-1,p-2",
        "invoiceEmail=pay@example.org\npayUrl=https://shop.example/pay/1?a=b\nbasket=p-1,p-2",
        "  invoiceEmail = pay@example.org \r\n\r\n payUrl = https://shop.example/pay/1?a=b \r\n basket = p-1 , p-2 ",
    ],
    ids=["semicolons", "lines", "windows lines and blanks"],
)
def test_fields_are_separated_by_semicolons_or_line_breaks(world, automation, fields):
    record = world.contact()

    world.start(record, automation, fields).assert_completed()

    (run,) = world.spotler.runs(record)
    assert run["fields"] == {
        "invoiceEmail": "pay@example.org", "payUrl": "https://shop.example/pay/1?a=b", "basket": list(PRODUCT_IDS),
    }  # fmt: skip


@pytest.mark.feature("AUT-07")
@pytest.mark.parametrize(
    "link", ["https://shop.example/pay?order=1&amp;token=x", "https://shop.example/pay;jsessionid=1"]
)
@pytest.mark.parametrize("fields", ["payUrl={};invoiceEmail=a@b", "invoiceEmail=a@b; payUrl={}"])
def test_a_link_with_a_semicolon_is_mailed_as_it_is(world, automation, fields, link):
    record = world.contact()

    world.start(record, automation, fields.format(link)).assert_completed()

    (run,) = world.spotler.runs(record)
    assert run["fields"] == {"payUrl": link, "invoiceEmail": "a@b"}


@pytest.mark.feature("AUT-07")
def test_with_line_breaks_a_semicolon_is_part_of_a_value(world, automation):
    record = world.contact()

    world.start(record, automation, "invoiceEmail=a;b\npayUrl=").assert_completed()

    (run,) = world.spotler.runs(record)
    assert run["fields"] == {"invoiceEmail": "a;b"}


@pytest.mark.feature("AUT-08")
@pytest.mark.parametrize(
    "fields",
    ["", "invoiceEmail=;payUrl= ;basket=,", FIELDS, FIELDS.replace("\n", ";")],
    ids=["removed", "blank", "hints left", "hints left on one line"],
)
def test_a_field_that_is_blank_removed_or_still_a_hint_passes_nothing(world, automation, fields):
    record = world.contact()

    world.start(record, automation, fields).assert_completed()

    (run,) = world.spotler.runs(record)
    assert run["fields"] == {}


@pytest.mark.feature("AUT-07")
@pytest.mark.feature("AUT-09")
@pytest.mark.feature("AUT-10")
@pytest.mark.feature("JOB-07")
@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ("invoiceEmail: pay@example.org", "'='"),
        ("invoiceEmail=a;payUrl", "Part 2"),
        ("invoiceMail=pay@example.org", "invoiceMail"),
        ("InvoiceEmail=pay@example.org", "InvoiceEmail"),
        ("a@example.org=pay@example.org", "part 1"),
        ("invoiceEmail=a;invoiceEmail=b", "twice"),
        ("payUrl=https://shop.example/?a=1&amp;basket=p-1", "own line"),
        ("payUrl=shop.example/pay", "payUrl"),
        ("payUrl=/pay/1", "payUrl"),
        ("payUrl=ftp://shop.example/pay", "payUrl"),
        ("payUrl=https://", "payUrl"),
    ],
)
def test_fields_that_make_no_sense_stop_the_job_before_anything_is_started(world, automation, fields, word):
    record = world.contact()

    job = world.start(record, automation, fields)

    world.assert_not_valid(job, record, word)
    assert "pay@example.org" not in job.message


@pytest.mark.feature("AUT-04")
@pytest.mark.feature("JOB-07")
def test_a_job_without_an_automation_is_not_valid(world):
    record = world.contact()

    job = world.run(Operation.START_AUTOMATION, record)

    world.assert_not_valid(job, record, "automation", "choose one")


@pytest.mark.feature("AUT-04")
@pytest.mark.feature("JOB-07")
def test_a_job_without_a_record_is_not_valid_and_starts_nothing(world, automation):
    code = str(world.people.read(Automation.SET, automation)[Automation.TRIGGER_CODE])

    job = world.run(Operation.START_AUTOMATION, **start_columns(automation))

    job.assert_failed("JOB_NOT_VALID", "neither a customer nor a lead")
    assert world.spotler.calls_naming(code) == []


@pytest.mark.feature("AUT-04")
@pytest.mark.feature("JOB-17")
@pytest.mark.parametrize(
    ("change", "word"),
    [(DEACTIVATED["contact"], "published"), ({Automation.TRIGGER_CODE: None}, "Refresh Automations")],
    ids=["deactivated", "without a trigger code"],
)
def test_an_automation_that_cannot_be_started_is_refused_before_the_call(world, automation, change, word):
    record = world.contact()
    world.people.update(Automation.SET, automation, change)

    job = world.start(record, automation)

    world.assert_not_valid(job, record, word)


@pytest.mark.feature("AUT-04")
@pytest.mark.feature("JOB-17")
def test_an_automation_that_is_deleted_while_the_job_waits_is_refused(world, automation):
    record = world.contact()
    row = job_row(Operation.START_AUTOMATION, record, **start_columns(automation))

    job = world.wait(world.people.create_and_delete("dh_spotlerjobs", row, f"{Automation.SET}({automation})"))

    world.assert_not_valid(job, record, "deleted")


@pytest.mark.feature("AUT-05")
@pytest.mark.feature("JOB-13")
def test_a_trigger_that_spotler_does_not_know_fails_with_spotlers_code(world):
    record = world.contact()

    job = world.start(record, world.automation())

    job.assert_failed("TRIGGER_NOTFOUND", "Refresh")
    assert (job.attempts, job.run_id) == (1, "")


@pytest.mark.feature("AUT-12")
def test_an_automation_that_is_not_active_in_spotler_fails_with_spotlers_code(world):
    record = world.contact()

    job = world.start(record, automation_in_both(world, active=False))

    job.assert_failed("AUTOMATION_INACTIVE", "activate")
    assert world.spotler.runs(record) == []


@pytest.mark.feature("AUT-12")
def test_the_limit_of_participations_is_reported_by_spotlers_code(world):
    record, automation = world.contact(), automation_in_both(world, limit=1)
    world.start(record, automation).assert_completed()

    job = world.start(record, automation)

    job.assert_failed("PARTICIPATION_LIMIT_REACHED", "limit")
    assert len(world.spotler.runs(record)) == 1


@pytest.mark.feature("AUT-05")
@pytest.mark.feature("JOB-11")
def test_when_the_answer_is_lost_the_automation_is_not_started_again_and_the_job_says_how_to_check(world, automation):
    record = world.contact()
    world.sync(record).assert_completed()
    world.spotler.door.arm("drop_after_write", route="POST /automation/trigger/*", count=1)

    job = world.start(record, automation)

    job.assert_failed("OUTCOME_UNKNOWN", "Check in Spotler", "Retry")
    assert len(world.spotler.runs(record)) == 1


@pytest.mark.feature("CMP-01")
@pytest.mark.parametrize("table", ["contact", "lead"])
def test_a_campaign_starts_in_the_same_way_and_has_no_run_id(world, campaign, table):
    record = world.record(table)

    job = world.start(record, campaign)

    job.assert_completed()
    assert job.run_id == ""
    assert len(world.spotler.runs(record, "campaignRuns")) == 1


@pytest.mark.feature("CMP-01")
def test_a_campaign_takes_fields_as_an_automation_does(world, campaign):
    record = world.contact()
    world.people.update(Automation.SET, campaign, {Automation.FIELDS: FIELDS})

    world.start(record, campaign, "invoiceEmail=pay@example.org;basket=p-1").assert_completed()

    (run,) = world.spotler.runs(record, "campaignRuns")
    assert run["fields"] == {"invoiceEmail": "pay@example.org", "basket": ["p-1"]}


@pytest.mark.feature("AUT-07")
@pytest.mark.feature("CMP-01")
@pytest.mark.parametrize("kind", ["automationRuns", "campaignRuns"])
def test_what_was_refreshed_takes_fields_though_spotler_does_not_return_which_there_are(world, kind):
    record, code = world.contact(), str(uuid4())
    (publish if kind == "automationRuns" else publish_campaign)(world, code=code)
    world.run(Operation.REFRESH_AUTOMATIONS).assert_completed()
    (row,) = [each for each in world.rows(Automation.TABLE) if each[Automation.TRIGGER_CODE] == code]

    world.start(record, row[Automation.ID], "invoiceEmail=pay@example.org;payUrl=URL").assert_completed()

    (run,) = world.spotler.runs(record, kind)
    assert run["fields"] == {"invoiceEmail": "pay@example.org"}


@pytest.mark.feature("CMP-01")
@pytest.mark.feature("JOB-13")
def test_a_campaign_that_spotler_does_not_know_fails_with_spotlers_code(world):
    record = world.contact()

    job = world.start(record, world.automation(kind=CAMPAIGN))

    job.assert_failed("TRIGGER_NOTFOUND")
    assert world.spotler.runs(record, "campaignRuns") == []


@pytest.mark.feature("CMP-01")
def test_a_contact_that_is_in_the_campaign_already_is_not_sent_through_it_again(world, campaign):
    record = world.contact()
    world.start(record, campaign).assert_completed()

    job = world.start(record, campaign)

    job.assert_failed("INVALID_STATE", "already running")
    assert len(world.spotler.runs(record, "campaignRuns")) == 1
