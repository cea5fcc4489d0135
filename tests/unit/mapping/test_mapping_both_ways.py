"""What goes out and comes back is equal, and the reverse, or the loss is named in `connector.mapping.inward`.

Each pair of a Spotler type and a kind of column that may be mapped has its law here.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, strategies as st

from connector.dataverse.schema.model import Column, Kind
from connector.mapping.check import CONVERTIBLE
from connector.mapping.inward import inward_plan
from connector.mapping.values.into_columns import shown
from connector.spotler import clean_text
from tests.unit.mapping.conftest import OPTIONS, formatted
from tests.unit.mapping.inward import AMSTERDAM, FIELDS, contact, mapping_of

#: A field of each type.
FIELD_OF = {
    "string": "text", "email": "email", "mobNr": "mobile", "postcode": "zip", "gender": "gender", "int": "points",
    "money": "turnover", "date": "lastOrder", "birthdate": "birthday", "dateTime": "lastSeen", "set": "interests",
}  # fmt: skip
GENDERS = {1: "Male", 2: "Vrouw", 3: "Other"}
LABELS = {100000000: "Gold; silver", 100000001: "Bronze", 100000002: "Étain", 100000003: "银"}
ITEMS = {1: "garden", 2: "Kitchen "}

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=100)
SMALL, LARGE = st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63) + 1, 2**63 - 1)
#: A JSON number keeps fifteen digits.
CENTS = st.integers(-(10**14), 10**14)
DATES = st.dates(date(1900, 1, 1), date(2100, 12, 31))
MOMENTS = st.datetimes(datetime(1900, 1, 2), datetime(2100, 12, 31)).map(lambda each: each.replace(microsecond=0))  # noqa: DTZ001 - UTC is added
ADDRESSES = st.from_regex(r"[a-z0-9]{1,10}@[a-z]{1,10}\.(?:nl|рф|org)", fullmatch=True)
PHONES = st.from_regex(r"\+?[0-9]{6,15}", fullmatch=True)
CODES = st.from_regex(r"[1-9][0-9]{3} ?[A-Z]{2}", fullmatch=True)
WORDS = st.sampled_from(["M", "F", "man", "Vrouw", "female"])


def column_of(kind: Kind, type_: str) -> Column:
    """A column of the kind, with the choices that go with the type."""
    options = {Kind.CHOICE: LABELS, Kind.CHOICES: LABELS, Kind.STATE: {1: "Inactive"}, Kind.STATUS: {1: "Active"}}
    chosen = GENDERS if type_ == "gender" else ITEMS if type_ == "set" else options.get(kind, {})
    return Column("new_x", kind, length=4000, options=chosen)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def choices(numbers: dict[int, str]) -> st.SearchStrategy[str]:
    return st.sets(st.sampled_from(sorted(numbers)), min_size=1).map(lambda some: ",".join(map(str, sorted(some))))


def text_or_nothing(value: str) -> str | None:
    return clean_text(value) or None


def same(value: object) -> object:
    return value


def to_cents(value: float) -> float:
    return float(Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def midnight_in_zone(value: str) -> str:
    day = datetime.fromisoformat(value).astimezone(AMSTERDAM).date()
    return stamp(datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM).astimezone(UTC))


def midnight(value: str) -> str:
    return f"{value[:10]}T00:00:00Z"


def skipped_time(value: str) -> str:
    """A time that the clocks skip, as the clocks show it."""
    there = datetime.fromisoformat(value).replace(tzinfo=AMSTERDAM).astimezone(UTC).astimezone(AMSTERDAM)
    return stamp(there)


def pairs(types: str, kinds: tuple[Kind, ...], law: object) -> dict:
    return {(type_, kind): law for type_ in types.split() for kind in kinds}


TEXT, CHOSEN = (Kind.TEXT, Kind.MEMO), (Kind.STATE, Kind.STATUS)
WHOLE, NEVER = (Kind.INTEGER, Kind.BIG_INTEGER), (st.just(1), None)
DATE_TYPES = "date birthdate"

#: Values of a column, and what is left of them when they went to Spotler and came back; None: they never come back.
OUT_AND_IN: dict[tuple[str, Kind], tuple[st.SearchStrategy, Callable | None]] = {
    **pairs("string", TEXT, (TEXTS, text_or_nothing)),
    **pairs("email", TEXT, (ADDRESSES, same)),
    **pairs("mobNr", TEXT, (PHONES, same)),
    **pairs("postcode", TEXT, (CODES, same)),
    **pairs("gender", (Kind.TEXT,), (WORDS, lambda word: "M" if word.lower() in ("m", "man") else "F")),
    **pairs("gender", (Kind.CHOICE,), (st.sampled_from([1, 2, 3]), lambda number: number if number < 3 else None)),
    **pairs("string email mobNr postcode", CHOSEN, NEVER),
    **pairs("string", (Kind.CHOICE,), (st.sampled_from(sorted(LABELS)), same)),
    **pairs("email mobNr postcode", (Kind.CHOICE,), (st.sampled_from(sorted(LABELS)), same)),
    **pairs("string", (Kind.CHOICES,), (choices(LABELS), same)),
    **pairs("string", (Kind.YES_NO,), (st.booleans(), same)),
    **pairs("string int", (Kind.INTEGER,), (SMALL, same)),
    **pairs("string int", (Kind.BIG_INTEGER,), (LARGE, same)),
    **pairs("mobNr", WHOLE, (st.integers(100_000, 2**31 - 1), same)),
    **pairs("money", (Kind.INTEGER,), (SMALL, same)),
    **pairs("money", (Kind.DECIMAL, Kind.MONEY), (CENTS.map(lambda cents: cents / 1000), to_cents)),
    **pairs(DATE_TYPES, (Kind.DATE,), (DATES.map(str), same)),
    **pairs(DATE_TYPES, (Kind.DATE_TIME,), (MOMENTS.map(stamp), midnight_in_zone)),
    **pairs(DATE_TYPES, (Kind.DATE_TIME_NO_ZONE,), (MOMENTS.map(stamp), midnight)),
    **pairs("dateTime", (Kind.DATE,), (DATES.map(str), same)),
    **pairs("dateTime", (Kind.DATE_TIME,), (MOMENTS.map(stamp), same)),
    **pairs("dateTime", (Kind.DATE_TIME_NO_ZONE,), (MOMENTS.map(stamp), skipped_time)),
    **pairs("set", (Kind.CHOICE,), (st.sampled_from(sorted(ITEMS)), same)),
    **pairs("set", (Kind.CHOICES,), (choices(ITEMS), same)),
    **pairs("set", (Kind.YES_NO,), (st.booleans(), same)),
}


def plan_of(column: Column, type_: str):
    name = FIELD_OF[type_] + (":Garden" if type_ == "set" and column.kind is Kind.YES_NO else "")
    return inward_plan(mapping_of(column, ("new_x", "<->", name)), "contact")


def record_of(column: Column, value: object) -> dict[str, object]:
    """The row as the Web API shows it."""
    cell = shown(column, value)
    return {"new_x": value, **(formatted("new_x", cell.label) if cell.label else {})}


def as_read(wire: object) -> object:
    """What Spotler shows of a value that it was sent: all items of a list, with their names."""
    if not isinstance(wire, list):
        return wire
    sent = {item["bit"]: item["enabled"] for item in wire}
    return [
        {"bit": option.bit, "enabled": sent.get(option.bit, False), "description": option.name}
        for option in OPTIONS["interests"]
    ]


def test_every_pair_that_can_be_mapped_has_a_law():
    mapped = {(type_, kind) for type_, kinds in CONVERTIBLE.items() for kind in kinds} | {("set", Kind.YES_NO)}

    assert OUT_AND_IN.keys() == mapped


@pytest.mark.parametrize(("type_", "kind"), sorted(OUT_AND_IN), ids=str)
@given(data=st.data())
def test_what_goes_out_comes_back(type_, kind, data):
    values, law = OUT_AND_IN[type_, kind]
    value, column = data.draw(values), column_of(kind, type_)
    plan = plan_of(column, type_)
    sent = plan.sent(record_of(column, value), FIELDS)
    if not sent:
        # A choice whose label is no address, number or code: it is never sent, so nothing comes back.
        assert type_ in ("mobNr", "postcode")
        return
    wire = as_read(sent["new_x"])
    back = plan.values(contact(**{FIELD_OF[type_]: wire}), FIELDS)["new_x"]

    if law is None:
        assert back.warning
        return
    assert (law(value), "") == (back.value, back.warning)
    assert sent["new_x"] == back.spotler == back.arrives


WIRES: dict[str, st.SearchStrategy] = {
    "string": TEXTS
    | st.sampled_from(["ja", "Nee", "TRUE", "Off", "AAN", "1"])
    | st.sampled_from(["bronze", "Étain; Gold; silver", "12", "1.234.567", "007"]),
    "email": ADDRESSES,
    "mobNr": PHONES,
    "postcode": CODES,
    "gender": st.sampled_from(["M", "F", "male", "female"]),
    "int": LARGE,
    "money": CENTS,
    "date": DATES.map(str) | MOMENTS.map(lambda each: each.replace(tzinfo=UTC).isoformat()),
    "birthdate": DATES.map(str),
    "dateTime": st.tuples(MOMENTS, st.integers(0, 999)).map(
        lambda each: (each[0] + timedelta(milliseconds=each[1])).replace(tzinfo=UTC).isoformat(timespec="milliseconds")
    ),
    "set": st.tuples(st.booleans(), st.booleans()).map(
        lambda on: [{"bit": 1, "enabled": on[0]}, {"bit": 2, "enabled": on[1]}]
    ),
}


def plain_number(wire: object) -> object:
    return re.sub(r"\D", "", wire) if isinstance(wire, str) and re.fullmatch(r"[0-9.,' ]+", wire) else wire


def day_of(wire: str) -> str:
    moment = datetime.fromisoformat(wire)
    local = moment if (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0) else (
        moment.astimezone(AMSTERDAM)
    )  # fmt: skip
    return f"{local.date()}T00:00:00.000+00:00"


def first_of_two_hours(wire: str) -> str:
    local = datetime.fromisoformat(wire).astimezone(AMSTERDAM).replace(microsecond=0, fold=0)
    return local.astimezone(UTC).isoformat(timespec="milliseconds")


YES = {"true", "yes", "ja", "on", "aan", "1"}


def in_order_of_the_choices(labels: str) -> str:
    return "; ".join(each for each in LABELS.values() if each.casefold() in labels.casefold())


#: What is lost of a value of Spotler when it is written and sent again; nothing where a pair is not named.
IN_AND_OUT: dict[tuple[str, Kind], Callable] = {
    **pairs("string", (Kind.YES_NO,), lambda word: "true" if word.strip().casefold() in YES else "false"),
    **pairs("string", (Kind.CHOICE,), lambda label: next(each for each in LABELS.values() if each.casefold() == label)),
    **pairs("string", (Kind.CHOICES,), in_order_of_the_choices),
    **pairs("string", WHOLE, plain_number),
    **pairs("dateTime", (Kind.DATE,), day_of),
    **pairs("dateTime", (Kind.DATE_TIME,), lambda wire: wire[:-9] + "000+00:00"),
    **pairs("dateTime", (Kind.DATE_TIME_NO_ZONE,), first_of_two_hours),
}


@pytest.mark.parametrize(("type_", "kind"), sorted(OUT_AND_IN), ids=str)
@given(data=st.data())
def test_what_comes_in_goes_out_again(type_, kind, data):
    column = column_of(kind, type_)
    plan = plan_of(column, type_)
    properties = {FIELD_OF[type_]: data.draw(WIRES[type_])}
    back = plan.values(contact(**properties), FIELDS)["new_x"]
    if back.warning:
        assert back.value is None
        return
    written = record_of(column, back.value)

    # What `arrives` promises is what the sync then sends, and writing it once more changes nothing.
    assert {"new_x": back.arrives} == plan.sent(written, FIELDS)
    again = plan.values(contact(**{FIELD_OF[type_]: as_read(back.arrives)}), FIELDS)["new_x"]
    assert (again.value, again.arrives) == (back.value, back.arrives)
    loss = IN_AND_OUT.get((type_, kind))
    if back.arrives != back.spotler:
        assert loss is not None
        assert loss(back.spotler) == back.arrives
