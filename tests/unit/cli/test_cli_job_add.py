"""`job add` takes names, addresses and numbers; what is ambiguous or unknown creates nothing."""

import pytest

from connector.cli import named
from connector.cli.named import words_of
from connector.dataverse.choices import Operation
from connector.dataverse.names import Automation, Flags, Job, MarketingList, Visitor

INACTIVE = {Flags.STATE: 1, Flags.STATUS: 2}


#: What a job of an operation needs beside what a test is about.
BESIDE = {"add-tag": ("--tag", "Customer")}


@pytest.fixture
def add(cli, settings_file):
    return lambda operation, *words: cli(
        "--settings", str(settings_file), "job", "add", "--operation", operation, *words, *BESIDE.get(operation, ())
    )


@pytest.fixture
def created(world, add):
    """The row of the job that a command has created."""

    def _created(operation, *words):
        ended = add(operation, *words)
        assert ended.code == 0, ended.err
        return world.row(ended.out.strip())

    return _created


@pytest.mark.parametrize(
    ("name", "words"),
    [("🚀 Welcome", ("welcome",)), ("Zoë  de Wit", ("zoe", "de", "wit")), ("List 2026_b", ("list", "2026", "b"))],
)
def test_signs_case_and_accents_of_a_name_do_not_count(name, words):
    assert words_of(name) == words


def test_a_record_is_named_by_its_address_or_by_words_of_its_name(world, created):
    anna = world.contact("anna", firstname="Anna", lastname="Voorbeeld")
    lars = world.lead("lars", firstname="Lars", lastname="Test")
    acme = world.account("acme")

    assert created("add-tag", "contact:ANNA@example.org")["_dh_customerid_value"] == anna.id
    assert created("add-tag", "--contact", "voorbeeld")["_dh_customerid_value"] == anna.id
    assert created("add-tag", "lead:Lars")["_dh_leadid_value"] == lars.id
    assert created("add-tag", "account:acme")["_dh_customerid_value"] == acme.id


def test_what_else_a_job_is_about_is_named_too(world, created):
    anna = world.contact("anna")
    welcome = world.load(Automation.TABLE, **{Automation.NAME: "🚀 Welcome", Automation.TRIGGER_CODE: "a"})
    world.load(Automation.TABLE, **{Automation.NAME: "🚀 Welcome back", Automation.TRIGGER_CODE: "b"})
    friends = world.load(MarketingList.TABLE, listname="Friends", createdfromcode=2)
    garden = world.load(Visitor.TABLE, **{Visitor.NAME: "Garden Centre", Visitor.DOMAIN: "garden.example.org"})

    started = created("start-automation", f"contact:{anna.id}", "automation:welcome")
    synced = created("sync-marketing-list", "list:friends")
    promoted = created("promote-visitor", "visitor:garden.example.org")

    assert started["_dh_spotlerautomationid_value"] == welcome, "the name with no other word comes first"
    assert (synced["_dh_listid_value"], promoted["_dh_websitevisitorid_value"]) == (friends, garden)


def test_the_run_to_stop_is_named_by_the_number_of_the_job_that_started_it(world, created, add):
    begun = world.job(Operation.START_AUTOMATION, **{Job.AUTOMATION_CONTACT_ID: "run-17"})
    silent = world.job(Operation.ADD_TAG)
    number = world.row(begun)[Job.NUMBER].lstrip("0")

    assert created("stop-automation", f"job:{number}")[Job.AUTOMATION_CONTACT_ID] == "run-17"
    assert "has no Automation Contact Id" in add("stop-automation", f"job:{silent}").err


def test_what_was_found_is_said_beside_the_id_of_the_job(world, add):
    anna = world.contact("anna")

    by_name, by_id = add("add-tag", "contact:anna"), add("add-tag", f"contact:{anna.id}")

    assert by_name.err == f"contact:{anna.id}  Anna  anna@example.org\n"
    assert by_id.err == ""
    assert all(ended.out.strip() in {row[Job.ID] for row in world.rows(Job.TABLE)} for ended in (by_name, by_id))


def test_what_fits_several_rows_is_refused_with_all_of_them(world, add):
    people = [
        world.contact(each, firstname="Jan", lastname=last) for each, last in (("a", "Jansen"), ("b", "de Vries"))
    ]

    ended = add("add-tag", "contact:Jan")

    assert (ended.code, ended.out) == (1, "")
    assert "fits 2 contacts; name one by its id:" in ended.err
    assert all(f"contact:{each.id}" in ended.err for each in people)
    assert world.rows(Job.TABLE) == []


def test_a_part_of_a_word_is_no_name_but_similar_ones_are_shown(world, add):
    joanna = world.contact("joanna")

    ended = add("add-tag", "contact:Ann")

    assert (ended.code, world.rows(Job.TABLE)) == (1, [])
    assert "None of the contacts is called “Ann”. Similar ones:" in ended.err
    assert joanna.id in ended.err


