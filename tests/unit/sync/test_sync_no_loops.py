"""No loops: any mapping and any edits on both sides, through the real clients; then nothing is written any more."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from connector.dataverse.names import Info
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT, OFFERS_BIT
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

#: Columns with their fields, values of Dataverse and values of Spotler. Some values change in form on their way.
FIELDS = {
    "firstname": ("firstName", ["Ann", " Zoë ", None, "李"], ["Ann", "Bo", "", "Z\u0308o"]),
    "mobilephone": ("mobileNumber", ["+31 6 12345678", "06-12345678", None], ["+31612345678", ""]),
    "gendercode": ("gender", [1, 2, None], ["M", "F", ""]),
    "birthdate": ("birthday", ["2000-02-29", None], ["1999-12-31", ""]),
    "numberofchildren": ("freeField1", [0, 3, None], [0, 7, ""]),
    "address1_postalcode": ("visitPostcode", ["1234ab", "1234 AB", None], ["1234AB", ""]),
    "creditlimit": ("turnover", [10.005, 7, None], [700, 1, ""]),
    "jobtitle": ("scoreNote1", ["yes", None], ["no", ""]),
}
BITS = {"Newsletter": NEWSLETTER_BIT, "Events": EVENTS_BIT, "Offers": OFFERS_BIT}
#: How many rounds write nothing, and at night.
ROUNDS, LONG = 15, 100

mappings = st.lists(
    st.tuples(st.sampled_from(sorted(FIELDS)), st.sampled_from(["->", "<-", "<->"])),
    min_size=1,
    max_size=4,
    unique_by=lambda row: row[0],
)


def edits(rows):
    columns = [column for column, _ in rows]
    # What Dataverse alone decides is not changed in Spotler: a sync by hand would take it back.
    inward = [column for column, arrow in rows if arrow != "->"]
    here = st.sampled_from(columns).flatmap(
        lambda column: st.tuples(st.just("edit"), st.just(column), st.sampled_from(FIELDS[column][1]))
    )
    there = st.sampled_from(inward or columns).flatmap(
        lambda column: st.tuples(st.just("profile"), st.just(FIELDS[column][0]), st.sampled_from(FIELDS[column][2]))
    )
    there = there if inward else st.nothing()
    agreed = st.tuples(st.just("permission"), st.sampled_from(sorted(BITS)), st.booleans())
    left = st.tuples(st.just("left"), st.sampled_from(sorted(BITS)), st.just(None))
    joined = st.tuples(st.just("joined"), st.sampled_from(sorted(BITS)), st.just(None))
    work = st.tuples(st.sampled_from(["sync", "pull"]), st.just(""), st.just(None))
    return st.lists(here | there | agreed | left | joined | work, max_size=8)


def do(two, record, what, name, value):
    match what:
        case "edit":
            two.edit(record, **{name: value})
        case "profile":
            two.profile(record, **{name: value})
        case "permission":
            two.permission(record, name, subscribed=value)
        case "left":
            two.unsubscribe(record, BITS[name])
        case "joined":
            two.profile(record, permissions=[{"bit": BITS[name], "enabled": True}])
        case "sync":
            two.sync(record)
        case _:
            two.pull()


TEN = settings(
    max_examples=10, phases=[Phase.generate, Phase.reuse], deadline=None, suppress_health_check=list(HealthCheck)
)


@TEN
@given(st.data(), mappings, st.booleans())
def test_after_two_rounds_nothing_is_written(systems, data, rows, pull_first):
    stays_quiet(systems, data, rows, pull_first=pull_first, rounds=ROUNDS)


@pytest.mark.nightly
@settings(TEN, max_examples=60)
@given(st.data(), mappings, st.booleans())
def test_after_two_rounds_nothing_is_written_for_a_hundred(systems, data, rows, pull_first):
    stays_quiet(systems, data, rows, pull_first=pull_first, rounds=LONG)


def stays_quiet(systems, data, rows, *, pull_first, rounds):
    mapping = [{"contact": column, "direction": arrow, "spotler": FIELDS[column][0]} for column, arrow in rows]
    two = TwoSystems(systems, *mapping, PERMISSIONS)
    ann = two.contact()
    two.sync(ann)
    for edit in data.draw(edits(rows)):
        do(two, ann, *edit)

    for _ in range(2):
        two.pull() if pull_first else two.sync(ann)
        two.sync(ann) if pull_first else two.pull()
    before = two.written()
    for _ in range(rounds):
        two.pull()
        two.sync(ann)

    assert two.written() == before, [each["table"] for each in two.systems.written()][before[0] :]
    assert_in_step(two, ann, rows)


def assert_in_step(two, record, rows):
    """Another sync by hand and another look at the contact change nothing either."""
    before = {name: two.in_spotler(record)[name] for name in ("properties", "permissions")}
    row = two.row(record)
    two.sync(record, always=True)
    two.profile(record, city="Elsewhere")
    two.pull()
    after = two.in_spotler(record)

    assert after["permissions"] == before["permissions"]
    assert {**after["properties"], "city": None} == {**before["properties"], "city": None}
    assert [two.row(record).get(column) for column, _ in rows] == [row.get(column) for column, _ in rows]
    assert "ann" not in str(two.info(record)[Info.LAST_COMMON]).lower()
