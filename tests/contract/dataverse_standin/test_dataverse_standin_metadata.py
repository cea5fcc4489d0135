from connector.dataverse.schema import TABLES


def test_tables_are_found_as_microsofts_client_asks_for_them(api):
    path = (
        "EntityDefinitions?%24select=LogicalName%2CEntitySetName%2CPrimaryIdAttribute"
        "&%24filter=LogicalName+eq+%27dh_spotlerjob%27"
    )
    (table,) = api.rows(path)

    assert table["EntitySetName"] == "dh_spotlerjobs"
    assert table["PrimaryIdAttribute"] == "dh_spotlerjobid"
    assert set(table) == {"LogicalName", "EntitySetName", "PrimaryIdAttribute", "MetadataId"}


def test_every_table_of_the_manifest_is_there_with_its_set(api):
    sets = {table["LogicalName"]: table["EntitySetName"] for table in api.rows("EntityDefinitions")}

    for table in TABLES.values():
        assert sets[table.name] == table.set_name
        assert api.get(f"{table.set_name}?$top=1").status_code == 200


def test_choices_are_read_with_their_labels(api):
    path = (
        "EntityDefinitions(LogicalName='dh_spotlerjob')/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
        "?$select=LogicalName&$expand=OptionSet($select=Options)"
    )
    (column,) = (each for each in api.rows(path) if each["LogicalName"] == "dh_operation")
    labels = {
        option["Value"]: option["Label"]["UserLocalizedLabel"]["Label"] for option in column["OptionSet"]["Options"]
    }

    assert labels[100000003] == "Add Tag"


DATES = "EntityDefinitions(LogicalName='contact')/Attributes/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata"


def test_the_behaviour_of_dates_is_reported(api):
    rows = api.rows(f"{DATES}?$select=LogicalName,DateTimeBehavior")
    behaviors = {row["LogicalName"]: row["DateTimeBehavior"] for row in rows}

    assert behaviors["birthdate"] == {"Value": "DateOnly"}
    assert behaviors["new_membersince"] == behaviors["createdon"] == {"Value": "UserLocal"}
    assert behaviors["new_appointmenton"] == {"Value": "TimeZoneIndependent"}
    assert {row["@odata.type"] for row in rows} == {"#Microsoft.Dynamics.CRM.DateTimeAttributeMetadata"}


def test_the_behaviour_of_dates_is_no_property_of_all_columns(api):
    path = "EntityDefinitions(LogicalName='contact')/Attributes"

    assert api.get(f"{path}?$select=LogicalName,DateTimeBehavior").status_code == 400
    types = {row["LogicalName"]: row["AttributeType"] for row in api.rows(path)}
    assert (types["new_membersince"], types["new_cardvaliduntil"]) == ("DateTime", "DateTime")


def test_a_multi_choice_has_no_type_of_its_own_but_a_class(api):
    rows = {row["LogicalName"]: row for row in api.rows("EntityDefinitions(LogicalName='contact')/Attributes")}

    assert rows["new_hobbies"]["AttributeType"] == "Virtual"
    assert rows["new_hobbies"]["@odata.type"] == "#Microsoft.Dynamics.CRM.MultiSelectPicklistAttributeMetadata"


def test_navigation_properties_are_reported_by_the_relationships(api):
    rows = api.rows("EntityDefinitions(LogicalName='dh_spotlerjob')/ManyToOneRelationships")
    names = {
        row["ReferencedEntity"]: row["ReferencingEntityNavigationPropertyName"]
        for row in rows
        if row["ReferencingAttribute"] == "dh_customerid"
    }

    assert names == {"account": "dh_CustomerId_account", "contact": "dh_CustomerId_contact"}


def test_alternate_keys_are_active(api):
    (key,) = api.rows("EntityDefinitions(LogicalName='dh_spotlerinfo')/Keys")

    assert (key["KeyAttributes"], key["EntityKeyIndexStatus"]) == (["dh_recordid"], "Active")


def test_an_unknown_table_is_not_found(api):
    assert api.get("EntityDefinitions(LogicalName='nosuchtable')").status_code == 404
    assert api.rows("EntityDefinitions?$filter=LogicalName eq 'nosuchtable'") == []
