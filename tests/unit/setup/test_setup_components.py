"""What each kind of component compares with the environment, and what it sends."""

import pytest

from connector.dataverse.schema import TABLES, installation as manifest
from connector.setup.choices import ChoicePart
from connector.setup.column_bodies import column_body
from connector.setup.columns import ColumnPart
from connector.setup.component import full_name
from connector.setup.components import components
from connector.setup.keys import KeyPart
from connector.setup.labels import Languages
from connector.setup.lookups import LookupPart
from connector.setup.publisher import PublisherPart, SolutionPart, VersionPart
from connector.setup.status import StatusPart
from connector.setup.tables import TablePart
from tests.unit.setup.recorded import OUR_PUBLISHER, VERSION, label, target

JOB = TABLES["dh_spotlerjob"]
TAG = ColumnPart(JOB, JOB.column("dh_tag"))
TAG_ADDRESS = "EntityDefinitions(LogicalName='dh_spotlerjob')/Attributes(LogicalName='dh_tag')"
TEXT_TYPE = "#Microsoft.Dynamics.CRM.StringAttributeMetadata"


def definition(**changes):
    """The column Tag as it should be."""
    return {
        "@odata.context": "…",
        "@odata.type": TEXT_TYPE,
        "LogicalName": "dh_tag",
        "MaxLength": 1000,
        "RequiredLevel": {"Value": "None"},
        "DisplayName": label(en="Tag", nl="Tag"),
        **changes,
    }


def differences(component, found, **environment):
    return {
        each.property: (each.expected, each.found, each.can_change)
        for each in component.compare(found, target(**environment))
    }


# All of them


def test_every_table_column_key_and_choice_of_the_manifest_is_a_component_once():
    names = [full_name(each) for each in components()]

    assert len(set(names)) == len(names)
    assert {f"table {table.name}" for table in manifest.OWN_TABLES} <= set(names)
    made_with_tables = {f"{table.name}.{table.name_column}" for table in manifest.OWN_TABLES}
    for table in (*manifest.OWN_TABLES, *manifest.EXTENDED_TABLES):
        own = {f"{table.name}.{column.name}" for column in manifest.own_columns(table)} - made_with_tables
        assert own <= {name.partition(" ")[2] for name in names}
    assert names[:2] == ["publisher dhconnector", "solution SpotlerConnector"]
    assert names[-1] == "version SpotlerConnector"


def test_the_solution_of_adopted_components_has_their_publisher_and_ours_is_not_made():
    made = components("othervendor")

    assert "publisher dhconnector" not in map(full_name, made)
    assert SolutionPart(publisher="othervendor") in made


# Labels


def test_a_label_is_sent_in_the_languages_of_the_environment_only():
    text = manifest.plural(JOB)

    assert Languages(1033, frozenset({1033})).texts(text) == {1033: "Spotler Jobs"}
    assert Languages(1043, frozenset({1043})).texts(text) == {1043: "Spotler-taken"}


def test_a_base_language_that_we_do_not_have_gets_the_english_text():
    text = manifest.plural(JOB)

    assert Languages(1036, frozenset({1036, 1043})).texts(text) == {1036: "Spotler Jobs", 1043: "Spotler-taken"}


def test_a_language_that_was_added_later_shows_as_a_difference():
    found = definition(DisplayName=label(en="Tag"))

    assert differences(TAG, found) == {"DisplayName (1043)": ("Tag", "", True)}
    assert differences(TAG, found, languages=Languages(1033, frozenset({1033}))) == {}


# Columns


def test_a_column_that_is_as_the_manifest_says_has_no_difference():
    assert differences(TAG, definition()) == {}
    assert differences(TAG, definition(MaxLength=2000, Description=label(en="Of the customer"))) == {}


def test_a_text_can_grow_and_keeps_everything_else_of_its_definition():
    environment = target({TAG_ADDRESS: definition(MaxLength=100, IsSearchable=True)})
    found = TAG.read(environment)

    TAG.change(found, TAG.compare(found, environment), environment)

    ((method, path, body, solution),) = environment.calls.sent
    assert (method, path, solution) == ("PUT", TAG_ADDRESS, "SpotlerConnector")
    assert (body["MaxLength"], body["IsSearchable"], body["DisplayName"]) == (1000, True, label(en="Tag", nl="Tag"))
    assert "@odata.context" not in body


