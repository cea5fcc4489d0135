"""`consent template` and `consent import`: sheets with the consent of many records."""

import csv
import io
from datetime import date

import pytest
from openpyxl import Workbook, load_workbook

from connector.cli.consent_sheet import MAX_CSV_BYTES
from connector.dataverse.choices import ConsentCause, JobStatus
from connector.dataverse.names import Consent, Job, Permission
from connector.errors import Transient
from connector.mapping.workbook import MAX_ROWS
from connector.sync.permissions import imports as consent_import
from tests.unit.cli.consent_rows import DAY, note, rows

BEFORE, SINCE = "2026-01-15T09:00:00Z", "2026-02-15T09:00:00Z"


@pytest.fixture
def bring_in(run, tmp_path):
    """Brings in a sheet with these lines."""

    def _bring_in(*lines, ending="csv", table="contact", agreed_on=DAY, evidence="Paper forms, box 7"):
        path = tmp_path / f"sheet.{ending}"
        if ending == "csv":
            path.write_text("\n".join(",".join(line) for line in lines), encoding="utf-8")
        else:
            book = Workbook()
            for line in lines:
                book.worksheets[0].append(line)
            book.save(path)
        return run("import", path, "--table", table, "--evidence", evidence, "--agreed-on", agreed_on)

    return _bring_in


# The sheet


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_a_template_has_the_active_records_and_what_they_agreed_to_and_no_names(world, run, tmp_path, ending, table):
    ann = getattr(world, table)("ann")
    world.permission(ann, "Newsletter", subscribed=True)
    world.permission(ann, "Events", subscribed=False)
    path = tmp_path / f"sheet.{ending}"

    code, text = run("template", path, "--table", table)

    assert (code, "with 1 record." in text) == (0, True)
    if ending == "csv":
        lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    else:
        sheet = load_workbook(path).worksheets[0]
        lines = [["" if value is None else value for value in line] for line in sheet.iter_rows(values_only=True)]
    heading, line = lines
    found = dict(zip(heading, line, strict=True))
    assert (found["Record Id"], found["Newsletter"], found["Events"], found["Offers"]) == (ann.id, "yes", "no", "")
    assert "ann" not in str(lines).casefold().replace(ann.id, "")


def test_a_template_that_was_not_filled_in_changes_no_row(world, run, tmp_path):
    ann = world.contact()
    world.permission(ann, "Newsletter", subscribed=True)
    path = tmp_path / "sheet.xlsx"
    run("template", path, "--table", "contact")

    code, text = run("import", path, "--table", "contact", "--evidence", "Forms", "--agreed-on", DAY)

    assert (code, text) == (0, "1 permission: left as they were\n")
    assert [(row[Permission.NAME], row[Permission.SUBSCRIBED]) for row in world.rows(Permission.TABLE)] == [
        ("Newsletter", True)
    ]


