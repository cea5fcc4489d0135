"""Set Contact Field: one value written straight into one field of Spotler."""

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job


def set_field(world, record, name, value):
    return world.run(Operation.SET_CONTACT_FIELD, record, **{Job.FIELD_NAME: name, Job.FIELD_VALUE: value})


@pytest.mark.feature("FLD-01")
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_a_field_is_set_by_its_internal_name(world, table):
    record = world.record(table)

    set_field(world, record, "scoreNote1", "warm").assert_completed()

    assert world.spotler.contact(record).properties["scoreNote1"] == "warm"


@pytest.mark.feature("FLD-01")
@pytest.mark.feature("FLD-02")
@pytest.mark.parametrize("name", ["LASTORDERDATE", " lastorderdate ", "Last Order Date", "last order DATE"])
def test_names_of_fields_ignore_case_and_blanks_and_the_display_name_will_do(world, name):
    record = world.contact()

    set_field(world, record, name, "2025-12-24").assert_completed()

    assert world.spotler.contact(record).properties["lastorderdate"] == "2025-12-24"


@pytest.mark.feature("FLD-01")
def test_other_fields_of_the_contact_stay_as_they_are(world):
    record = world.contact(lastname="Blijft")
    world.sync(record).assert_completed()

    set_field(world, record, "scoreNote1", "warm").assert_completed()

    assert world.spotler.contact(record).properties["lastName"] == "Blijft"


@pytest.mark.feature("FLD-03")
@pytest.mark.parametrize(
    ("name", "typed", "held"),
    [
        ("scoreNote2", " Zoë & co ", "Zoë & co"),
        ("scoreNote2", "ë" * 255, "ë" * 255),
        ("freeField1", "+42", 42),
        ("freeField1", "-7", -7),
        ("turnover", "1234,5", 123450),
        ("turnover", "1234.50", 123450),
        ("turnover", "1.234,50", 123450),
        ("turnover", "€ 12,50", 1250),
        ("lastorderdate", "24-12-2025", "2025-12-24"),
        ("lastorderdate", "24/12/2025", "2025-12-24"),
        ("lastorderdate", "24 december 2025", "2025-12-24"),
        ("lastorderdate", "2025-12-24T23:30:00+02:00", "2025-12-24"),
        ("lastorderdate", "2025-12-24T23:30:00Z", "2025-12-25"),
        ("partnerBirthday", "1984-02-29", "1984-02-29"),
        ("partnerBirthday", "29-02-1984", "1984-02-29"),
        ("partnerBirthday", "29/2/1984", "1984-02-29"),
        ("partnerGender", "M", "M"),
        ("partnerGender", "man", "M"),
        ("partnerGender", "Male", "M"),
        ("partnerGender", "V", "F"),
        ("partnerGender", "f", "F"),
        ("partnerGender", "vrouw", "F"),
        ("partnerGender", "female", "F"),
        ("partnerMobile", "+31 6-1234 (5678)", "+31612345678"),
        ("partnerMobile", "+31 (0)6 12345678", "+31612345678"),
        ("visitPostcode", " 1234 ab ", "1234 AB"),
        ("partnerEmail", " Zoe.de-Wit+2@example.org ", "Zoe.de-Wit+2@example.org"),
        ("partnerEmail", "zoe\u0308@bücher.example\u200b", "zoë@bücher.example"),
    ],
)
def test_the_value_is_converted_to_the_type_of_the_field(world, name, typed, held):
    record = world.contact()

    set_field(world, record, name, typed).assert_completed()

    assert world.spotler.contact(record).properties[name] == held


@pytest.mark.feature("FLD-03")
@pytest.mark.parametrize("typed", ["2025-07-01T12:00:00Z", "2025-07-01T14:00:00+02:00", "2025-07-01 12:00"])
def test_a_moment_is_the_same_moment_in_spotler_and_without_an_offset_it_is_utc(world, typed):
    record = world.contact()

    set_field(world, record, "lastVisit", typed).assert_completed()

    assert world.spotler.contact(record).properties["lastVisit"].startswith("2025-07-01T14:00:00")


