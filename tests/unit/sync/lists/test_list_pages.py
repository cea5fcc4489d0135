"""What a page of a list says of its members: who is certain to be sent, who is not, and who has to be looked at."""

from types import SimpleNamespace

import pytest

from connector.dataverse.api import FetchedPage, NotDataverse
from connector.mapping import parse_mapping
from connector.sync.lists import reading
from connector.sync.lists.difference import DOUBT
from connector.sync.lists.ids import text_of
from connector.sync.lists.reading import ListReader, ListRow
from connector.sync.lists.run import ListRun

WHO = "11571157-0000-4000-8000-00000000000a"
LABEL = "@OData.Community.Display.V1.FormattedValue"
EMAIL = {"contact": "emailaddress1", "direction": "->", "spotler": "email"}
GOOD = {"statecode": 0, "emailaddress1": "a@example.org", "donotemail": False}


def rows_of(columns, prefix):
    key = "_entityid_value" if prefix else "contactid"
    return {key: WHO.upper(), **{f"{prefix}{name}": value for name, value in columns.items() if value is not None}}


@pytest.fixture(params=[None, '<fetch><entity name="contact"/></fetch>'], ids=["static", "dynamic"])
def verdict(request, monkeypatch):
    """What a page says of somebody with these columns."""

    def _verdict(columns, *, kept_out=(), rows=(EMAIL,)):
        prefix = "m." if request.param is None else ""
        page = FetchedPage([rows_of(columns, prefix)], False, "")
        monkeypatch.setattr(reading, "fetch_page", lambda *_, **__: page)
        services = SimpleNamespace(
            mapping=parse_mapping({"rows": list(rows)}),
            settings=SimpleNamespace(list_page=10, anonymise_on_deactivation=True),
            dataverse=None,
        )
        reader = ListReader(services, ListRow("list", "Friends", "contact", request.param, is_active=True))
        found, more = reader.read(ListRun("job", ""), frozenset(kept_out))
        assert not more
        ((said, (member,)),) = found.items()
        assert text_of(member) == WHO
        return said

    return _verdict


def test_somebody_with_an_address_and_no_objection_is_sent(verdict):
    assert verdict(GOOD) == ""


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"donotemail": True}, "do not email"),
        ({"emailaddress1": None}, "no address"),
        ({"statecode": 1}, "deactivated"),
        ({"statecode": 1, "merged": True}, "merged"),
        ({"donotbulkemail": True}, ""),
    ],
)
def test_consent_decides_by_the_columns_of_the_page(verdict, columns, reason):
    assert verdict(GOOD | columns) == reason


def test_keep_out_counts_too(verdict):
    assert verdict(GOOD, kept_out=[WHO]) == "keep out"


def test_whom_a_filter_admits_is_certain_by_its_value_or_label(verdict):
    rows = [EMAIL, {"contact": "customertypecode", "direction": "->", "spotler": "city", "filter": "Member"}]

    assert verdict(GOOD | {"customertypecode": 7, f"customertypecode{LABEL}": "Member"}, rows=rows) == ""


@pytest.mark.parametrize("value", [None, 8])
def test_whom_a_filter_seems_to_exclude_is_looked_at(verdict, value):
    rows = [EMAIL, {"contact": "customertypecode", "direction": "->", "spotler": "city", "filter": "Member"}]

    assert verdict(GOOD | {"customertypecode": value}, rows=rows) == DOUBT


def test_where_another_row_decides_everybody_is_looked_at(verdict):
    rows = [{**EMAIL, "contact": "parentcustomerid(account).emailaddress1"}]

    assert verdict(GOOD, rows=rows) == DOUBT


def test_a_row_without_its_member_is_not_dataverse(monkeypatch):
    monkeypatch.setattr(reading, "fetch_page", lambda *_, **__: FetchedPage([{}], False, ""))
    services = SimpleNamespace(
        mapping=parse_mapping({"rows": [EMAIL]}), settings=SimpleNamespace(list_page=10), dataverse=None
    )
    reader = ListReader(services, ListRow("list", "Friends", "contact", None, is_active=True))

    with pytest.raises(NotDataverse):
        reader.read(ListRun("job", ""), frozenset())


def test_the_same_page_again_and_again_is_not_dataverse(monkeypatch):
    page = FetchedPage([rows_of(GOOD, "m.")], True, "<cookie/>")
    monkeypatch.setattr(reading, "fetch_page", lambda *_, **__: page)
    services = SimpleNamespace(
        mapping=parse_mapping({"rows": [EMAIL]}),
        settings=SimpleNamespace(list_page=1, anonymise_on_deactivation=True),
        dataverse=None,
    )
    reader, run = ListReader(services, ListRow("list", "Friends", "contact", None, is_active=True)), ListRun("job", "")
    reader.read(run, frozenset())

    with pytest.raises(NotDataverse):
        reader.read(run, frozenset())
