"""What the columns of a job mean: tags, a field and its value, an automation."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from connector.dataverse.choices import AutomationKind
from connector.dataverse.records import RecordRef
from connector.errors import Invalid
from connector.mapping import parse_mapping
from connector.operations.audiences import audience_of
from connector.operations.automation_fields import AutomationField
from connector.operations.fields import property_to_clear, property_to_set
from connector.operations.job import JobRow
from connector.operations.scores import Score, score_of
from connector.operations.start_automation import AutomationRow, Start, start_of
from connector.operations.tags import tags_of
from connector.operations.target_field import TargetField, find_target
from connector.spotler import TAG_LENGTH, Field, Fields, Option, PropertyType, ScoreOperation

JOB = "0a0a0a0a-0000-4000-8000-000000000001"
PERSON = RecordRef("contact", "cccccccc-0000-4000-8000-000000000001")


def refused(call, *arguments) -> str:
    with pytest.raises(Invalid) as caught:
        call(*arguments)
    assert caught.value.result_code == "JOB_NOT_VALID"
    return caught.value.sentence


# Tags


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("Customer", ("Customer",)),
        ("Customer; Webinar,Spring", ("Customer", "Webinar", "Spring")),
        (" ; Customer ,, ;", ("Customer",)),
        ("Customer,customer,CUSTOMER", ("Customer",)),
        ("Straße,STRASSE", ("Straße",)),
        ("Cafe\u0301,CAFÉ", ("Café",)),
        ("\u200bCustomer\ufeff;Customer\u00a0", ("Customer",)),
        ("x" * TAG_LENGTH, ("x" * TAG_LENGTH,)),
    ],
)
def test_tags_are_trimmed_and_each_is_given_once(text, tags):
    assert tags_of(JobRow(JOB, tag=text)) == tags


@pytest.mark.parametrize("text", ["", "  ", ";,;", " ; "])
def test_a_job_without_a_tag_is_not_valid(text):
    assert "no tag" in refused(tags_of, JobRow(JOB, tag=text))


@pytest.mark.parametrize(
    ("name", "other"),
    [("Café", "Cafe\u0301"), ("Friends", "\ufeff friends\u200b"), ("Best  Friends", "best\u00a0friends")],
)
def test_audiences_whose_names_look_the_same_are_the_same(name, other):
    assert audience_of(name).id == audience_of(other).id


@pytest.mark.parametrize("name", ["", "  ", "\u200b"])
def test_an_audience_without_a_name_is_not_valid(name):
    assert "no audience" in refused(audience_of, name)


def test_a_tag_that_is_too_long_is_not_valid_and_not_quoted():
    assert (
        refused(tags_of, JobRow(JOB, tag="ok," + "x" * (TAG_LENGTH + 1)))
        == f"A tag is longer than {TAG_LENGTH} characters."
    )


@given(st.text())
def test_any_text_is_tags_or_not_valid(text):
    try:
        tags = tags_of(JobRow(JOB, tag=text))
    except Invalid:
        return
    assert tags_of(JobRow(JOB, tag=";".join(tags))) == tags


# The field of Set Contact Field

FIELDS = Fields(
    [
        Field("email", "E-mail", PropertyType.EMAIL),
        Field("externalId", "External id", PropertyType.STRING),
        Field("city", "City", PropertyType.STRING),
        Field("lastorderdate", "Last Order Date", PropertyType.DATE),
        Field("note1", "Note", PropertyType.STRING),
        Field("note2", "Note", PropertyType.STRING),
        Field("interests", "Interests", PropertyType.SET, (Option(1, "Garden"), Option(2, "Kitchen"))),
        Field("hobbies", "Hobbies", PropertyType.SET, (Option(1, "Chess"), Option(2, "Tennis"))),
        Field("twoWay", "Two way", PropertyType.STRING),
        Field("inward", "Inward", PropertyType.STRING),
    ]
)
MAPPING = parse_mapping(
    {
        "rows": [
            {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
            {"contact": "address1_city", "direction": "->", "spotler": "city"},
            {"contact": "jobtitle", "direction": "<->", "spotler": "twoWay"},
            {"contact": "salutation", "direction": "<-", "spotler": "inward"},
            {"contact": "donotphone", "direction": "->", "spotler": "hobbies:Tennis"},
        ]
    }
)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("lastorderdate", TargetField("lastorderdate", PropertyType.DATE)),
        (" LastOrderDate ", TargetField("lastorderdate", PropertyType.DATE)),
        ("Last Order Date", TargetField("lastorderdate", PropertyType.DATE)),
        ("note1", TargetField("note1", PropertyType.STRING)),
        ("twoWay", TargetField("twoWay", PropertyType.STRING)),
        ("inward", TargetField("inward", PropertyType.STRING)),
        ("interests:kitchen", TargetField("interests", PropertyType.SET, 2)),
        ("Interests : Garden ", TargetField("interests", PropertyType.SET, 1)),
        ("hobbies:Chess", TargetField("hobbies", PropertyType.SET, 1)),
    ],
)
def test_a_field_is_named_by_its_internal_or_display_name_and_an_item_after_a_colon(name, target):
    assert find_target(name, "contact", FIELDS, MAPPING) == target


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("unknown", "Spotler has no field with this name."),
        ("Note", "one of note1, note2"),
        ("email", "The field email belongs to the sync"),
        ("E-MAIL", "The field email belongs to the sync"),
        ("externalid", "The field externalId belongs to the sync"),
        ("city", "The mapping sends the field city to Spotler"),
        ("hobbies:Tennis", "The mapping sends the field hobbies to Spotler"),
        ("note1:Garden", "is not a list field"),
        ("note1:", "is not a list field"),
        ("interests", "name one item of it as interests:item"),
        ("interests: ", "name one item of it as interests:item"),
        ("interests:Garage", "choose one of: Garden, Kitchen."),
    ],
)
def test_a_field_that_cannot_be_set_is_refused_with_what_to_do(name, says):
    assert says in refused(find_target, name, "contact", FIELDS, MAPPING)


@pytest.mark.parametrize("name", ["city", "hobbies:Tennis"])
def test_what_the_mapping_sends_for_contacts_may_be_set_for_a_lead(name):
    assert find_target(name, "lead", FIELDS, MAPPING).name == name.partition(":")[0]


def test_only_the_items_that_the_mapping_defines_may_be_set():
    mapping = parse_mapping(
        {
            "rows": [
                {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
                {"contact": "jobtitle", "direction": "<->", "spotler": "interests", "items": ["Kitchen"]},
            ]
        }
    )

    assert find_target("interests:kitchen", "contact", FIELDS, mapping).bit == 2
    assert refused(find_target, "interests:Garden", "contact", FIELDS, mapping).endswith("choose one of: Kitchen.")
    assert find_target("interests:Garden", "lead", FIELDS, mapping).bit == 1


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("note1", " warm ", {"note1": "warm"}),
        ("interests:Garden", "ja", {"interests": [{"bit": 1, "enabled": True}]}),
        ("interests:Garden", "0", {"interests": [{"bit": 1, "enabled": False}]}),
    ],
)
def test_the_value_is_written_in_the_form_of_the_field(name, value, written):
    assert property_to_set(JobRow(JOB, customer=PERSON, field_name=name, field_value=value), FIELDS, MAPPING) == written


@pytest.mark.parametrize(
    ("name", "written"),
    [("note1", {"note1": ""}), ("interests:Garden", {"interests": [{"bit": 1, "enabled": False}]})],
)
def test_a_field_is_cleared_and_an_item_switched_off_whatever_the_value_of_the_job(name, written):
    assert (
        property_to_clear(JobRow(JOB, customer=PERSON, field_name=name, field_value="ignored"), FIELDS, MAPPING)
        == written
    )


@pytest.mark.parametrize("name", [" ", "email", "city", "unknown"])
def test_what_cannot_be_set_cannot_be_cleared_either(name):
    refused(property_to_clear, JobRow(JOB, customer=PERSON, field_name=name), FIELDS, MAPPING)


def test_a_field_of_a_type_that_is_not_known_is_neither_set_nor_cleared():
    fields = Fields([Field("multi", "Multi", None)])
    job = JobRow(JOB, customer=PERSON, field_name="multi", field_value="x")

    assert refused(property_to_set, job, fields, MAPPING) == refused(property_to_clear, job, fields, MAPPING)


def test_a_date_may_be_written_in_the_dutch_way():
    dutch, iso = (
        property_to_set(JobRow(JOB, customer=PERSON, field_name="lastorderdate", field_value=text), FIELDS, MAPPING)
        for text in ("24-12-2025", "2025-12-24")
    )

    assert dutch == iso
    assert list(iso) == ["lastorderdate"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        (" ", "x", "no field name"),
        ("note1", " ", "use the operation Clear Contact Field"),
        ("lastorderdate", "tomorrow", "takes a date"),
        ("interests:Garden", "perhaps", "takes true, yes, ja, on, aan or 1"),
    ],
)
def test_a_job_without_a_name_or_a_fitting_value_is_not_valid(name, value, says):
    assert says in refused(
        property_to_set, JobRow(JOB, customer=PERSON, field_name=name, field_value=value), FIELDS, MAPPING
    )


# The automation of Start Automation

AUTOMATION = "aaaaaaaa-0000-4000-8000-000000000001"
ROW = AutomationRow(AutomationKind.AUTOMATION, "🚀 Welcome", "code", "id", "invoiceEmail=STRING", is_active=True)


def start(given="", **columns) -> tuple:
    return JobRow(JOB, automation_id=AUTOMATION, automation_fields=given), {AUTOMATION: replace(ROW, **columns)}


def test_an_automation_is_started_with_the_fields_of_the_job():
    assert start_of(*start("invoiceEmail=a@example.org")) == Start(
        ROW, (AutomationField("invoiceEmail", "STRING", "a@example.org"),)
    )


@pytest.mark.parametrize(
    ("job", "rows", "says"),
    [
        (JobRow(JOB), {}, "The job has no automation"),
        (JobRow(JOB, automation_id=AUTOMATION), {}, "was deleted"),
        (*start(is_active=False), "is deactivated"),
        (*start(trigger_code=""), "has no trigger code"),
        (*start("unknown=1"), "does not have the field unknown"),
    ],
)
def test_what_cannot_be_started_is_not_valid(job, rows, says):
    assert says in refused(start_of, job, rows)


# Scores


@pytest.mark.parametrize("points", [-5, 0, 7])
def test_a_score_may_be_set_to_any_whole_number(points):
    assert score_of(JobRow(JOB, tag=" Lead ", score=points), ScoreOperation.SET) == Score("Lead", points)


@pytest.mark.parametrize(
    ("job", "says"),
    [
        (JobRow(JOB, score=1), "no tag"),
        (JobRow(JOB, tag="a,b", score=1), "belongs to one tag"),
        (JobRow(JOB, tag="a"), "no score"),
        (JobRow(JOB, tag="a", score=0), "by at least 1"),
        (JobRow(JOB, tag="a", score=-1), "by at least 1"),
    ],
)
@pytest.mark.parametrize("change", [ScoreOperation.INCREASE, ScoreOperation.DECREASE])
def test_a_score_is_raised_or_lowered_for_one_tag_by_at_least_one(job, says, change):
    assert says in refused(score_of, job, change)
