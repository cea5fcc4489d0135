"""What an environment says of its tables, in the words of the manifest."""

import pytest

from connector.dataverse.definitions import DateColumns
from connector.dataverse.schema import Kind
from connector.dataverse.schema.reading import read_tables


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("birthdate", Kind.DATE),
        ("new_cardvaliduntil", Kind.DATE),
        ("createdon", Kind.DATE_TIME),
        ("new_membersince", Kind.DATE_TIME),
        ("new_appointmenton", Kind.DATE_TIME_NO_ZONE),
        ("lastname", Kind.TEXT),
    ],
)
def test_dates_are_distinguished_by_their_behaviour(dataverse, column, kind):
    (table,) = read_tables(dataverse, ["contact"]).values()

    assert table.column(column).kind is kind


def test_tables_that_do_not_exist_are_left_out(dataverse):
    assert set(read_tables(dataverse, ["contact", "nosuchtable"])) == {"contact"}


def test_only_a_column_without_a_time_zone_is_on_the_clock_of_whoever_reads_it(connected):
    calls = []
    columns = DateColumns(connected(calls))
    names = ("birthdate", "createdon", "new_appointmenton", "new_membersince")

    assert [name for name in names if columns.is_wall_clock("contact", name)] == ["new_appointmenton"]
    assert len(calls) == 1
    assert not columns.is_wall_clock("new_nosuchtable", "new_appointmenton")