def test_another_type_cannot_be_changed():
    found = definition(**{"@odata.type": "#Microsoft.Dynamics.CRM.MemoAttributeMetadata"})

    assert [can for *_, can in differences(TAG, found).values()] == [False]


def test_another_behaviour_of_a_date_cannot_be_changed():
    started = ColumnPart(JOB, JOB.column("dh_startedon"))
    found = {
        "@odata.type": "#Microsoft.Dynamics.CRM.DateTimeAttributeMetadata",
        "DisplayName": label(en="Started On", nl="Gestart op"),
        "RequiredLevel": {"Value": "None"},
        "Format": "DateAndTime",
        "DateTimeBehavior": {"Value": "DateOnly"},
    }

    assert differences(started, found) == {"DateTimeBehavior": ("UserLocal", "DateOnly", False)}


@pytest.mark.parametrize(
    ("column", "shown", "expected"),
    [
        ("dh_score", {"MinValue": 0, "MaxValue": 100}, {"MinValue": -(2**31), "MaxValue": 2**31 - 1}),
        ("dh_score", {"MinValue": -(2**31), "MaxValue": 2**31 - 1}, {}),
        ("dh_score", {"MinValue": -(2**40), "MaxValue": 2**40}, {}),
        ("dh_startedon", {"Format": "DateOnly"}, {"Format": "DateAndTime"}),
        ("dh_tag", {"RequiredLevel": {"Value": "ApplicationRequired"}}, {"RequiredLevel": {"Value": "None"}}),
    ],
)
def test_narrower_limits_another_format_and_another_level_are_set_back_and_wider_limits_stay(column, shown, expected):
    part = ColumnPart(JOB, JOB.column(column))
    sound = column_body(JOB, part.column, target().languages)
    found = {**sound, "@odata.type": f"#{sound['@odata.type']}", **shown}
    environment = target()

    if wrong := part.compare(found, environment):
        part.change(found, wrong, environment)

    sent = environment.calls.sent[0][2] if environment.calls.sent else {}
    assert {each.property for each in wrong} == set(expected)
    for name, value in expected.items():
        assert sent[name] == value or sent[name]["Value"] == value["Value"]


def test_a_choice_column_must_use_the_global_choice():
    operation = ColumnPart(JOB, JOB.column("dh_operation"))
    address = "EntityDefinitions(LogicalName='dh_spotlerjob')/Attributes(LogicalName='dh_operation')"
    kind = "Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
    level = {"Value": "None"}
    found = {"@odata.type": f"#{kind}", "DisplayName": label(en="Operation", nl="Bewerking"), "RequiredLevel": level}
    environment = target({address: found, f"{address}/{kind}": {"GlobalOptionSet": {"Name": "new_operation"}}})

    assert differences(operation, operation.read(environment)) == {
        "GlobalOptionSet": ("dh_spotleroperation", "new_operation", False)
    }


@pytest.mark.parametrize(
    ("column", "body"),
    [
        ("dh_number", {"MaxLength": 20, "AutoNumberFormat": "{SEQNUM:12}", "FormatName": {"Value": "Text"}}),
        ("dh_resultmessage", {"MaxLength": 4000, "Format": "TextArea"}),
        ("dh_score", {"MinValue": -(2**31), "MaxValue": 2**31 - 1}),
        ("dh_startedon", {"Format": "DateAndTime", "DateTimeBehavior": {"Value": "UserLocal"}}),
        (
            "dh_operation",
            {"GlobalOptionSet@odata.bind": "/GlobalOptionSetDefinitions(Name='dh_spotleroperation')"},
        ),
    ],
)
def test_a_column_is_made_in_our_solution_with_what_its_kind_needs(column, body):
    environment = target()

    ColumnPart(JOB, JOB.column(column)).create(environment)

    ((method, path, sent, solution),) = environment.calls.sent
    assert (method, path) == ("POST", "EntityDefinitions(LogicalName='dh_spotlerjob')/Attributes")
    assert solution == "SpotlerConnector"
    assert body.items() <= sent.items()


