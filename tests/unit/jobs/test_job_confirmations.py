"""Nothing is confirmed that was not seen: what a Completed job says about a person is so in Spotler."""

from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Info, Job, Permission
from connector.jobs import clean_up as cleaning
from connector.spotler import FIELDS_MISSED_TTL
from connector.spotler.calls import Route
from connector.sync.permissions.former_names import remember_names
from sandbox.spotler import seed

SYNC, ANONYMIZE, TAG, START = (
    Operation.SYNC_CONTACT,
    Operation.ANONYMIZE_CONTACT,
    Operation.ADD_TAG,
    Operation.START_AUTOMATION,
)
SET, CLEAR = Operation.SET_CONTACT_FIELD, Operation.CLEAR_CONTACT_FIELD
ANONYMIZING, FIELDS = "PUT /contact/anonymize/*", "GET /contact/properties/list"
COMPLETED, IN_PROGRESS = JobStatus.COMPLETED, JobStatus.IN_PROGRESS
NEWSLETTER = seed.NEWSLETTER_BIT


def until_over(world):
    """Run what comes back, however long that is to wait."""
    for _ in range(9):
        if not (items := world.put_back()):
            return
        world.now = max([world.now, *(message.due for message in world.bus.messages if message.due)])
        world.time.now += 600  # the clients ask again for what they have remembered
        world.run(*items)


def in_spotler_with_newsletter(world, **columns):
    """A contact that has the newsletter, in both systems."""
    record = world.contact(**columns)
    world.permission(record, "Newsletter", subscribed=True)
    world.run(world.job(SYNC, record))
    assert permissions(world, record) == [NEWSLETTER]
    return record


def permissions(world, record):
    contact = world.in_spotler(record)
    return contact["permissions"] if contact else []


def change(world, record, **columns):
    world.services.dataverse.update(Contact.SET, record.id, columns)


def switch_row(world, record, **columns):
    (row,) = [each for each in world.rows(Permission.TABLE) if each[f"_dh_{record.table}id_value"] == record.id]
    world.services.dataverse.update(Permission.SET, row[Permission.ID], columns)


# A gateway answers instead of Spotler


@pytest.mark.parametrize("kind", ["html", "empty_error"])
@pytest.mark.parametrize("operation", [ANONYMIZE, SYNC, TAG])
def test_while_a_gateway_answers_nobody_counts_as_anonymised(world, operation, kind):
    record = in_spotler_with_newsletter(world)
    if operation is not ANONYMIZE:
        change(world, record, donotemail=True)
    job = world.job(operation, record, dh_tag="x")
    world.spotler.arm(kind, route=ANONYMIZING, status=404, count=None)

    world.run(job)

    assert world.row(job)[Job.STATUS] == IN_PROGRESS
    assert permissions(world, record) == [NEWSLETTER]
    world.mend_spotler()
    until_over(world)
    assert world.row(job)[Job.STATUS] != IN_PROGRESS
    assert world.in_spotler(record) is None


@pytest.mark.parametrize("kind", ["html", "empty_error"])
def test_a_start_that_a_gateway_answers_is_not_refused_for_a_trigger_that_is_not_there(world, start_job, kind):
    world.spotler.arm(kind, route="POST /automation/trigger/*", status=404, count=1)

    world.run(start_job)

    assert world.status(start_job) == (JobStatus.FAILED, "OUTCOME_UNKNOWN")


def test_one_answer_of_a_gateway_does_not_switch_tags_off(world, tag_job):
    world.spotler.arm("html", route="POST /contact/*/tags", status=404, count=1)

    world.run(tag_job)
    assert world.row(tag_job)[Job.STATUS] == IN_PROGRESS
    world.run(*world.put_back())

    assert world.status(tag_job) == (COMPLETED, "OK")


def test_who_was_never_in_spotler_is_not_reported_as_anonymised(world):
    job = world.job(ANONYMIZE, world.contact())

    world.run(job)

    assert world.status(job) == (COMPLETED, "OK")
    assert "does not know the contact" in world.row(job)[Job.RESULT_MESSAGE]


# The list of fields


def hidden(world):
    """The list of fields without that of permissions."""
    listed = world.services.spotler._calls.read(Route("GET", "/contact/properties/list"))
    return [each for each in listed if each["name"] != "permissions"]


@pytest.mark.parametrize("what", ["empty", "permissions are hidden"])
@pytest.mark.parametrize("columns", [{"donotbulkemail": True}, None], ids=["do not bulk email", "row switched off"])
def test_no_withdrawal_is_confirmed_with_a_list_of_fields_that_lacks_the_permissions(world, what, columns):
    record = in_spotler_with_newsletter(world)
    if columns:
        change(world, record, **columns)
    else:
        switch_row(world, record, **{Permission.SUBSCRIBED: False})
    world.time.now += 2 * 24 * 3600  # what is remembered of the fields is too old
    body = [] if what == "empty" else hidden(world)
    world.spotler.arm("wrong_body", route=FIELDS, body=body, count=1)
    job = world.job(SYNC, record)

    world.run(job)
    if permissions(world, record):
        assert world.row(job)[Job.STATUS] == IN_PROGRESS
    until_over(world)

    assert world.row(job)[Job.STATUS] == COMPLETED
    assert permissions(world, record) == []


# Permissions that were renamed, rows that are deactivated


