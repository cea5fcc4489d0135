"""Website visitors as rows: which account they are, whose they are, and whether they are hot."""

from collections import Counter
from datetime import timedelta

import pytest

from connector.dataverse.api import BatchResponse, Forbidden
from connector.dataverse.names import Interaction, SystemUser, Visitor
from connector.dataverse.schema import TABLES
from connector.errors import Misconfigured, Transient
from connector.spotler.leads import VisitingCompany
from connector.sync.visitors import columns, storing, views
from connector.sync.visitors.matching import MatchedAccount, Matches, domain_of
from connector.sync.visitors.retention import delete_old_visitors
from connector.sync.visitors.storing import store_visitors
from tests.unit.leads_world import ACCOUNT_OF_VISITOR

ID = "c0ffee00-0000-4000-8000-000000000001"
OTHER = "c0ffee00-0000-4000-8000-000000000002"


def company(key=ID, **details):
    return VisitingCompany(id=key, **details)


def account(website, name="Acme", site=None, **more):
    return website.world.load("account", name=name, websiteurl=site, **more)


def matched(website, **details):
    counts = store_visitors(website.services, [company(**details)])
    return website.row(ID).get(ACCOUNT_OF_VISITOR), counts["ambiguous, not matched"]


# Matching


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.Acme.example/nl?x=1", "acme.example"),
        ("acme.example.", "acme.example"),
        ("WWW.ACME.EXAMPLE:8080", "acme.example"),
        ("shop.acme.example", "shop.acme.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("https://www.facebook.com/acme", ""),
        ("acme", ""),
        ("", ""),
        ("http://[", ""),
        ("a..b", ""),
    ],
)
def test_a_website_is_compared_by_its_domain(text, domain):
    assert domain_of(text) == domain


def test_a_visitor_is_matched_by_domain_before_its_name(website):
    by_domain = account(website, "Other name", "http://acme.example/")
    account(website, "Acme")

    assert matched(website, name="Acme", domain="www.acme.example") == (by_domain, 0)


def test_a_longer_domain_is_another_one(website):
    account(website, "Other", "https://notacme.example")
    account(website, "Other", "https://acme.example.org")

    assert matched(website, name="Acme", domain="acme.example") == (None, 0)


def test_without_its_domain_a_visitor_is_matched_by_its_exact_name(website):
    account(website, "Acme Holding")
    exact = account(website, "ACME")

    assert matched(website, name="Acme", domain="acme.example") == (exact, 0)


def test_the_name_decides_among_accounts_with_one_domain(website):
    account(website, "Acme Sales", "acme.example")
    exact = account(website, "Acme", "acme.example")

    assert matched(website, name="acme", domain="acme.example") == (exact, 0)


@pytest.mark.parametrize("site", ["acme.example", None])
def test_what_is_ambiguous_is_not_matched_and_counted(website, site):
    for _ in range(2):
        account(website, "Acme", site)

    assert matched(website, name="Acme", domain="acme.example") == (None, 1)


def test_a_deactivated_account_is_nobody(website):
    account(website, "Acme", "acme.example", statecode=1, statuscode=2)

    assert matched(website, name="Acme", domain="acme.example") == (None, 0)


def test_a_quote_in_a_name_does_no_harm(website):
    exact = account(website, "Baker's % [Co]")

    assert matched(website, name="Baker's % [Co]") == (exact, 0)


def test_a_visitor_is_matched_when_it_comes_back_after_the_account_was_made(website):
    assert matched(website, name="Acme") == (None, 0)
    made = account(website, "Acme")

    assert matched(website, name="Acme", score=5) == (made, 0)


def test_a_match_that_a_person_has_changed_stays(website):
    account(website, "Acme")
    right = account(website, "Acme Holding")
    matched(website, name="Acme")
    bind = {f"{Visitor.ACCOUNT_NAVIGATION}@odata.bind": f"/accounts({right})"}
    website.services.dataverse.update(Visitor.SET, website.row(ID)[Visitor.ID], bind)

    assert matched(website, name="Acme", score=7) == (right, 0)


def test_many_companies_are_matched_with_a_few_calls(website):
    wanted = {f"c0ffee00-0000-4000-8000-{n:012}": account(website, f"A{n}", f"https://www.a{n}.example") for n in
              range(60)}  # fmt: skip
    store_visitors(website.services, [company(key, name="?", domain=f"a{n}.example") for n, key in enumerate(wanted)])

    assert {key: row[ACCOUNT_OF_VISITOR] for key, row in website.rows().items()} == wanted