def test_an_inactive_row_counts_only_where_no_active_one_fits(world, created):
    old = world.contact("anna", **INACTIVE)
    only = world.contact("bert", **INACTIVE)
    new = world.contact("anna")

    assert created("sync-contact", "contact:anna@example.org")["_dh_customerid_value"] == new.id != old.id
    assert created("sync-contact", "contact:bert@example.org")["_dh_customerid_value"] == only.id


def test_more_rows_than_can_be_looked_at_are_not_chosen_from(world, add, monkeypatch):
    monkeypatch.setattr(named, "MOST", 1)
    for each in ("anna", "joanna"):
        world.contact(each)

    ended = add("add-tag", "contact:anna")

    assert (ended.code, world.rows(Job.TABLE)) == (1, [])
    assert "more than 1 contacts" in ended.err


def test_what_cannot_be_undone_needs_an_id_or_an_address(world, add, created):
    anna = world.contact("anna")

    refused = add("anonymize-contact", "contact:anna")

    assert (refused.code, world.rows(Job.TABLE)) == (1, [])
    assert "This cannot be undone" in refused.err
    assert created("anonymize-contact", "contact:anna@example.org")["_dh_customerid_value"] == anna.id


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["anna"], "write KIND:NAME"),
        (["person:anna"], "contact, lead, account, list, automation, visitor, job"),
        (["contact:"], "write KIND:NAME"),
        (["contact:anna", "--contact", "bert"], "name each kind once"),
        (["job:1", "--run", "17"], "not both"),
    ],
)
def test_what_names_nothing_is_refused_before_anything_is_asked(cli, words, says):
    ended = cli("job", "add", "--operation", "add-tag", *words)

    assert (ended.code, ended.out) == (1, "")
    assert says in ended.err


RECORD = "a record (contact:NAME, account:NAME or lead:NAME)"
NEEDS = {
    "sync-contact": RECORD,
    "sync-marketing-list": "list:NAME",
    "remove-marketing-list": "list:NAME",
    "add-tag": "--tag",
    "remove-tag": f"{RECORD}, --tag",
    "start-automation": f"{RECORD}, automation:NAME",
    "stop-automation": "job:NUMBER or --run, or a record and automation:NAME",
    "set-score": f"{RECORD}, --tag, --score",
    "increase-score": f"{RECORD}, --tag, --score",
    "decrease-score": f"{RECORD}, --tag, --score",
    "add-to-audience": f"{RECORD}, --audience",
    "remove-from-audience": f"{RECORD}, --audience",
    "set-contact-field": f"{RECORD}, --field, --value",
    "clear-contact-field": f"{RECORD}, --field",
    "anonymize-contact": RECORD,
    "promote-visitor": "visitor:NAME",
}


@pytest.mark.parametrize("operation", [each.slug for each in Operation])
def test_what_an_operation_cannot_do_without_is_missed_at_once(world, cli, settings_file, operation):
    ended = cli("--settings", str(settings_file), "job", "add", "--operation", operation)

    if operation not in NEEDS:
        assert world.row(ended.out.strip())[Job.OPERATION] == Operation.from_slug(operation)
        return
    assert (ended.code, ended.out, world.rows(Job.TABLE)) == (1, "", [])
    assert f"Not enough for {operation}; also give {NEEDS[operation]}." in " ".join(ended.err.split())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["set-score", "contact:anna", "--tag", " ", "--score", "0"], "also give --tag."),
        (["stop-automation", "contact:anna"], "also give job:NUMBER or --run"),
        (["add-tag", "contact:anna", "lead:lars", "--tag", "Customer"], "about one record"),
    ],
)
def test_what_is_blank_or_too_much_is_refused_at_once_too(cli, words, says):
    ended = cli("job", "add", "--operation", *words)

    assert (ended.code, ended.out) == (1, "")
    assert says in " ".join(ended.err.split())


def test_what_nothing_fits_is_reported_as_a_sentence(world, add):
    for word, says in {
        "automation:🚀": "neither letters nor digits",
        "contact:nobody@example.org": "None of the contacts is called",
        "job:1x": "is not an id",
    }.items():
        ended = add("add-tag", word)

        assert (ended.code, ended.out, world.rows(Job.TABLE)) == (1, "", [])
        assert says in ended.err
    assert "Which of the contacts is meant?" in add("add-tag", "--contact", "").err


def test_an_environment_without_marketing_lists_is_named(world, add):
    world.door("POST", "edition", json={"light": True})

    ended = add("sync-marketing-list", "list:Friends")

    assert (ended.code, ended.out) == (1, "")
    assert "This environment has no marketing lists" in ended.err
