"""What an environment says of its tables, in the words of the manifest."""

import pytest

from connector.dataverse.definitions import ColumnDefinitions, DateColumns
from connector.dataverse.schema import Kind
from connector.dataverse.schema.reading import read_tables
from connector.errors import Misconfigured


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


def test_what_a_value_has_to_fit_is_read_in_one_call(connected):
    calls = []
    columns = ColumnDefinitions(connected(calls)).of("contact")

    assert columns["new_source"].length == 30
    assert columns["new_segment"].options == {1: "Gold", 2: "Silver", 3: "Bronze"}
    assert columns["new_hobbies"].options == {1: "Garden", 2: "Kitchen", 3: "Music"}
    assert (columns["numberofchildren"].minimum, columns["numberofchildren"].maximum) == (-(2**31), 2**31 - 1)
    assert columns["new_discount"].precision == 2
    assert [columns[name].writable for name in ("lastname", "createdon")] == [True, False]
    assert [columns[name].is_day for name in ("new_membersince", "createdon", "birthdate")] == [True, False, False]
    assert [call.route for call in calls] == ["$batch"]


def test_a_table_knows_its_names_and_one_that_does_not_exist_is_a_mistake_of_the_settings(dataverse):
    definitions = ColumnDefinitions(dataverse)

    table = definitions.table("lead")
    assert (table.set_name, table.id_column, table.name_column) == ("leads", "leadid", "fullname")
    with pytest.raises(Misconfigured, match="new_nosuchtable does not exist"):
        definitions.of("new_nosuchtable")
