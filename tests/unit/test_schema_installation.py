"""The manifest says everything that Dataverse asks for when the tables are made."""

import re

import pytest

from connector.dataverse.names import lookup_value
from connector.dataverse.schema import TABLES, Kind, installation as manifest
from connector.dataverse.schema.descriptions import COLUMN_DESCRIPTIONS, TABLE_DESCRIPTIONS
from connector.dataverse.schema.labels import DUTCH, ENGLISH, TRANSLATIONS, label

OWN = [(table, column) for table in TABLES.values() for column in manifest.own_columns(table)]
EACH_TABLE = pytest.mark.parametrize("table", manifest.OWN_TABLES, ids=lambda table: table.name)
EACH_COLUMN = pytest.mark.parametrize(
    ("table", "column"), OWN, ids=[f"{table.name}.{column.name}" for table, column in OWN]
)
EACH_CHOICE = pytest.mark.parametrize("choice", manifest.GLOBAL_CHOICES, ids=lambda choice: choice.name)
#: Limits of Dataverse: characters of a name, of a label, of a description; bytes of an alternate key.
NAME, LABEL, DESCRIPTION, KEY = 50, 100, 2000, 900
#: The largest length of each kind of text.
LONGEST = {Kind.TEXT: 4000, Kind.MEMO: 1_048_576}


def texts_are_complete(*texts):
    return all(text.by_language.keys() == {ENGLISH, DUTCH} and text.en.strip() and text.nl.strip() for text in texts)


# Texts


@EACH_TABLE
def test_a_table_has_its_labels_and_a_description_in_both_languages(table):
    texts = (label(table.label), manifest.plural(table))

    assert texts_are_complete(*texts, manifest.table_description(table))
    assert all(len(text) <= LABEL for each in texts for text in (each.en, each.nl))


@EACH_COLUMN
def test_a_column_has_a_label_and_a_description_in_both_languages(table, column):
    title, description = label(column.label), manifest.column_description(table, column)

    assert texts_are_complete(title, description)
    assert all(len(text) <= LABEL for text in (title.en, title.nl))
    assert all(len(text) <= DESCRIPTION and text.endswith(".") for text in (description.en, description.nl))


@EACH_TABLE
def test_states_and_status_reasons_have_labels_in_both_languages(table):
    options = [text for name in ("statecode", "statuscode") for text in table.column(name).options.values()]

    assert texts_are_complete(*map(label, options))


@EACH_CHOICE
def test_a_global_choice_has_all_texts_in_both_languages_and_no_label_twice(choice):
    assert texts_are_complete(choice.title, choice.description, *choice.options.values())
    for language in (ENGLISH, DUTCH):
        labels = [text.by_language[language] for text in choice.options.values()]
        assert len(set(labels)) == len(labels)


def test_no_translation_and_no_description_is_left_over():
    used = {column.label for _, column in OWN} | {table.label for table in manifest.OWN_TABLES}
    used |= {manifest.plural(table).en for table in manifest.OWN_TABLES} | {"Yes", "No"}
    used |= {text.en for choice in manifest.GLOBAL_CHOICES for text in (choice.title, *choice.options.values())}
    used |= {
        text for table in manifest.OWN_TABLES for column in table.columns for text in column.options.values()
    }  # the states

    assert set(TRANSLATIONS) == used
    assert set(TABLE_DESCRIPTIONS) == {table.name for table in manifest.OWN_TABLES}
    assert set(COLUMN_DESCRIPTIONS) <= {(table.name, column.name) for table, column in OWN} | {
        ("", column.name) for _, column in OWN
    }


# Names


@EACH_TABLE
def test_the_schema_name_of_a_table_is_its_logical_name_with_capitals(table):
    name = manifest.schema_name(table)

    assert name.lower() == table.name
    assert re.fullmatch(r"dh_[A-Z][A-Za-z]+", name)
    assert len(name) <= NAME


@EACH_COLUMN
def test_the_schema_name_of_a_column_is_its_logical_name_with_capitals(table, column):  # noqa: ARG001
    name = manifest.schema_name(column)

    assert name.lower() == column.name
    assert re.fullmatch(r"dh_[A-Z][A-Za-z]+", name)
    assert len(name) <= NAME