def test_a_withdrawal_of_a_permission_that_was_renamed_in_spotler_arrives(world):
    record = in_spotler_with_newsletter(world)
    switch_row(
        world, record, **{Permission.SUBSCRIBED: False, Permission.NAME: "As it was called", Permission.BIT: NEWSLETTER}
    )
    job = world.job(SYNC, record)

    world.run(job)

    assert world.row(job)[Job.STATUS] == COMPLETED
    assert permissions(world, record) == []


@pytest.mark.parametrize("operation", [SET, CLEAR])
def test_a_job_that_withdraws_a_renamed_permission_finds_a_row_with_the_old_name_and_no_bit(world, operation):
    record = in_spotler_with_newsletter(world)
    switch_row(world, record, **{Permission.BIT: None})
    remember_names(world.services, world.services.spotler.fields().permissions.options)
    world.spotler.rename_permissions({NEWSLETTER: "News"})
    world.time.now += FIELDS_MISSED_TTL
    values = {Job.FIELD_VALUE: "nee"} if operation is SET else {}
    job = world.job(operation, record, **{Job.FIELD_NAME: "permissions:News", **values})

    world.run(job)

    assert world.row(job)[Job.STATUS] == COMPLETED
    assert permissions(world, record) == []
    assert [row[Permission.SUBSCRIBED] for row in world.rows(Permission.TABLE)] == [False]


def test_a_permission_row_that_is_deactivated_is_withdrawn(world):
    record = in_spotler_with_newsletter(world)
    switch_row(world, record, statecode=1, statuscode=2)
    job = world.job(SYNC, record)

    world.run(job)

    assert world.row(job)[Job.STATUS] == COMPLETED
    assert permissions(world, record) == []


@pytest.mark.parametrize(
    ("operation", "columns"),
    [
        (SET, {Job.FIELD_NAME: "permissions:Newsletter", Job.FIELD_VALUE: "nee"}),
        (CLEAR, {Job.FIELD_NAME: "permissions:Newsletter"}),
        (Operation.REMOVE_TAG, {Job.TAG: "x"}),
    ],
    ids=["set", "clear", "tag"],
)
def test_a_removal_runs_for_a_deactivated_record(world, operation, columns):
    record = in_spotler_with_newsletter(world)
    world.run(world.job(TAG, record, dh_tag="x"))
    change(world, record, statecode=1, statuscode=2)
    job = world.job(operation, record, **columns)

    world.run(job)

    assert world.row(job)[Job.STATUS] == COMPLETED
    contact = world.in_spotler(record)
    assert contact is None or not (contact["tags"] if operation is Operation.REMOVE_TAG else contact["permissions"])


# Who was anonymised, who has no address, what has changed


@pytest.mark.parametrize("operation", [TAG, SYNC])
def test_who_was_anonymised_is_not_brought_back_by_the_next_job(world, operation):
    record = in_spotler_with_newsletter(world)
    world.run(world.job(ANONYMIZE, record))
    assert world.in_spotler(record) is None

    world.run(world.job(operation, record, dh_tag="x"))

    assert world.in_spotler(record) is None


def test_a_changed_address_is_in_spotler_before_a_job_right_behind_the_change(world):
    record = in_spotler_with_newsletter(world)
    change(world, record, emailaddress1="new@example.org")
    automation = world.automation(seed.WELCOME_TRIGGER_CODE)
    seen, trigger = [], world.services.spotler.trigger_automation

    def look(*arguments, **more):
        seen.append(world.in_spotler(record)["properties"]["email"])
        return trigger(*arguments, **more)

    world.services.spotler.trigger_automation = look
    job = world.job(START, record, _dh_spotlerautomationid_value=automation)

    world.run(job)

    assert (world.status(job), seen) == ((COMPLETED, "OK"), ["new@example.org"])


def test_a_permission_that_was_withdrawn_is_off_before_a_job_right_behind_it(world):
    record = in_spotler_with_newsletter(world)
    switch_row(world, record, **{Permission.SUBSCRIBED: False})

    world.run(world.job(TAG, record, dh_tag="x"))

    assert permissions(world, record) == []


@pytest.mark.parametrize("is_remembered", [True, False])
def test_a_record_with_a_telephone_number_and_no_address_leaves_spotler(world, is_remembered):
    record = in_spotler_with_newsletter(world, mobilephone="+31612345678")
    if not is_remembered:
        info = world.info(record)
        world.services.dataverse.update(Info.SET, info[Info.ID], {Info.SENT_HASH: None})
    change(world, record, emailaddress1=None)
    job = world.job(SYNC, record)

    world.run(job)

    assert world.row(job)[Job.STATUS] == COMPLETED
    assert world.in_spotler(record) is None


# The clean-up


def test_the_clean_up_goes_on_while_there_is_time(world, monkeypatch):
    monkeypatch.setattr(cleaning, "BLOCK", 3)
    over = {Job.STATUS: COMPLETED.value, Job.STATE: 1, Job.COMPLETED_ON: "2020-01-01T00:00:00Z"}
    jobs = [world.job(TAG, **over) for _ in range(11)]
    for stuck in jobs[:3]:
        world.break_dataverse("400", rf"^dh_spotlerjobs\({stuck}\)", method="DELETE", inner=True)

    until = world.services.now() + timedelta(minutes=8)
    assert cleaning.clean_up(world.services, until) == 8
    assert {row[Job.ID] for row in world.rows(Job.TABLE)} == set(jobs[:3])