@pytest.mark.feature("FLD-03")
@pytest.mark.feature("JOB-07")
@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("freeField1", "4.5"),
        ("freeField1", "forty-two"),
        ("turnover", "12 euro 50"),
        ("lastorderdate", "tomorrow"),
        ("lastorderdate", "31-02-2025"),
        ("lastorderdate", "12/24/2025"),
        ("lastorderdate", "24-12/2025"),
        ("scoreNote1", "x" * 256),
        ("lastVisit", "noon"),
        ("partnerBirthday", "29-02-1985"),
        ("partnerGender", "X"),
        ("partnerMobile", "call me"),
        ("visitPostcode", "B-1000"),
        ("partnerEmail", "zoe@"),
        ("partnerEmail", "zoe@example.org, ann@example.org"),
    ],
)
def test_a_value_that_does_not_fit_the_type_is_never_sent(world, name, typed):
    record = world.contact()

    job = set_field(world, record, name, typed)

    world.assert_not_valid(job, record, "The field takes")
    assert typed not in job.message


@pytest.mark.feature("FLD-03")
@pytest.mark.feature("JOB-07")
@pytest.mark.parametrize(("name", "typed"), [("turnover", "1.000"), ("turnover", "12,345"), ("freeField1", "1.000")])
def test_a_number_that_can_be_read_in_two_ways_is_never_sent(world, name, typed):
    record = world.contact()

    job = set_field(world, record, name, typed)

    world.assert_not_valid(job, record, "The number can be read in two ways;")


@pytest.mark.feature("FLD-04")
@pytest.mark.parametrize(("name", "direction"), [("turnover", "<-"), ("freeField1", "<->"), ("scoreNote1", "unmapped")])
def test_a_field_may_be_set_that_the_mapping_does_not_only_send(world, name, direction):
    record = world.contact()

    set_field(world, record, name, "12").assert_completed()

    assert str(world.spotler.contact(record).properties[name]) in ("12", "1200"), direction


@pytest.mark.feature("FLD-04")
@pytest.mark.feature("JOB-07")
@pytest.mark.parametrize("name", ["city", "City", "externalType"])
def test_a_field_that_the_mapping_sends_is_refused_because_the_next_sync_would_overwrite_it(world, name):
    record = world.contact()

    job = set_field(world, record, name, "Utrecht")

    world.assert_not_valid(job, record, "mapping", "Dataverse")


@pytest.mark.feature("FLD-04")
@pytest.mark.parametrize(
    ("table", "name", "value", "held"),
    [
        ("lead", "gender", "vrouw", "F"),
        ("lead", "birthday", "1984-02-29", "1984-02-29"),
        ("account", "firstName", "An", "An"),
    ],
)
def test_a_field_that_the_mapping_sends_for_another_table_may_be_set(world, table, name, value, held):
    record = world.record(table)

    set_field(world, record, name, value).assert_completed()
    assert world.spotler.contact(record).properties[name] == held

    world.sync(record).assert_completed()
    assert world.spotler.contact(record).properties[name] == held


@pytest.mark.feature("FLD-04")
@pytest.mark.parametrize("name", ["email", "E-mail address"])
def test_the_address_cannot_be_set_by_a_job(world, name):
    record = world.contact()

    job = set_field(world, record, name, "other@example.org")

    world.assert_not_valid(job, record, "email")


@pytest.mark.feature("FLD-01")
@pytest.mark.feature("GEN-04")
@pytest.mark.parametrize("name", ["shoeSize", "province"], ids=["unknown", "mapped but not visible"])
def test_a_field_that_spotler_does_not_show_does_not_exist(world, name):
    record = world.contact()

    job = set_field(world, record, name, "44")

    world.assert_not_valid(job, record, "no field")


@pytest.mark.feature("FLD-01")
@pytest.mark.parametrize("name", [None, "  "], ids=["missing", "blank"])
def test_a_job_without_a_field_name_is_not_valid(world, name):
    record = world.contact()

    job = set_field(world, record, name, "44")

    world.assert_not_valid(job, record, "Field Name")