def test_a_template_is_not_written_over_a_file(run, tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_text("mine")

    assert run("template", path, "--table", "contact")[0] == 1
    assert path.read_text() == "mine"
    assert run("template", path, "--table", "contact", "--force")[0] == 0


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_an_import_makes_rows_with_their_evidence_and_queues_a_sync(world, bring_in, ending):
    ann = world.contact()

    code, text = bring_in(["Record Id", "newsletter", "Events"], [ann.id.upper(), "Yes", "no"], ending=ending)

    assert (code, text) == (0, "2 permissions: created\n")
    assert rows(world) == {"Newsletter": True, "Events": False}
    found = [(row[Consent.PERMISSION], row[Consent.SOURCE], row[Consent.EVIDENCE]) for row in world.rows(Consent.TABLE)]
    person = ConsentCause.PERSON
    evidence = "Import: Paper forms, box 7"
    assert sorted(found) == [("Events", person, evidence), ("Newsletter", person, evidence)]
    (job,) = world.rows(Job.TABLE)
    assert (job[Job.STATUS], job[f"_{Job.CUSTOMER}_value"]) == (JobStatus.QUEUED, ann.id)


def test_an_import_that_is_repeated_changes_nothing_more(world, bring_in):
    ann = world.contact()
    lines = ["Record Id", "Newsletter"], [ann.id, "yes"]

    assert bring_in(*lines) == (0, "1 permission: created\n")
    assert bring_in(*lines) == (0, "1 permission: left as they were\n")
    assert len(world.rows(Consent.TABLE)) == 1


def test_an_import_that_stopped_before_it_queued_a_sync_is_finished_by_repeating_it(world, bring_in, monkeypatch):
    ann = world.contact()
    world.permission(ann, "Newsletter", subscribed=True)
    lines = ["Record Id", "Newsletter"], [ann.id, "no"]

    def stops(*_):
        raise Transient

    with monkeypatch.context() as patched:
        patched.setattr(consent_import, "_queue", stops)
        with pytest.raises(Transient):
            bring_in(*lines)
    assert rows(world) == {"Newsletter": False}

    assert bring_in(*lines) == (0, "1 permission: left as they were\n")
    assert [job[f"_{Job.CUSTOMER}_value"] for job in world.rows(Job.TABLE)] == [ann.id]


@pytest.mark.parametrize(
    ("columns", "says", "expected", "text"),
    [
        ({"subscribed": False, "modifiedon": BEFORE}, "yes", True, "switched"),
        ({"subscribed": False, "modifiedon": SINCE}, "yes", False, "refused since"),
        ({"subscribed": True, "modifiedon": SINCE}, "no", False, "switched"),
        ({"subscribed": True, "modifiedon": SINCE}, "yes", True, "left as they were"),
        ({"subscribed": False, "modifiedon": SINCE}, "no", False, "left as they were"),
    ],
)
def test_an_import_switches_rows_unless_the_person_refused_since(world, bring_in, columns, says, expected, text):
    ann = world.contact()
    world.permission(ann, "Newsletter", **columns)

    assert bring_in(["Record Id", "Newsletter"], [ann.id, says]) == (0, f"1 permission: {text}\n")

    assert rows(world) == {"Newsletter": expected}


def test_an_import_does_not_subscribe_who_has_do_not_bulk_email(world, bring_in):
    ann = world.contact(donotbulkemail=True)

    assert bring_in(["Record Id", "Newsletter"], [ann.id, "yes"]) == (0, "1 permission: refused since\n")
    assert rows(world) == {}


def test_an_import_does_not_undo_a_withdrawal_that_only_the_history_knows(world, bring_in):
    ann = world.contact()
    note(world, ann, on=False)

    assert bring_in(["Record Id", "Newsletter"], [ann.id, "yes"]) == (0, "1 permission: refused since\n")


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_sheet_with_problems_is_refused_as_a_whole_with_its_cells(world, bring_in, ending):
    ann, bob = world.contact("ann"), world.contact("bob")

    code, text = bring_in(
        ["Id", "Newsletter", "Fax", "newsletter"],
        [ann.id, "yes"],
        [ann.id, "maybe"],
        ["nobody", "yes"],
        [bob.id, "yes", "", "", "yes"],
        ending=ending,
    )

    assert code == 1
    assert [cell in text for cell in ("A1", "C1", "D1", "A3", "B3", "A4", "E5")] == [True] * 7
    assert rows(world) == {}
    assert world.rows(Consent.TABLE) == []


def test_a_sheet_with_a_record_that_is_not_there_is_refused_as_a_whole(world, bring_in):
    ann, lars = world.contact(), world.lead()

    code, text = bring_in(["Record Id", "Newsletter"], [ann.id, "yes"], [lars.id, "yes"])

    assert (code, "A3 is no contact" in text) == (1, True)
    assert rows(world) == {}


def test_a_formula_is_no_answer(world, bring_in):
    ann = world.contact()

    code, text = bring_in(["Record Id", "Newsletter"], [ann.id, '="yes"'], ending="xlsx")

    assert (code, "B2" in text) == (1, True)


@pytest.mark.parametrize(
    "given", [{"evidence": "mail of ann@example.org"}, {"evidence": " "}, {"agreed_on": "2999-01-01"}]
)
def test_evidence_is_no_address_and_nobody_agreed_in_the_future(world, bring_in, given):
    ann = world.contact()

    assert bring_in(["Record Id", "Newsletter"], [ann.id, "yes"], **given)[0] == 1
    assert rows(world) == {}


def test_a_workbook_that_is_too_long_is_refused(bring_in):
    code, text = bring_in(["Record Id"], *([] for _ in range(MAX_ROWS)), ["x"], ending="xlsx")

    assert (code, "beyond row" in text) == (1, True)


def test_a_csv_file_that_is_too_large_or_unreadable_is_refused(run, tmp_path):
    large, binary = tmp_path / "large.csv", tmp_path / "binary.csv"
    with large.open("wb") as file:
        file.truncate(MAX_CSV_BYTES + 1)
    binary.write_bytes(b"Record Id,\xff\xfe\n")

    answers = [
        run("import", path, "--table", "contact", "--evidence", "x", "--agreed-on", DAY) for path in (large, binary)
    ]

    assert [code for code, _ in answers] == [1, 1]


# Odd sheets


def call_permissions(world, *names):
    """Spotler's permissions have these names from now on; the program has not read them yet."""
    world.spotler.rename_permissions({2**number: name for number, name in enumerate(names)})


@pytest.mark.parametrize("odd", [date(2026, 2, 1), 1, 0, 1.5, "y", "x", "ja, graag", "#N/A", "yes yes"])
def test_an_answer_that_is_neither_yes_nor_no_is_named_with_its_cell(world, bring_in, odd):
    ann = world.contact()

    code, text = bring_in(["Record Id", "Newsletter"], [ann.id, odd], ending="xlsx")

    assert (code, "B2 is not yes, no or empty" in text) == (1, True)
    assert rows(world) == {}


@pytest.mark.parametrize("form", [str.upper, "{{{}}}".format, " {} ".format, lambda key: key.replace("-", "")])
def test_an_id_may_be_written_in_other_forms_and_is_then_the_same_record(world, bring_in, form):
    ann = world.contact()

    assert bring_in(["Record Id", "Newsletter"], [form(ann.id), True], ending="xlsx")[0] == 0
    assert rows(world) == {"Newsletter": True}
    code, text = bring_in(["Record Id", "Newsletter"], [ann.id, "no"], [form(ann.id), "yes"])
    assert (code, "A3 is the same record as A2" in text) == (1, True)


def test_columns_and_rows_in_another_order_mean_the_same(world, bring_in):
    ann, bob = world.contact("ann"), world.contact("bob")

    code, _ = bring_in(["Record Id", "", "Events", "Newsletter"], [bob.id, "", "no", "yes"], [], [ann.id, "", "yes"])

    assert code == 0
    assert sorted((row[Permission.NAME], row[Permission.SUBSCRIBED]) for row in world.rows(Permission.TABLE)) == [
        ("Events", False), ("Events", True), ("Newsletter", True)
    ]  # fmt: skip


def test_a_name_that_two_permissions_have_names_neither(world, bring_in):
    call_permissions(world, "Newsletter", "newsletter ")
    ann = world.contact()

    code, text = bring_in(["Record Id", "Newsletter"], [ann.id, "yes"])

    assert (code, "B1 is the name of several permissions" in text) == (1, True)
    assert rows(world) == {}


@pytest.mark.parametrize("name", ["News; offers", "News, offers", 'The "news"', "=1+1", "'quoted", "-"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_template_can_be_brought_in_whatever_permissions_are_called(world, run, tmp_path, name, ending):
    call_permissions(world, name)
    world.contact()
    path = tmp_path / f"sheet.{ending}"
    assert run("template", path, "--table", "contact")[0] == 0

    code, text = run("import", path, "--table", "contact", "--evidence", "x", "--agreed-on", DAY)

    assert (code, text) == (0, "The sheet says nothing.\n")


def test_a_csv_file_of_excel_has_semicolons(world, run, tmp_path):
    ann = world.contact()
    path = tmp_path / "sheet.csv"
    path.write_bytes(f'\ufeff"Record Id";"Newsletter"\r\n"{ann.id}";"ja"\r\n'.encode())

    assert run("import", path, "--table", "contact", "--evidence", "x", "--agreed-on", DAY)[0] == 0
    assert rows(world) == {"Newsletter": True}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_file_that_is_not_there_is_a_sentence(run, tmp_path, ending):
    path = tmp_path / f"nowhere.{ending}"

    code, text = run("import", path, "--table", "contact", "--evidence", "x", "--agreed-on", DAY)

    assert (code, f"nowhere.{ending}" in text) == (1, True)


def test_a_workbook_without_a_table_is_a_sentence(run, tmp_path):
    book, path = Workbook(), tmp_path / "chart.xlsx"
    book.create_chartsheet("Chart")
    del book["Sheet"]
    book.save(path)

    code, text = run("import", path, "--table", "contact", "--evidence", "x", "--agreed-on", DAY)

    assert (code, "chart.xlsx" in text) == (1, True)


@pytest.mark.parametrize("given", [{"agreed_on": "0001-01-01"}, {"agreed_on": "1899-12-31"}, {"evidence": "x" * 2000}])
def test_a_day_or_an_evidence_that_cannot_be_kept_is_refused_before_anything_is_written(world, bring_in, given):
    ann = world.contact()

    assert bring_in(["Record Id", "Newsletter"], [ann.id, "yes"], **given)[0] == 1
    assert rows(world) == {}
