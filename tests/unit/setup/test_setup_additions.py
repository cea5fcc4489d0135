"""What customers added to a view or a tab of ours stays where ours is written anew."""

from xml.etree import ElementTree as ET

import pytest

from connector.setup.interface.additions import keep_additions, with_columns

FETCH = '<fetch><entity name="x"><attribute name="a" /><order attribute="a" /></entity></fetch>'
LAYOUT = '<grid><row id="xid"><cell name="a" width="1" /></row></grid>'
OURS = (
    '<tab id="{t}"><columns><column><sections><section id="{s}"><rows><row><cell id="{c}"><control id="a" '
    'datafieldname="a" /></cell></row></rows></section></sections></column></columns></tab>'
)


def names(xml: str, path: str) -> list[str | None]:
    return [each.get("name") for each in ET.fromstring(xml).iterfind(path)]  # noqa: S314 - written here


def kept(found: str) -> ET.Element:
    tab = ET.fromstring(OURS)  # noqa: S314 - written here
    keep_additions(tab, ET.fromstring(found))  # noqa: S314 - written here
    return tab


def controls(tab: ET.Element) -> list[str | None]:
    return [each.get("id") for each in tab.iter("control")]


def in_section(rows: str) -> str:
    return OURS.replace("<rows>", f"<rows>{rows}")


def test_a_column_that_somebody_added_to_query_and_layout_stays_behind_ours():
    found = FETCH.replace("<order", '<attribute name="b" /><attribute name="c" /><order')
    shown = LAYOUT.replace("<cell", '<cell name="b" /><cell name="link.d" /><cell', 1)
    fetch, layout = with_columns(FETCH, LAYOUT, found, shown)

    assert sorted(map(str, names(fetch, "entity/attribute"))) == ["a", "b"]
    assert names(layout, "row/cell") == ["a", "b"]


@pytest.mark.parametrize("found", [None, "", "<fetch />", "<broken"])
def test_without_a_view_that_can_be_read_ours_is_written(found):
    assert with_columns(FETCH, LAYOUT, found, LAYOUT) == (FETCH, LAYOUT)


def test_a_field_and_a_section_of_somebody_stay():
    row = '<row><cell id="{n}" rowspan="3"><control id="b" datafieldname="b" /></cell></row>'
    section = '<section id="{m}"><rows><row><cell id="{k}"><control id="d" /></cell></row></rows></section>'
    tab = kept(in_section(row).replace("</sections>", f"{section}</sections>"))

    assert controls(tab) == ["a", "b", "d"]
    assert [len(each.findall("rows/row")) for each in tab.iter("section")] == [4, 1]


def test_a_field_beside_one_of_ours_gets_a_row_of_its_own():
    beside = OURS.replace("</row>", '<cell id="{n}"><control id="b" /></cell></row>')

    assert [len(row) for row in kept(beside).iter("row")] == [1, 1]


def test_what_shows_ours_once_more_is_left_out():
    again = in_section('<row><cell id="{n}"><control id="other" datafieldname="a" /></cell></row>')
    section = '<section id="{m}"><rows><row><cell id="{c}"><control id="a" /></cell></row></rows></section>'

    assert controls(kept(again)) == ["a"]
    assert controls(kept(OURS.replace("</sections>", f"{section}</sections>"))) == ["a"]


def test_empty_cells_and_rows_are_no_additions():
    assert [len(row) for row in kept(in_section('<row><cell id="{n}" /></row><row />')).iter("row")] == [1]
