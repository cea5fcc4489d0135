"""A set-up is refused while columns are missing that the mapping or PERIODIEK names; all are named at once."""

import json
from dataclasses import replace

import pytest

from connector.dataverse.permission_tables import PermissionTable
from connector.mapping import load_mapping, parse_mapping
from connector.setup.errors import SetupRefused
from connector.setup.inputs import SetupInputs
from connector.setup.mapped import check_there, not_there
from sandbox.launch import ROOT
from tests.contract.setup.drifts import CRM, WRONG
from tests.setup_world import named

EMAIL = {"contact": "emailaddress1", "lead": "emailaddress1", "direction": "->", "spotler": "email"}
PERIODIEK = {
    "table": "account",
    "set": "accounts",
    "id": "accountid",
    "name": "name",
    "subscribed": "new_active",
    "lookups": {"contact": {"column": "primarycontactid", "navigation": "primarycontactid"}},
}


def inputs_of(*rows, **settings):
    return SetupInputs(mapping=parse_mapping({"rows": [EMAIL, *rows], **settings}))


def problems(world, inputs):
    return [str(each) for each in not_there(inputs, world.target())]


def test_columns_and_tables_that_are_missing_are_named_at_once_with_what_to_do(world):
    inputs = inputs_of(
        {"contact": "firstnam", "direction": "->", "spotler": "firstName"},
        {"contact": "parentcustomerid(account).nam", "direction": "->", "spotler": "organisation"},
        {"contact": "new_member", "direction": "<-", "spotler": "city"},
        triggers={"contact": ["new_gone"]},
    )
    found = problems(world, inputs)

    assert [each.partition(".")[0] for each in found] == [
        "Mapping: Row 2, contact: there is no column firstnam",
        "Mapping: Row 3, contact: the table account has no column nam",
        "Mapping: Row 4, contact: there is no column new_member",
        "Mapping: Triggers of contact: there is no column new_gone",
    ]
    assert found[0].endswith("Did you mean firstname?")


def test_the_mapping_of_the_connector_fits_an_empty_environment_with_and_without_leads(world):
    inputs = SetupInputs(mapping=load_mapping(ROOT / "mappings" / "default.json"))
    target = world.target()

    assert not_there(inputs, target) == ()
    assert not_there(inputs, replace(target, has_leads=False, has_lists=False)) == ()


def test_a_column_of_ours_that_the_set_up_makes_is_not_missed(world):
    """Somebody deleted it; a lookup of the customer's refers to its table."""
    world.parts = named("table dh_websitevisitor")
    world.applied()
    world.environment.clock.move(60)
    lookup = {"@odata.type": f"{CRM}LookupAttributeMetadata", "SchemaName": "new_VisitorId", "DisplayName": WRONG}
    ends = {"ReferencedEntity": "dh_websitevisitor", "ReferencingEntity": "contact"}
    body = {"@odata.type": f"{CRM}OneToManyRelationshipMetadata", "SchemaName": "new_visitors", "Lookup": lookup}
    world.make("RelationshipDefinitions", {**body, **ends})
    rows = (
        {"contact": f"new_visitorid(dh_websitevisitor).{column}", "direction": "->", "spotler": column}
        for column in ("dh_domain", "dh_no")
    )

    (found,) = problems(world, inputs_of(*rows, navigation={"new_visitorid(dh_websitevisitor)": "new_VisitorId"}))

    assert "the table dh_websitevisitor has no column dh_no" in found


@pytest.mark.parametrize(
    ("changes", "missing"),
    [({}, "account.new_active"), ({"table": "new_periodiek"}, "new_periodiek"), ({"subscribed": "donotemail"}, "")],
)
def test_what_periodieken_do_not_have_is_laid_to_their_setting(world, changes, missing):
    permissions = PermissionTable.model_validate_json(json.dumps({**PERIODIEK, **changes}))

    found = problems(world, SetupInputs(permissions=permissions))

    assert found == ([f"The setting PERIODIEK names what is missing: {missing}."] if missing else [])


def test_applying_is_refused_too(world):
    inputs = inputs_of({"contact": "firstnam", "direction": "->", "spotler": "firstName"})

    with pytest.raises(SetupRefused, match=r"The plan cannot be applied\..*no column firstnam"):
        check_there(inputs, world.target())
