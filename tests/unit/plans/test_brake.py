"""The brake: what follows from the mapping or a read for too many records waits; what people asked for never does."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.mapping import mapping_version, parse_mapping
from connector.plans.expiry import forget_counts
from connector.plans.kept import NoSuchPlan, approve, discard, kept_plans
from connector.sync.outward.outward import Outward
from connector.sync.records import RecordReader
from tests.unit.plans.conftest import LAST
from tests.unit.sync.two_systems import EMAIL, PERMISSIONS

FILTER = {"contact": "donotphone", "direction": "->", "filter": "false"}
JOB = {"contact": "jobtitle", "direction": "->", "spotler": "scoreNote1"}
OTHER_JOB = {**JOB, "contact": "middlename"}
LEAST = 3


@pytest.fixture
def many(two):
    """Ten contacts that Spotler has, with a brake that lets three records pass."""
    use(two, LAST, JOB, PERMISSIONS)
    settings = two.services.settings.model_copy(update={"brake_least": LEAST, "brake_share": 0.05})
    two.services = replace(two.services, settings=settings)
    names = [f"ann{number}" for number in range(10)]
    records = [two.contact(name, donotphone=True, jobtitle="Baker", donotemail=False) for name in names]
    two.sync(*records)
    return records


def use(two, *rows, email=EMAIL):
    """Another mapping from now on."""
    mapping = parse_mapping({"rows": [email, *rows]})
    before = two.services.mapping
    two.services = replace(
        two.services, mapping=replace(mapping, times=before.times, definitions=before.definitions)
    )  # fmt: skip


def sync_edited(two, record, *columns):
    """The automatic sync of a record of which a person has changed columns."""
    two.tick()
    found = RecordReader(two.services).read([record])
    (result,) = Outward(two.services).send(list(found.values()), always=False, edited={record: columns}).values()
    return result.code


def codes(results):
    return [each.code for each in results]


def alerts(caplog):
    return [record.message for record in caplog.records if getattr(record, "code", "") == "BRAKE_HOLDS"]


def test_a_filter_that_would_silence_too_many_lets_the_least_pass_and_holds_the_rest(two, many, caplog):
    for record in many:
        two.permission(record, "Newsletter", subscribed=True)
    two.sync(*many)
    use(two, LAST, JOB, PERMISSIONS, FILTER)

    with caplog.at_level(logging.ERROR):
        for record in many:
            two.sync(record)

    silenced = [record for record in many if two.subscribed(record) == {"Newsletter": False}]
    assert len(silenced) == LEAST
    assert next(two.property(record, "permissions") for record in many if record not in silenced)
    (kept,) = kept_plans(two.services.state)
    assert (kept.records, kept.causes) == (10 - LEAST, {"filter": 10 - LEAST})
    assert len(alerts(caplog)) == 1
    assert kept.id in alerts(caplog)[0]


def test_an_approved_plan_is_done_and_the_rest_passes_too(two, many):
    use(two, LAST, JOB, PERMISSIONS, FILTER)
    two.sync(*many[:6])
    (kept,) = kept_plans(two.services.state)

    counts = approve(two.services, kept.id, seen=lambda _: None)

    assert counts == {"SKIPPED_FILTER": 6 - LEAST}
    assert kept_plans(two.services.state) == []
    assert codes(two.sync(*many)) == ["SKIPPED_FILTER"] * 10
    assert kept_plans(two.services.state) == []


def test_after_a_discarded_plan_the_records_stay_and_are_held_again(two, many):
    use(two, LAST, JOB, PERMISSIONS, FILTER)
    two.sync(*many)
    (kept,) = kept_plans(two.services.state)

    discard(two.services, kept.id)

    assert kept_plans(two.services.state) == []
    two.sync(*many)
    (again,) = kept_plans(two.services.state)
    assert again.records == 10 - LEAST


def test_with_the_mapping_corrected_nothing_is_held(two, many):
    use(two, LAST, JOB, PERMISSIONS, FILTER)
    two.sync(*many)
    use(two, LAST, JOB, PERMISSIONS)

    assert set(codes(two.sync(*many[LEAST:]))) == {"UNCHANGED"}


def test_another_column_for_the_address_anonymises_no_more_than_the_least(two, many):
    use(two, LAST, JOB, PERMISSIONS, email={**EMAIL, "contact": "emailaddress2"})

    results = codes(two.sync(*many))

    assert results.count("ANONYMIZED") == LEAST
    held = [record for record, code in zip(many, results, strict=True) if code != "ANONYMIZED"]
    assert {bool(two.property(record, "email")) for record in held} == {True}


def test_a_field_that_would_be_emptied_keeps_its_value_and_the_rest_is_sent(two, many):
    use(two, LAST, OTHER_JOB, PERMISSIONS)
    for record in many:
        two.edit(record, lastname="Smith")

    two.sync(*many)

    assert [two.property(record, "scoreNote1") for record in many].count("Baker") == 10 - LEAST
    assert {two.property(record, "lastName") for record in many} == {"Smith"}
    (kept,) = kept_plans(two.services.state)
    assert kept.causes == {"empties scoreNote1": 10 - LEAST}
    approve(two.services, kept.id, seen=lambda _: None)
    assert {two.property(record, "scoreNote1") for record in many} <= {None, ""}


def test_a_column_that_spotler_never_had_is_not_emptied_for_too_many(two, many):
    use(two, LAST, JOB, PERMISSIONS, {"contact": "address1_city", "direction": "<-", "spotler": "city"})
    for record in many:
        two.edit(record, address1_city="Delft")
        two.profile(record, lastName="Visser")

    two.pull()

    assert [two.row(record)["address1_city"] for record in many].count("Delft") == 10 - LEAST
    (kept,) = kept_plans(two.services.state)
    assert kept.causes == {"empties in Dataverse address1_city": 10 - LEAST}
    approve(two.services, kept.id, seen=lambda _: None)
    assert {two.row(record)["address1_city"] for record in many} == {None}


def test_a_column_that_the_person_emptied_in_spotler_is_emptied_while_the_brake_holds(two, many):
    use(two, LAST, JOB, PERMISSIONS, {"contact": "address1_city", "direction": "<-", "spotler": "city"})
    last = many[-1]
    for record in many[:-1]:
        two.edit(record, address1_city="Delft")
        two.profile(record, lastName="Visser")
    two.profile(last, city="Delft")
    two.pull()
    assert kept_plans(two.services.state)

    two.profile(last, city="")
    two.pull()

    assert two.row(last)["address1_city"] is None


def test_an_address_that_is_suddenly_not_readable_is_held_too(two, many):
    """As when the connector loses the right to read a column: Dataverse then shows it as empty."""
    for record in many:
        two.systems.environment.store.tables["contact"].rows[record.id].values["emailaddress1"] = None

    results = codes(two.sync(*many))

    assert results.count("ANONYMIZED") == LEAST


@pytest.mark.parametrize("flag", [{"donotemail": True}, {"donotbulkemail": True}, {"statecode": 1, "statuscode": 2}])
def test_what_people_ask_for_passes_while_the_brake_holds(two, many, flag):
    for record in many:
        two.permission(record, "Newsletter", subscribed=True)
    two.sync(*many)
    use(two, LAST, JOB, PERMISSIONS, FILTER)
    two.sync(*many)
    last = many[-1]
    assert two.subscribed(last) == {"Newsletter": True}

    two.edit(last, **flag)
    two.sync(last)

    if "donotbulkemail" in flag:
        assert two.subscribed(last) == {"Newsletter": False}
    else:
        assert last.id not in {each["externalId"] for each in two.systems.spotler()["contacts"]}


def test_an_opt_out_of_one_permission_passes_while_the_brake_holds(two, many):
    from sandbox.spotler.seed import NEWSLETTER_BIT

    last = many[-1]
    two.permission(last, "Newsletter", subscribed=True)
    two.permission(last, "Events", subscribed=True)
    two.sync(last)
    use(two, LAST, JOB, PERMISSIONS, FILTER)
    two.sync(*many)

    two.permission(last, "Newsletter", subscribed=False)
    two.sync(last)

    switched = {each["bit"]: each["enabled"] for each in two.property(last, "permissions")}
    assert switched[NEWSLETTER_BIT] is False
    assert any(switched.values()), "the rest waits"


def test_what_a_person_changed_passes_and_is_not_counted(two, many):
    use(two, LAST, JOB, PERMISSIONS, FILTER)
    two.sync(*many)
    last = many[-1]

    assert sync_edited(two, last, "donotphone") == "SKIPPED_FILTER"
    two.edit(last, lastname="Smith")
    assert sync_edited(two, many[-2], "lastname") != "SKIPPED_FILTER"


def test_of_thousands_the_share_counts_and_not_the_least(two, many):
    settings = two.services.settings.model_copy(update={"brake_share": 0.5})
    two.services = replace(two.services, settings=settings)
    use(two, LAST, JOB, PERMISSIONS, FILTER)

    assert codes(two.sync(*many)).count("SKIPPED_FILTER") == 5


def test_several_instances_count_in_one_place(two, many):
    use(two, LAST, JOB, PERMISSIONS, FILTER)

    for record in many:  # each send has an Outward of its own
        two.sync(record)

    (kept,) = kept_plans(two.services.state)
    assert kept.records == 10 - LEAST


def test_those_whom_the_filter_silenced_long_ago_do_not_count(two, many):
    settings = two.services.settings
    two.services = replace(two.services, settings=settings.model_copy(update={"brake_share": 1.0}))
    use(two, LAST, JOB, PERMISSIONS, FILTER)
    two.sync(*many)
    two.services = replace(two.services, settings=settings)

    for record in many:
        two.edit(record, lastname="Smith")
    two.sync(*many)

    assert kept_plans(two.services.state) == []


def test_a_plan_that_does_not_wait_cannot_be_decided_about(two):
    for decide in (lambda: approve(two.services, "nowhere", seen=print), lambda: discard(two.services, "nowhere")):
        with pytest.raises(NoSuchPlan):
            decide()


def counts(two):
    return two.services.state.names("brake/")


def test_the_count_of_a_mapping_that_is_not_in_use_is_forgotten_after_a_month(two, many):
    use(two, LAST, JOB, PERMISSIONS, FILTER)
    two.sync(*many[:2])
    (counted,) = counts(two)

    two.tick(timedelta(days=31))
    assert forget_counts(two.services) == 0, "it is in use"
    use(two, LAST, OTHER_JOB, PERMISSIONS)
    two.sync(*many[5:])  # loses what was sent with a value
    present = f"brake/{mapping_version(two.services.mapping)}"
    assert counts(two) == sorted([counted, present])

    assert forget_counts(two.services) == 1
    assert counts(two) == [present]


def test_the_count_of_another_mapping_stays_for_a_month_and_while_its_plan_waits(two, many):
    use(two, LAST, JOB, PERMISSIONS, FILTER)
    two.sync(*many)
    (plan,) = kept_plans(two.services.state)
    use(two, LAST, JOB, PERMISSIONS)

    assert forget_counts(two.services) == 0, "somebody may go back to its mapping"
    two.tick(timedelta(days=31))
    assert forget_counts(two.services) == 0, "its plan waits"
    discard(two.services, plan.id)

    assert forget_counts(two.services) == 1
    assert counts(two) == []