# Whose they are


def owner_of(website):
    return website.row(ID)["_ownerid_value"]


def user(website, address, **more):
    return website.world.load(SystemUser.TABLE, **{"fullname": "A User", SystemUser.EMAIL: address, **more})


def test_a_new_visitor_belongs_to_the_user_it_is_assigned_to(website):
    ann = user(website, "Ann@example.org")

    store_visitors(website.services, [company(assigned_to=("nobody@example.org", "ann@EXAMPLE.org"))])

    assert owner_of(website) == ann


def test_a_user_that_is_disabled_or_not_the_only_one_is_nobody(website):
    user(website, "ann@example.org", isdisabled=True)
    for _ in range(2):
        user(website, "bob@example.org")

    store_visitors(website.services, [company(assigned_to=("ann@example.org", "bob@example.org"))])

    assert owner_of(website) == website.services.dataverse.who_am_i()["UserId"]


def test_a_new_visitor_that_is_matched_belongs_to_the_owner_of_its_account(website):
    ann = user(website, "ann@example.org")
    account(website, "Acme", **{"_ownerid_value": ann, "_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname":
                                "systemuser"})  # fmt: skip

    store_visitors(website.services, [company(name="Acme")])

    assert owner_of(website) == ann


def test_an_owner_is_only_set_on_a_new_row(website):
    store_visitors(website.services, [company(name="Acme")])
    before = owner_of(website)
    ann = user(website, "ann@example.org")

    store_visitors(website.services, [company(name="Acme", assigned_to=("ann@example.org",), score=3)])

    assert owner_of(website) == before != ann


def test_an_owner_that_dataverse_refuses_keeps_no_visitor_out(website):
    user(website, "ann@example.org")
    website.world.break_dataverse("400", "dh_websitevisitors", content="systemusers", inner=True, count=1)

    counts = store_visitors(website.services, [company(assigned_to=("ann@example.org",))])

    assert counts == Counter(new=1)
    assert owner_of(website) == website.services.dataverse.who_am_i()["UserId"]


# Hot


@pytest.mark.parametrize(("score", "hot"), [(49, False), (50, True), (51, True)])
def test_a_visitor_is_hot_from_the_score_of_the_setting(website, score, hot):
    website.with_settings(visitors_hot_score=50)

    store_visitors(website.services, [company(score=score)])

    assert (website.row(ID)[Visitor.RATING], website.row(ID)[Visitor.HOT]) == (score, hot)


def test_a_visitor_cools_down(website):
    website.with_settings(visitors_hot_score=50)
    store_visitors(website.services, [company(score=60)])

    store_visitors(website.services, [company(score=20)])

    assert website.row(ID)[Visitor.HOT] is False


# Writing


def test_only_what_differs_is_written_and_nothing_is_emptied(website):
    store_visitors(website.services, [company(name="Acme", city="Utrecht", score=1)])
    version = website.row(ID)["versionnumber"]

    assert store_visitors(website.services, [company(name="Acme", score=1)]) == Counter(unchanged=1)
    assert website.row(ID)["versionnumber"] == version
    assert website.row(ID)[Visitor.CITY] == "Utrecht"


def test_texts_are_cut_to_what_the_columns_take(website):
    long = "x" * 4000
    given = dict.fromkeys(
        ("name", "domain", "city", "country", "phone", "industry", "employees", "type", "status"), long
    )

    store_visitors(website.services, [company(**given, score=10**12)])

    table = TABLES[Visitor.TABLE]
    assert {name: table.column(name).length for name in columns.LENGTHS} == columns.LENGTHS
    assert website.row(ID)[Visitor.RATING] == columns.LARGEST
    interaction = TABLES[Interaction.TABLE]
    assert interaction.column(Interaction.NAME).length == views.NAME_LENGTH
    assert interaction.column(Interaction.URL).length == views.URL_LENGTH


def test_a_visitor_without_a_name_is_called_by_its_domain(website):
    store_visitors(website.services, [company(domain="acme.example"), company(OTHER)])

    assert [website.row(key)[Visitor.NAME] for key in (ID, OTHER)] == ["acme.example", "Unknown company"]


def test_a_refused_row_is_counted_and_stops_no_other(website):
    website.world.break_dataverse("400", ID, inner=True)

    counts = store_visitors(website.services, [company(), company(OTHER)])

    assert counts == Counter(failed=1, new=1)
    assert website.rows().keys() == {OTHER}