def test_a_column_of_a_list_is_left_alone_where_there_are_no_lists():
    of_list = TABLES["list"]
    synced = ColumnPart(of_list, of_list.column("dh_spotlersync"))
    lookup = LookupPart(JOB, JOB.column("dh_listid"))

    assert "licence" in synced.left_alone(target(has_lists=False))
    assert "licence" in lookup.left_alone(target(has_lists=False))
    assert synced.left_alone(target()) == lookup.left_alone(target()) == ""


# Tables


def test_a_table_is_made_with_its_primary_column_and_without_the_others():
    environment = target()

    TablePart(JOB).create(environment)

    ((_, path, body, solution),) = environment.calls.sent
    (name,) = body["Attributes"]
    assert (path, solution, body["SchemaName"]) == ("EntityDefinitions", "SpotlerConnector", "dh_SpotlerJob")
    assert (name["SchemaName"], name["IsPrimaryName"], body["OwnershipType"]) == ("dh_Name", True, "UserOwned")


def test_another_set_name_or_owner_of_a_table_cannot_be_changed_and_its_texts_can():
    found = {
        "OwnershipType": "OrganizationOwned",
        "IsActivity": False,
        "EntitySetName": "dh_spotlerjobses",
        "PrimaryIdAttribute": "dh_spotlerjobid",
        "PrimaryNameAttribute": "dh_name",
        "DisplayName": label(en="Spotler Job", nl="Spotler Job"),
        "DisplayCollectionName": label(en="Spotler Jobs", nl="Spotler-taken"),
    }

    assert differences(TablePart(JOB), found) == {
        "OwnershipType": ("UserOwned", "OrganizationOwned", False),
        "EntitySetName": ("dh_spotlerjobs", "dh_spotlerjobses", False),
        "DisplayName (1043)": ("Spotler-taak", "Spotler Job", True),
    }


# Choices and status reasons


def test_missing_options_are_inserted_renamed_ones_updated_and_those_of_customers_stay():
    (choice,) = (ChoicePart(each) for each in manifest.GLOBAL_CHOICES if each.name == "dh_spotlerpromoteto")
    found = {
        "MetadataId": "id",
        "DisplayName": label(en="Spotler Promote To", nl="Spotler promoveren tot"),
        "Options": [
            {"Value": 100000000, "Label": label(en="Prospect", nl="Lead")},
            {"Value": 100000007, "Label": label(en="Partner")},
        ],
    }
    environment = target()

    choice.change(found, choice.compare(found, environment), environment)

    assert [(path, body["Value"]) for _, path, body, _ in environment.calls.sent] == [
        ("UpdateOptionValue", 100000000),
        ("InsertOptionValue", 100000001),
    ]


def test_the_status_reasons_of_a_job_are_two_renamed_and_two_added():
    status = StatusPart(JOB)
    found = {
        "OptionSet": {
            "Options": [
                {"Value": 1, "State": 0, "Label": label(en="Active", nl="Actief")},
                {"Value": 2, "State": 1, "Label": label(en="Inactive", nl="Inactief")},
            ]
        }
    }
    environment = target()

    status.change(found, status.compare(found, environment), environment)

    assert [(path, body["Value"], body.get("StateCode")) for _, path, body, _ in environment.calls.sent] == [
        ("UpdateOptionValue", 1, None),
        ("InsertStatusValue", 100000001, 0),
        ("UpdateOptionValue", 2, None),
        ("InsertStatusValue", 100000002, 1),
    ]


# Lookups and keys


def test_a_lookup_is_compared_by_the_names_through_which_the_connector_writes_it():
    lookup = LookupPart(JOB, JOB.column("dh_leadid"))
    found = {
        "@odata.type": "#Microsoft.Dynamics.CRM.LookupAttributeMetadata",
        "DisplayName": label(en="Lead", nl="Lead"),
        "RequiredLevel": {"Value": "None"},
        "Relationships": [relationship("lead", "dh_leadid")],
    }

    assert differences(lookup, found) == {"navigation to lead": ("dh_LeadId", "dh_leadid", False)}


def relationship(table, navigation, **cascades):
    """As it should be."""
    names = ("Assign", "Merge", "Reparent", "Share", "Unshare", "RollupView")
    return {
        "MetadataId": "55555555-0000-4000-8000-000000000000",
        "ReferencedEntity": table,
        "ReferencingEntityNavigationPropertyName": navigation,
        "CascadeConfiguration": {**dict.fromkeys(names, "NoCascade"), "Delete": "RemoveLink", **cascades},
        "AssociatedMenuConfiguration": {"Behavior": "UseCollectionName"},
    }


