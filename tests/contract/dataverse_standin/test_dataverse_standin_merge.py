"""The action Merge: what it does to both rows, and what it refuses."""

import pytest

from tests.contract.dataverse_standin.support import error_code

#: The state and status of a row that was merged into another one.
MERGED = {"contacts": (1, 2), "leads": (2, 4), "accounts": (1, 2)}
TABLES = {"contacts": "contact", "leads": "lead", "accounts": "account"}


def named(table, row_id):
    return {"@odata.type": f"Microsoft.Dynamics.CRM.{table}", f"{table}id": row_id}


def parameters(table, target, subordinate, **more):
    rows = {"Target": named(table, target), "Subordinate": named(table, subordinate)}
    return {**rows, "PerformParentingChecks": False, **more}


@pytest.mark.parametrize("entity_set", TABLES)
def test_the_subordinate_is_deactivated_and_the_target_takes_over_the_content(api, entity_set):
    table = TABLES[entity_set]
    required = {"name": "x"} if table == "account" else {}
    target, other = (api.create(entity_set, emailaddress1=f"{n}@example.org", **required) for n in "ab")
    content = {"@odata.type": f"Microsoft.Dynamics.CRM.{table}", "emailaddress1": "c@example.org"}

    answer = api.post("Merge", parameters(table, target, other, UpdateContent=content))

    assert answer.status_code == 204, answer.text
    kept, gone = (api.get(f"{entity_set}({each})").json() for each in (target, other))
    assert (kept["emailaddress1"], kept["statecode"], kept["merged"]) == ("c@example.org", 0, False)
    assert (gone["emailaddress1"], gone["merged"]) == ("b@example.org", True)
    assert (gone["statecode"], gone["statuscode"]) == MERGED[entity_set]


@pytest.fixture
def pair(api):
    return [api.create("contacts", lastname=name) for name in "ab"]


def test_a_merge_is_undone_as_a_whole_when_its_content_is_refused(api, pair):
    content = {"@odata.type": "Microsoft.Dynamics.CRM.contact", "nosuch": 1}
    answer = api.post("Merge", parameters("contact", *pair, UpdateContent=content))

    assert answer.status_code == 400
    assert api.get(f"contacts({pair[1]})").json()["merged"] is False


def test_a_row_is_merged_once(api, pair):
    assert api.post("Merge", parameters("contact", *pair)).status_code == 204
    third = api.create("contacts", lastname="c")

    assert api.post("Merge", parameters("contact", third, pair[1])).status_code == 400
    assert api.post("Merge", parameters("contact", pair[1], third)).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"Target": None},
        {"Target": {"@odata.type": "Microsoft.Dynamics.CRM.list", "listid": "x"}},
        {"Subordinate": {"contactid": "x"}},
        {"PerformParentingChecks": "no"},
        {"Else": 1},
        {"UpdateContent": {"@odata.type": "Microsoft.Dynamics.CRM.lead"}},
    ],
)
def test_wrong_parameters_are_refused(api, pair, changes):
    answer = api.post("Merge", parameters("contact", *pair) | changes)

    assert (answer.status_code, error_code(answer)) == (400, "0x80040203")


def test_a_row_cannot_be_merged_into_itself_or_into_another_table(api, pair):
    lead = api.create("leads", lastname="x")

    assert api.post("Merge", parameters("contact", pair[0], pair[0])).status_code == 400
    assert api.post("Merge", parameters("contact", *pair) | {"Subordinate": named("lead", lead)}).status_code == 400


def test_a_row_that_is_not_there_is_not_found(api, pair):
    missing = "00000000-0000-4000-8000-000000000009"

    assert api.post("Merge", parameters("contact", pair[0], missing)).status_code == 404


def test_it_is_an_action(api):
    assert api.get("Merge").status_code == 405