def test_a_row_that_somebody_makes_at_the_same_time_is_read_again(website, monkeypatch):
    rows, times = storing.visitor_rows, iter(range(10))

    def made_in_between(services, ids):
        found = rows(services, ids)
        if next(times) == 0:
            website.world.load(Visitor.TABLE, **{Visitor.EXTERNAL_ID: ID, Visitor.NAME: "by somebody else"})
        return found

    monkeypatch.setattr(storing, "visitor_rows", made_in_between)

    assert store_visitors(website.services, [company(name="Acme")]) == Counter(changed=1)
    assert website.row(ID)[Visitor.NAME] == "Acme"


def test_an_account_that_is_deleted_at_the_same_time_is_matched_anew(website, monkeypatch):
    left = account(website, "Acme")
    match, times = storing.match_accounts, iter(range(10))

    def deleted_after_matching(dataverse, companies):
        found = match(dataverse, companies)
        return Matches({ID: MatchedAccount(OTHER)}, frozenset()) if next(times) == 0 else found

    monkeypatch.setattr(storing, "match_accounts", deleted_after_matching)

    assert matched(website, name="Acme") == (left, 0)


def test_rows_that_others_keep_writing_are_left_for_the_next_run(website, monkeypatch):
    store_visitors(website.services, [company(name="Acme")])
    rows = storing.visitor_rows

    def written_in_between(services, ids):
        found = rows(services, ids)
        website.services.dataverse.update(Visitor.SET, website.row(ID)[Visitor.ID], {Visitor.VISITS: 1})
        return found

    monkeypatch.setattr(storing, "visitor_rows", written_in_between)

    with pytest.raises(Transient, match="written by others"):
        store_visitors(website.services, [company(name="Acme", score=4)])


def test_a_missing_privilege_is_an_error_of_the_configuration(website, monkeypatch):
    answer = BatchResponse(403, error=Forbidden("Missing privilege: prvCreatedh_WebsiteVisitor."))
    monkeypatch.setattr(website.services.dataverse, "batch", lambda requests: [answer for _ in requests])

    with pytest.raises(Misconfigured, match="prvCreate"):
        store_visitors(website.services, [company()])


def test_the_latest_visit_of_a_visitor_follows(website):
    first, last = website.world.now - timedelta(days=1), website.world.now
    store_visitors(website.services, [company(first_visit=first, last_visit=first)])
    store_visitors(website.services, [company(first_visit=first, last_visit=last)])

    assert website.row(ID)[Visitor.LAST_VISIT] == columns.written(last)


# Those that have not come back


def old_and_new(website):
    now = website.world.now
    for key, days in ((ID, 366), (OTHER, 364)):
        store_visitors(website.services, [company(key, last_visit=now - timedelta(days=days))])


def test_visitors_that_have_not_come_back_are_deleted(website):
    old_and_new(website)

    assert delete_old_visitors(website.services, website.world.now + timedelta(minutes=1)) == 1
    assert website.rows().keys() == {OTHER}


def test_zero_days_keeps_visitors(website):
    old_and_new(website)
    website.with_settings(keep_visitors_days=0)

    assert delete_old_visitors(website.services, website.world.now + timedelta(minutes=1)) == 0
    assert len(website.rows()) == 2


def test_a_visitor_that_comes_back_meanwhile_is_not_deleted(website, monkeypatch):
    old_and_new(website)
    batch = website.services.dataverse.batch

    def comes_back(requests):
        change = {Visitor.LAST_VISIT: columns.written(website.world.now)}
        website.services.dataverse.update(Visitor.SET, website.row(ID)[Visitor.ID], change)
        return batch(requests)

    monkeypatch.setattr(website.services.dataverse, "batch", comes_back)

    assert delete_old_visitors(website.services, website.world.now + timedelta(minutes=1)) == 0
    assert len(website.rows()) == 2


def test_visitors_that_cannot_be_deleted_end_the_clean_up(website, caplog):
    old_and_new(website)
    website.world.break_dataverse("400", "dh_websitevisitors", inner=True, method="DELETE")

    assert delete_old_visitors(website.services, website.world.now + timedelta(minutes=1)) == 0
    assert len(caplog.records) == 1


def test_the_clean_up_ends_when_its_time_is_over(website):
    old_and_new(website)

    assert delete_old_visitors(website.services, website.world.now) == 0
