"""A page of FetchXML: its rows, whether more follow, and where the next one begins."""

from types import SimpleNamespace
from urllib.parse import quote, unquote

import pytest

from connector.dataverse.api import NotDataverse, fetch_page

COOKIE = '<cookie page="1"><contactid last="{0B1E-\'&}" first="{00}" /></cookie>'
MORE = "@Microsoft.Dynamics.CRM.morerecords"
PAGING = "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"


def page(answer, **options):
    asked = []

    def read(path, route, headers, columns=()):
        asked.append((path, route, headers["Prefer"], columns))
        return answer

    return fetch_page(SimpleNamespace(read=read), "contacts", '<fetch page="1"/>', **options), asked[0]


def annotation(cookie):
    """As Dataverse writes it: encoded twice, inside of XML."""
    return f'<cookie pagenumber="2" pagingcookie="{quote(quote(cookie))}" istracking="False" />'


def test_the_query_is_encoded_and_the_annotations_of_paging_are_asked_for():
    _, (path, route, prefer, columns) = page({"value": []}, columns=("a",))

    assert unquote(path) == 'contacts?fetchXml=<fetch page="1"/>'
    assert "<" not in path
    assert (route, columns) == ("contacts", ("a",))
    assert "fetchxmlpagingcookie" in prefer
    assert "morerecords" in prefer
    assert "FormattedValue" not in prefer


def test_labels_come_if_they_are_wanted():
    assert "FormattedValue" in page({"value": []}, labels=True)[1][2]


def test_the_cookie_is_decoded_twice():
    found, _ = page({"value": [{"contactid": "x"}], MORE: True, PAGING: annotation(COOKIE)})

    assert (found.rows, found.has_more, found.cookie) == ([{"contactid": "x"}], True, COOKIE)


@pytest.mark.parametrize(
    ("flag", "more"), [(True, True), ("true", True), ("True", True), (False, False), (None, False)]
)
def test_the_flag_may_be_a_text(flag, more):
    answer = {"value": []} if flag is None else {"value": [], MORE: flag}

    assert page(answer)[0].has_more is more


@pytest.mark.parametrize("cookie", ["", '<cookie pagenumber="2" istracking="False" />', None])
def test_a_page_may_have_no_cookie_although_more_follow(cookie):
    assert page({"value": [], MORE: True, PAGING: cookie})[0].cookie == ""


@pytest.mark.parametrize("answer", [{}, {"value": None}, {"value": ["x"]}])
def test_what_is_no_page_is_not_dataverse(answer):
    with pytest.raises(NotDataverse):
        page(answer)
