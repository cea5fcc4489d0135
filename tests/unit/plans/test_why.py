"""Why: where a value came from, of what the connector recorded, and never the value itself."""

import pytest

from connector.mapping import mapping_version
from connector.plans.why import NoSuchField, why
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.unit.plans.test_undo import pull


@pytest.fixture
def ann(two):
    record = two.contact("ann", firstname="Ann")
    two.sync(record)
    two.pull()
    return record


def texts(two, record, name):
    return {each.about: each.text for each in why(two.services, record, name)}


def test_a_value_of_spotler_is_traced_to_its_run_its_rule_and_its_mapping(two, ann):
    two.profile(ann, city="Gouda")
    run = pull(two)

    told = texts(two, ann, "city")

    version = mapping_version(two.services.mapping)
    assert told["rule"].endswith(f"of the mapping {version}, contact: address1_city <- city.")
    assert told["in Dataverse"] == f"address1_city came from Spotler with run {run}, mapping {version}."
    assert "in Spotler" not in told, "the connector never sends it"
    assert told == texts(two, ann, "address1_city"), "either name may be given"


def test_a_change_in_dataverse_after_the_run_is_said(two, ann):
    two.profile(ann, firstName="Anna")
    pull(two)
    two.edit(ann, firstname="Annabel")

    assert texts(two, ann, "firstname")["in Dataverse"].endswith("It was changed in Dataverse since then.")


def test_a_value_that_was_sent_has_its_time_and_mapping(two, ann):
    told = {each.about: each for each in why(two.services, ann, "lastName")}

    version = mapping_version(two.services.mapping)
    assert told["in Spotler"].text.startswith(f"lastName was sent with a value, by mapping {version}, with ")
    assert told["in Spotler"].at is not None
    assert told["in Dataverse"].text == "The connector never writes lastname; Dataverse knows who did."


def test_permissions_are_named_as_the_mapping_names_them_and_were_sent_by_item(two, ann):
    told = texts(two, ann, "permissions")

    assert told["rule"].endswith(", contact: @map(permissions) <-> permissions.")
    assert told["in Spotler"].startswith("permissions was sent, by mapping ")
    assert told["in Spotler"].endswith("Which of its items were on is not recorded here.")


def test_a_field_without_a_value_is_said_to_have_had_none(two):
    bob = two.contact("bob", firstname=None)
    two.sync(bob)

    assert "firstName was sent empty, or left out" in texts(two, bob, "firstName")["in Spotler"]


def test_what_was_not_recorded_is_not_known(two):
    bob = two.contact("bob")

    told = texts(two, bob, "firstName")

    assert "not known" in told["in Dataverse"]
    assert "not known" in told["in Spotler"]


def test_a_permission_is_explained_by_the_history_of_consent(two):
    ann = two.contact("ann")
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    two.pull()
    two.unsubscribe(ann, NEWSLETTER_BIT)
    two.pull()

    (last,) = [each for each in why(two.services, ann, "permissions") if each.about == "consent"][-1:]

    assert last.text.startswith("Newsletter: off, by feed; ")
    assert last.at is not None


def test_no_value_is_ever_told(two, ann):
    two.profile(ann, firstName="Marianne", city="Gouda")
    pull(two)

    told = " ".join(each.text for name in ("firstname", "city", "email") for each in why(two.services, ann, name))

    assert not any(value in told for value in ("Marianne", "Gouda", "ann@example.org"))


def test_a_field_that_the_mapping_does_not_have_is_refused(two, ann):
    with pytest.raises(NoSuchField):
        why(two.services, ann, "shoeSize")
