"""Promote Visitor: what a website visitor becomes, and that it becomes that once."""

from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation, PromoteTo
from connector.dataverse.names import Account, Job, Lead, Visitor
from connector.dataverse.schema import TABLES
from connector.sync.visitors import promotion

LOOKUP_TABLE = "@Microsoft.Dynamics.CRM.lookuplogicalname"
COLUMNS = {
    Visitor.NAME: "Acme", Visitor.DOMAIN: "www.acme.example", Visitor.PHONE: "030-1", Visitor.CITY: "Utrecht",
    Visitor.COUNTRY: "Netherlands",
}  # fmt: skip


def visitor(world, **columns):
    return world.load(Visitor.TABLE, **{**COLUMNS, **columns})


def order(world, key, target=None, record=None):
    columns = {f"_{Job.VISITOR}_value": key} if key else {}
    if target is not None:
        columns[Job.PROMOTE_TO] = target.value
    return world.job(Operation.PROMOTE_VISITOR, record, **columns)


def row(world, key):
    return next(each for each in world.rows(Visitor.TABLE) if each[Visitor.ID] == key)


def promoted(world, key, target=PromoteTo.LEAD):
    job = order(world, key, target)
    world.run(job)
    return world.status(job), world.row(job)[Job.RESULT_MESSAGE]


#: Longer than a problem that passes is waited for.
LATER = timedelta(minutes=6)
DONE = (JobStatus.COMPLETED, "OK")


def test_a_visitor_becomes_a_lead_that_is_linked_and_is_deactivated(world):
    key = visitor(world)

    assert promoted(world, key) == (DONE, "The website visitor was promoted to a lead.")

    (lead,) = world.rows(Lead.TABLE)
    found = row(world, key)
    assert (lead["subject"], lead["companyname"], lead["websiteurl"]) == (
        "Website visitor: Acme", "Acme", "https://acme.example"
    )  # fmt: skip
    assert (lead["telephone1"], lead["address1_city"], lead["address1_country"]) == ("030-1", "Utrecht", "Netherlands")
    assert lead["leadsourcecode"] == promotion.SOURCE_WEB
    assert (found[f"_{Visitor.LEAD}_value"], found[Visitor.STATE]) == (lead[Lead.ID], 1)
    assert found[Visitor.PROMOTED_ON]


def test_a_visitor_becomes_an_account(world):
    key = visitor(world)

    assert promoted(world, key, PromoteTo.ACCOUNT) == (DONE, "The website visitor was promoted to an account.")

    (account,) = world.rows(Account.TABLE)
    assert (account["name"], account["websiteurl"]) == ("Acme", "https://acme.example")
    assert row(world, key)[f"_{Visitor.ACCOUNT}_value"] == account[Account.ID]
    assert world.rows(Lead.TABLE) == []


def test_without_a_choice_it_becomes_a_lead(world):
    job = order(world, visitor(world))

    world.run(job)

    assert (world.status(job), len(world.rows(Lead.TABLE))) == (DONE, 1)


def test_a_visitor_that_is_matched_gets_no_second_account(world):
    account = world.account()
    key = visitor(world, **{f"_{Visitor.ACCOUNT}_value": account.id})

    assert promoted(world, key, PromoteTo.ACCOUNT)[0] == DONE
    assert len(world.rows(Account.TABLE)) == 1
    assert (row(world, key)[f"_{Visitor.ACCOUNT}_value"], row(world, key)[Visitor.STATE]) == (account.id, 1)


def test_what_it_becomes_belongs_to_the_owner_of_the_visitor(world):
    ann = world.load("systemuser", fullname="Ann")
    key = visitor(world, **{"_ownerid_value": ann, f"_ownerid_value{LOOKUP_TABLE}": "systemuser"})

    promoted(world, key)

    assert world.rows(Lead.TABLE)[0]["_ownerid_value"] == ann