@pytest.mark.feature("FLD-01")
@pytest.mark.feature("FLD-02")
def test_an_internal_name_goes_before_the_same_display_name_of_another_field(world):
    record = world.contact()

    set_field(world, record, "scoreNote1", "warm").assert_completed()
    set_field(world, record, "oldScoreNote", "cold").assert_completed()

    properties = world.spotler.contact(record).properties
    assert (properties["scoreNote1"], properties["oldScoreNote"]) == ("warm", "cold")


@pytest.mark.feature("FLD-02")
def test_a_display_name_that_fits_two_fields_asks_for_the_internal_name(world):
    record = world.contact()

    job = set_field(world, record, "Score note", "warm")

    world.assert_not_valid(job, record, "internal name", "scoreNote1", "scoreNote2")


@pytest.mark.feature("FLD-05")
@pytest.mark.feature("FLD-06")
@pytest.mark.parametrize("word", ["true", "ja", "1", " JA ", "True", "yes", "on", "aan"])
def test_an_item_of_a_list_field_is_switched_on(world, word):
    record = world.contact()

    set_field(world, record, "profileFields:Garden", word).assert_completed()

    assert world.spotler.contact(record).options_on("profileFields") == {"Garden"}


@pytest.mark.feature("FLD-05")
@pytest.mark.feature("FLD-06")
@pytest.mark.parametrize("word", ["false", "nee", "0", "Nee", "no", "off", "uit"])
def test_an_item_of_a_list_field_is_switched_off_and_the_others_stay(world, word):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    world.permission(record, "Events", subscribed=True)
    world.sync(record).assert_completed()

    set_field(world, record, "permissions:Events", word).assert_completed()

    assert world.spotler.contact(record).options_on("permissions") == {"Newsletter"}


@pytest.mark.feature("FLD-05")
@pytest.mark.parametrize("name", ["Interests:garden", " interests : Garden "])
def test_a_list_field_and_its_item_are_found_by_display_name_ignoring_case(world, name):
    record = world.contact()

    set_field(world, record, name, "ja").assert_completed()

    assert world.spotler.contact(record).options_on("profileFields") == {"Garden"}


@pytest.mark.feature("FLD-05")
@pytest.mark.feature("JOB-07")
@pytest.mark.parametrize(
    ("name", "word"),
    [("profileFields", "field:item"), ("profileFields:", ":item"), ("scoreNote1:Garden", "not a list field")],
    ids=["no item", "empty item", "item of a plain field"],
)
def test_items_are_named_for_list_fields_and_for_no_other(world, name, word):
    record = world.contact()

    job = set_field(world, record, name, "ja")

    world.assert_not_valid(job, record, word.replace("field:item", ":item"))


@pytest.mark.feature("FLD-06")
@pytest.mark.parametrize("word", ["y", "2", "waar", "ja nee"])
def test_any_other_word_for_an_item_is_refused(world, word):
    record = world.contact()

    job = set_field(world, record, "profileFields:Garden", word)

    world.assert_not_valid(job, record, "ja", "nee")


@pytest.mark.feature("FLD-07")
@pytest.mark.parametrize("item", ["Kitchen", "Cellar"], ids=["not in the mapping", "not in Spotler"])
def test_an_item_that_the_mapping_does_not_define_is_refused_naming_those_it_does(world, item):
    record = world.contact()

    job = set_field(world, record, f"profileFields:{item}", "ja")

    world.assert_not_valid(job, record, "Garden")
    assert "Kitchen" not in job.message


@pytest.mark.feature("FLD-09")
@pytest.mark.feature("JOB-07")
@pytest.mark.parametrize("value", [None, "  "], ids=["missing", "blank"])
@pytest.mark.parametrize("name", ["scoreNote1", "profileFields:Garden"])
def test_an_empty_value_is_refused_and_points_to_clear_contact_field(world, name, value):
    record = world.contact()

    job = set_field(world, record, name, value)

    world.assert_not_valid(job, record, "Clear Contact Field")
