"""Dates of the three behaviours: DateOnly, UserLocal (a moment) and TimeZoneIndependent (a time of no time zone)."""

import pytest

from tests.contract.dataverse_standin.support import error_code

DATE, MOMENT, NO_ZONE = "new_cardvaliduntil", "new_membersince", "new_appointmenton"


@pytest.mark.parametrize(
    ("column", "sent", "read"),
    [
        (DATE, "2026-01-31", "2026-01-31"),
        (MOMENT, "2026-01-31T00:00:00+01:00", "2026-01-30T23:00:00Z"),
        (MOMENT, "2026-07-31T00:00:00Z", "2026-07-31T00:00:00Z"),
        (MOMENT, "2026-07-31T10:30Z", "2026-07-31T10:30:00Z"),
        (NO_ZONE, "2026-01-31T10:30:00Z", "2026-01-31T10:30:00Z"),
        (NO_ZONE, "2026-01-31T10:30:00.5+00:00", "2026-01-31T10:30:00Z"),
    ],
)
def test_values_are_written_and_read(api, column, sent, read):
    contact = api.create("contacts", **{column: sent})

    assert api.get(f"contacts({contact})?$select={column}").json()[column] == read


@pytest.mark.parametrize(
    ("column", "sent"),
    [
        (DATE, "2026-01-31T00:00:00Z"),
        (DATE, "20260131"),
        (DATE, "2026-W05-6"),
        (DATE, "2026-02-30"),
        (DATE, 20260131),
        (MOMENT, "2026-01-31"),
        (MOMENT, "2026-01-31T10:30:00"),
        (MOMENT, "2026-01-31 10:30:00Z"),
        (MOMENT, "2026-01-31T25:00:00Z"),
        (MOMENT, "0001-01-01T00:00:00+01:00"),
        (NO_ZONE, "2026-01-31"),
        (NO_ZONE, "2026-01-31T10:30:00"),
        (NO_ZONE, "2026-01-31T10:30:00+01:00"),
    ],
)
def test_values_of_another_form_are_refused(api, column, sent):
    response = api.post("contacts", {column: sent})

    assert (response.status_code, error_code(response)) == (400, "0x80048d19")


@pytest.fixture
def contact(api):
    values = {DATE: "2026-01-31", MOMENT: "2026-01-30T23:00:00Z", NO_ZONE: "2026-01-31T10:30:00Z"}
    return api.create("contacts", **values)


@pytest.mark.usefixtures("contact")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{DATE} eq 2026-01-31", 1),
        (f"{DATE} gt 2026-01-31", 0),
        (f"{MOMENT} lt 2026-01-31T00:00:00+01:00", 0),
        (f"{MOMENT} le 2026-01-31T00:00:00+01:00", 1),
        (f"{MOMENT} lt 2026-01-31", 1),
        (f"{NO_ZONE} eq 2026-01-31T10:30:00Z", 1),
        (f"Microsoft.Dynamics.CRM.In(PropertyName='{DATE}',PropertyValues=['2026-01-31'])", 1),
    ],
)
def test_filters_compare_dates(api, text, found):
    assert len(api.rows("contacts", params={"$filter": text})) == found


@pytest.mark.parametrize(
    "text",
    [
        f"{DATE} eq 2026-01-31T00:00:00Z",
        f"{MOMENT} eq '2026-01-31'",
        f"Microsoft.Dynamics.CRM.In(PropertyName='{DATE}',PropertyValues=['2026-01-31T00:00:00Z'])",
        f"Microsoft.Dynamics.CRM.In(PropertyName='{MOMENT}',PropertyValues=['2026-01-31'])",
    ],
)
def test_filters_with_values_of_another_form_are_refused(api, text):
    response = api.get("contacts", params={"$filter": text})

    assert (response.status_code, error_code(response)) == (400, "0x80060888")


def test_labels_of_dates_and_of_times_without_a_zone_are_not_shifted(api, contact):
    row = api.get(f"contacts({contact})", prefer='odata.include-annotations="*"').json()
    shown = [row[f"{name}@OData.Community.Display.V1.FormattedValue"] for name in (DATE, NO_ZONE)]

    assert shown == ["2026-01-31", "2026-01-31 10:30"]