def test_a_visitor_with_nothing_but_a_name_is_promoted(world):
    key = world.load(Visitor.TABLE, **{Visitor.NAME: "x" * 200, Visitor.DOMAIN: "y" * 255})

    assert promoted(world, key)[0] == DONE
    assert promoted(world, world.load(Visitor.TABLE), PromoteTo.LEAD)[0] == DONE
    for table, column, length in (
        (Lead.TABLE, Lead.TOPIC, promotion.TOPIC_LENGTH),
        (Lead.TABLE, Lead.COMPANY, promotion.COMPANY_LENGTH),
        (Lead.TABLE, Lead.WEBSITE, promotion.WEBSITE_LENGTH),
        (Account.TABLE, Account.WEBSITE, promotion.WEBSITE_LENGTH),
        (Account.TABLE, Account.NAME, promotion.NAME_LENGTH),
    ):
        assert TABLES[table].column(column).length == length


# Refused


def test_a_promoted_visitor_is_refused(world):
    key = visitor(world)
    promoted(world, key)

    status, says = promoted(world, key, PromoteTo.ACCOUNT)

    assert status == (JobStatus.FAILED, "ALREADY_PROMOTED")
    assert "was promoted before" in says
    assert (len(world.rows(Lead.TABLE)), len(world.rows(Account.TABLE))) == (1, 0)


def test_a_deactivated_visitor_is_not_valid(world):
    key = visitor(world, **{Visitor.STATE: 1, Visitor.STATUS: 2})

    status, says = promoted(world, key)

    assert status == (JobStatus.FAILED, "JOB_NOT_VALID")
    assert "deactivated; activate it first" in says


@pytest.mark.parametrize("has", ["nothing", "contact"])
def test_a_job_without_a_visitor_or_with_a_record_is_not_valid(world, has):
    job = order(world, None) if has == "nothing" else order(world, visitor(world), record=world.contact())

    world.run(job)

    assert world.status(job) == (JobStatus.FAILED, "JOB_NOT_VALID")
    assert world.rows(Lead.TABLE) == []


def test_a_visitor_that_is_deleted_meanwhile_is_not_valid(world):
    key = visitor(world)
    job = order(world, key)
    original = promotion._read

    def gone(services, visitor_id):
        services.dataverse.request("DELETE", f"{Visitor.SET}({key})", route="x", repeatable=True)
        return original(services, visitor_id)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(promotion, "_read", gone)
        world.run(job)

    assert world.status(job) == (JobStatus.FAILED, "JOB_NOT_VALID")


def test_a_lead_that_dataverse_refuses_is_said_and_another_job_may_try_again(world):
    key = visitor(world)
    world.break_dataverse("400", "leads", inner=True, count=1)

    assert promoted(world, key)[0] == (JobStatus.FAILED, "DATAVERSE_PLUGIN_REFUSED")
    assert promoted(world, key, PromoteTo.ACCOUNT)[0] == DONE
    assert (len(world.rows(Lead.TABLE)), len(world.rows(Account.TABLE))) == (0, 1)


# Once


def test_two_jobs_for_one_visitor_make_one_lead(world):
    key = visitor(world)
    jobs = [order(world, key), order(world, key, PromoteTo.ACCOUNT)]

    world.run(*jobs)
    for item in world.put_back():
        world.now += LATER
        world.run(item)

    assert sorted(world.status(job)[1] for job in jobs) == ["ALREADY_PROMOTED", "OK"]
    assert len(world.rows(Lead.TABLE)) + len(world.rows(Account.TABLE)) == 1


def test_a_job_waits_while_another_one_promotes(world):
    key = visitor(world)
    other = order(world, key)
    world.services.dataverse.update(Visitor.SET, key, {Visitor.PROMOTED_BY: other})

    job = order(world, key)
    world.run(job)

    assert world.status(job) == (JobStatus.IN_PROGRESS, "PROMOTION_UNDER_WAY")
    assert world.rows(Lead.TABLE) == []


def test_the_claim_of_a_job_that_has_ended_or_is_gone_stops_nobody(world):
    for other in (
        world.job(Operation.ADD_TAG, **{Job.STATE: 1, Job.STATUS: JobStatus.FAILED.value}),
        "c0ffee00-0000-4000-8000-000000000001",
    ):
        assert promoted(world, visitor(world, **{Visitor.PROMOTED_BY: other}))[0] == DONE