def test_the_names_of_choices_keys_and_relationships_have_the_prefix_and_are_there_once():
    relationships = [each.name for table in TABLES.values() for each in manifest.relationships(table)]
    keys = [name for table in manifest.OWN_TABLES for name in table.keys]
    choices = [choice.name for choice in manifest.GLOBAL_CHOICES]

    for names in (relationships, choices):
        assert len(set(names)) == len(names)
    assert all(name.startswith("dh_") and len(name) <= 100 for name in (*relationships, *keys, *choices))


def test_the_publisher_has_the_prefix_of_the_names_and_of_the_values_of_choices():
    first = manifest.PUBLISHER.option_prefix * 10_000
    values = {value for choice in manifest.GLOBAL_CHOICES for value in choice.options}

    assert manifest.PUBLISHER.prefix == manifest.PREFIX
    assert all(first <= value < first + 10_000 for value in values)
    assert re.fullmatch(r"\d+\.\d+\.\d+\.\d+", manifest.SOLUTION.version)


# Limits


def test_a_text_is_not_longer_than_dataverse_allows():
    texts = [column for _, column in OWN if column.kind in LONGEST]

    assert [column.name for column in texts if not 1 <= column.length <= LONGEST[column.kind]] == []


@EACH_TABLE
def test_an_alternate_key_fits_into_an_index_and_holds_only_what_a_key_can(table):
    for columns in table.keys.values():
        kinds = {table.column(name).kind for name in columns}
        assert kinds <= {Kind.TEXT, Kind.INTEGER, Kind.DECIMAL, Kind.DATE_TIME, Kind.LOOKUP, Kind.CHOICE}
        assert sum(2 * table.column(name).length for name in columns) <= KEY


def test_what_decides_about_consent_is_audited():
    assert {(table.name, column.name) for table, column in OWN if column.audited} == {
        ("dh_spotlerpermission", "dh_subscribed"),
        ("dh_spotlerinfo", "dh_keepout"),
    }
    assert {table.name for table in manifest.OWN_TABLES if manifest.is_audited(table)} == {
        "dh_spotlerpermission",
        "dh_spotlerinfo",
    }


# Parts


def test_a_choice_of_a_column_is_a_global_one_with_the_same_options():
    choices = {
        choice.name: {value: text.en for value, text in choice.options.items()} for choice in manifest.GLOBAL_CHOICES
    }
    columns = [column for _, column in OWN if column.kind is Kind.CHOICE]

    assert {column.global_choice: column.options for column in columns} == choices
    assert [column.name for _, column in OWN if column.global_choice and column not in columns] == []


def test_the_lists_of_the_platform_get_our_columns_and_no_other_standard_table_does():
    assert [table.name for table in manifest.EXTENDED_TABLES] == ["list"]


@EACH_TABLE
def test_what_comes_with_every_table_is_not_a_column_of_ours(table):
    own = {column.name for column in manifest.own_columns(table)}

    assert table.name_column in own
    assert table.id_column not in own
    assert {"statecode", "statuscode", "ownerid", "createdon", "modifiedby", lookup_value("ownerid")}.isdisjoint(own)


def test_a_relationship_stands_below_every_target_of_every_lookup():
    job = TABLES["dh_spotlerjob"]

    assert {(each.name, each.target, each.column) for each in manifest.relationships(job)} == {
        ("dh_account_dh_spotlerjob", "account", "dh_customerid"),
        ("dh_contact_dh_spotlerjob", "contact", "dh_customerid"),
        ("dh_lead_dh_spotlerjob", "lead", "dh_leadid"),
        ("dh_list_dh_spotlerjob", "list", "dh_listid"),
        ("dh_spotlerautomation_dh_spotlerjob", "dh_spotlerautomation", "dh_spotlerautomationid"),
        ("dh_websitevisitor_dh_spotlerjob", "dh_websitevisitor", "dh_websitevisitorid"),
    }
