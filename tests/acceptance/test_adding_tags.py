"""Add Tag: a mark on a contact, or a tag that is only made known."""

from uuid import uuid4

import pytest

from connector.dataverse.choices import Operation

ADD_TAG = Operation.ADD_TAG


def new_tag() -> str:
    return f"tag {uuid4().hex[:8]}"


@pytest.mark.feature("TAG-01")
@pytest.mark.feature("TAG-02")
@pytest.mark.feature("JOB-05")
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_a_contact_a_lead_and_an_account_get_a_tag_that_spotler_did_not_know(world, table):
    record, tag = world.record(table), new_tag()
    world.sync(record).assert_completed()

    world.run(ADD_TAG, record, dh_tag=tag).assert_completed()

    assert world.spotler.contact(record).tags == [tag]
    assert tag in world.spotler.tags()


@pytest.mark.feature("TAG-01")
def test_a_tag_that_the_contact_has_already_changes_nothing(world):
    record, tag = world.contact(), new_tag()
    world.run(ADD_TAG, record, dh_tag=tag).assert_completed()

    world.run(ADD_TAG, record, dh_tag=tag).assert_completed()

    assert world.spotler.effects(record).count("tag.added") == 1


@pytest.mark.feature("TAG-03")
def test_without_a_record_the_tag_is_only_created(world):
    tag = new_tag()

    job = world.run(ADD_TAG, dh_tag=tag)

    job.assert_completed()
    assert tag in world.spotler.tags()
    assert [each for each in world.spotler.door.journal("tag.added") if each["detail"]["tag"] == tag] == []


@pytest.mark.feature("TAG-06")
@pytest.mark.parametrize("separator", [",", ";", " ; ", ",,", ";\t"])
def test_several_tags_are_separated_by_comma_or_semicolon(world, separator):
    record, tags = world.contact(), [new_tag(), new_tag()]

    world.run(ADD_TAG, record, dh_tag=separator.join(tags)).assert_completed()

    assert world.spotler.contact(record).tags == tags


@pytest.mark.feature("TAG-06")
def test_tags_are_trimmed_and_a_repetition_in_another_case_counts_once(world):
    record, tag = world.contact(), new_tag()

    job = world.run(ADD_TAG, record, dh_tag=f"  {tag} ; {tag.upper()};")

    job.assert_completed()
    assert job.message == "1 tag added."
    assert world.spotler.contact(record).tags == [tag]


@pytest.mark.feature("TAG-01")
@pytest.mark.parametrize("tag", ["Zoë & co", "🎉 50% korting", "a/b?c=d#e", 'say "hi"'])
def test_a_tag_is_sent_as_it_was_typed(world, tag):
    record = world.contact()

    world.run(ADD_TAG, record, dh_tag=tag).assert_completed()

    assert world.spotler.contact(record).tags == [tag]


@pytest.mark.feature("TAG-01")
@pytest.mark.feature("TAG-05")
@pytest.mark.feature("TAG-06")
@pytest.mark.feature("JOB-07")
@pytest.mark.parametrize("tag", [None, "   ", ";", " , ; ,"], ids=["missing", "blank", "separator", "separators"])
def test_a_job_without_any_tag_is_not_valid(world, tag):
    record = world.contact()

    job = world.run(ADD_TAG, record, dh_tag=tag)

    world.assert_not_valid(job, record, "no tag", "Tag")


@pytest.mark.feature("TAG-03")
@pytest.mark.feature("TAG-05")
def test_a_job_without_any_tag_is_not_valid_without_a_record_either(world):
    before = world.spotler.tags()

    job = world.run(ADD_TAG, dh_tag=";")

    job.assert_failed("JOB_NOT_VALID", "no tag")
    assert world.spotler.tags() == before


@pytest.mark.feature("TAG-01")
@pytest.mark.feature("JOB-07")
def test_a_tag_that_is_too_long_is_refused_and_not_cut(world):
    record = world.contact()

    job = world.run(ADD_TAG, record, dh_tag=f"short; {'x' * 256}")

    world.assert_not_valid(job, record, "longer than 255")