@pytest.mark.parametrize("step", ["claim", "lead", "link"])
def test_after_a_crash_the_same_job_goes_on_and_makes_no_second_lead(world, step):
    key = visitor(world)
    job = order(world, key)
    change, made = promotion._change, promotion._made

    class Died(BaseException):
        pass

    def dies(original, when):
        def wrapped(services, found, *rest):
            result = original(services, found, *rest)
            if when(*rest):
                raise Died
            return result

        return wrapped

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            promotion,
            "_change",
            dies(change, lambda values: (step == "link") == (Visitor.STATE in values) and step != "lead"),
        )
        patched.setattr(promotion, "_made", dies(made, lambda _: step == "lead"))
        with pytest.raises(Died):
            promotion.promote(world.services, key, PromoteTo.LEAD, job)
    assert len(world.rows(Lead.TABLE)) == (0 if step == "claim" else 1)

    world.run(job)

    assert (world.status(job), len(world.rows(Lead.TABLE)), row(world, key)[Visitor.STATE]) == (DONE, 1, 1)


@pytest.mark.parametrize("path", [r"\$batch", "dh_websitevisitors"])
def test_a_lost_answer_makes_no_second_lead(world, path):
    key = visitor(world)
    job = order(world, key)
    world.break_dataverse("drop", path, effect="at-once", method="POST" if "batch" in path else "PATCH",
                          content="Website visitor" if "batch" in path else "", count=1)  # fmt: skip

    world.run(job)
    for item in world.put_back():
        world.now += LATER
        world.run(item)

    assert (world.status(job), len(world.rows(Lead.TABLE)), row(world, key)[Visitor.STATE]) == (DONE, 1, 1)


def test_a_visitor_that_the_pull_changes_meanwhile_is_read_again(world):
    key = visitor(world)
    job, read, times = order(world, key), promotion._read, iter(range(10))

    def changed_in_between(services, visitor_id):
        found = read(services, visitor_id)
        if next(times) == 1:
            services.dataverse.update(Visitor.SET, key, {Visitor.VISITS: 9})
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(promotion, "_read", changed_in_between)
        world.run(job)

    assert (world.status(job), row(world, key)[Visitor.VISITS]) == (DONE, 9)
    assert len(world.rows(Lead.TABLE)) == 1


def test_a_visitor_that_others_keep_writing_is_tried_again_later(world):
    key = visitor(world)
    job, read, times = order(world, key), promotion._read, iter(range(100))

    def changed_in_between(services, visitor_id):
        found = read(services, visitor_id)
        services.dataverse.update(Visitor.SET, key, {Visitor.VISITS: next(times)})
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(promotion, "_read", changed_in_between)
        world.run(job)

    assert world.status(job) == (JobStatus.IN_PROGRESS, "TRANSIENT")
    assert len(world.put_back()) == 1


def test_a_key_of_the_customer_that_exists_is_not_taken_for_the_lead(world):
    from connector.dataverse.api import BatchResponse, Duplicate

    key = visitor(world)
    job, batch = order(world, key), world.services.dataverse.batch

    def refusing(requests):
        if requests[0].path.startswith("leads"):
            return [BatchResponse(412, error=Duplicate())]
        return batch(requests)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world.services.dataverse, "batch", refusing)
        world.run(job)

    assert world.status(job) == (JobStatus.FAILED, "DATAVERSE_DUPLICATE")
    assert row(world, key)[Visitor.STATE] == 0


def test_a_visitor_that_a_person_activates_again_can_be_promoted_again_and_keeps_its_lead(world):
    key = visitor(world)
    promoted(world, key)
    world.services.dataverse.update(Visitor.SET, key, {Visitor.STATE: 0, Visitor.STATUS: 1})

    assert promoted(world, key)[0] == DONE
    assert len(world.rows(Lead.TABLE)) == 1


def test_an_environment_without_leads_says_so(world):
    world.door("POST", "edition", json={"light": True, "leads": False})
    job = order(world, visitor(world))

    world.run(job)

    assert world.status(job) == (JobStatus.FAILED, "JOB_NOT_VALID")
    assert "no leads; promote the visitor to an account" in world.row(job)[Job.RESULT_MESSAGE]


def test_a_visitor_becomes_an_account_there(world):
    world.door("POST", "edition", json={"light": True, "leads": False})
    job = order(world, visitor(world), PromoteTo.ACCOUNT)

    world.run(job)

    assert world.status(job) == (JobStatus.COMPLETED, "OK")
    assert len(world.rows(Account.TABLE)) == 1