def test_a_lookup_whose_record_would_take_our_rows_along_is_set_back_and_nothing_else_is_written():
    lookup = LookupPart(JOB, JOB.column("dh_leadid"))
    address = "RelationshipDefinitions(55555555-0000-4000-8000-000000000000)"
    whole = {"@odata.context": "…", "SchemaName": "dh_lead_dh_spotlerjob", "SecurityTypes": "Append"}
    environment = target({f"{address}/Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata": whole})
    found = {
        "@odata.type": "#Microsoft.Dynamics.CRM.LookupAttributeMetadata",
        "DisplayName": label(en="Lead", nl="Lead"),
        "RequiredLevel": {"Value": "None"},
        "Relationships": [relationship("lead", "dh_LeadId", Delete="Cascade", Archive="RemoveLink")],
    }

    lookup.change(found, lookup.compare(found, environment), environment)

    assert differences(lookup, found) == {"cascade of lead: Delete": ("RemoveLink", "Cascade", True)}
    ((method, path, body, solution),) = environment.calls.sent
    assert (method, path, solution) == ("PUT", address, "SpotlerConnector")
    assert body["CascadeConfiguration"]["Delete"] == "RemoveLink"
    assert body["CascadeConfiguration"]["Archive"] == "RemoveLink"
    assert (body["SecurityTypes"], "@odata.context" in body) == ("Append", False)


def test_the_customer_column_keeps_what_the_platform_does_when_two_are_merged():
    lookup = LookupPart(JOB, JOB.column("dh_customerid"))
    found = {
        "@odata.type": "#Microsoft.Dynamics.CRM.LookupAttributeMetadata",
        "DisplayName": label(en="Customer", nl="Klant"),
        "RequiredLevel": {"Value": "None"},
        "Relationships": [
            relationship(table, f"dh_CustomerId_{table}", Merge="Cascade") for table in ("account", "contact")
        ],
    }

    assert differences(lookup, found) == {}


def test_the_customer_column_is_made_by_its_own_action_and_other_lookups_by_their_relationship():
    environment = target()

    for column in ("dh_customerid", "dh_leadid"):
        LookupPart(JOB, JOB.column(column)).create(environment)

    (_, action, customer, _), (_, path, lead, solution) = environment.calls.sent
    assert (action, customer["SolutionUniqueName"]) == ("CreateCustomerRelationships", "SpotlerConnector")
    assert [each["ReferencedEntity"] for each in customer["OneToManyRelationships"]] == ["account", "contact"]
    assert (path, solution, lead["ReferencedAttribute"]) == ("RelationshipDefinitions", "SpotlerConnector", "leadid")
    assert lead["CascadeConfiguration"]["Delete"] == "RemoveLink"
    assert lead["AssociatedMenuConfiguration"]["Behavior"] == "UseLabel"


def test_a_key_whose_index_failed_is_built_again():
    key = KeyPart(JOB, "dh_number_key")
    environment = target()
    found = {"KeyAttributes": ["dh_number"], "EntityKeyIndexStatus": "Failed"}

    key.change(found, key.compare(found, environment), environment)

    assert differences(key, {"KeyAttributes": ["dh_number"], "EntityKeyIndexStatus": "Pending"}) == {}
    assert [path for _, path, *_ in environment.calls.sent] == ["ReactivateEntityKey"]


# Publisher and version


def test_publisher_and_solution_are_made_without_the_header_of_the_solution():
    environment = target(publishers=[OUR_PUBLISHER])

    PublisherPart().create(environment)
    SolutionPart().create(environment)

    sent = [(path, solution) for _, path, _, solution in environment.calls.sent]
    assert sent == [("publishers", ""), ("solutions", "")]


def test_a_newer_manifest_is_never_taken_back():
    assert differences(VersionPart(), {"version": VERSION}) == {}
    assert differences(VersionPart(), {"version": "0.0.0.1"})["version"][2] is True
    assert differences(VersionPart(), {"version": "99.0.0.0"})["version"][2] is False
