"""Each reader finds what is theirs: the front page, a page for each reader, and jobs in the words of the form."""

import re
from pathlib import Path

import pytest

from connector.consent import Reason
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Flags
from connector.dataverse.schema.labels import TRANSLATIONS, label
from connector.dataverse.schema.own import JOB
from connector.dataverse.schema.standard import CONTACT

DOCS = Path(__file__).parents[2] / "docs"
READERS = ("administrators", "developers", "flows", "marketers", "nl", "operators")
#: The page of jobs for those who fill in the form, by language.
FORM_PAGES = {"en": DOCS / "marketers" / "jobs.md", "nl": DOCS / "nl" / "spotler-taken.md"}
#: Words between what is filled in, by language.
BETWEEN = {"en": {"or", "nothing"}, "nl": {"of", "niets"}}
#: The reason by which reports count people whom the first of these columns keeps out.
REASONS = {Reason.DO_NOT_EMAIL.value}
LABELS = {column.label for column in JOB.columns if column.writable}


def links_of(page):
    found = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    return {(page.parent / each).resolve() for each in found}


def test_the_front_page_says_in_a_few_lines_which_pages_are_whose():
    page = DOCS / "README.md"
    rows = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith(("| a", "| not"))]

    assert len(rows) <= 10
    assert set(DOCS.glob("*.md")) - {page} - links_of(page) == set(), "pages for all readers"
    assert {DOCS / reader / "README.md" for reader in READERS} <= links_of(page)


@pytest.mark.parametrize("reader", READERS)
def test_the_page_of_a_reader_names_every_page_in_its_folder(reader):
    folder = DOCS / reader
    named = links_of(folder / "README.md")

    assert {page for page in folder.glob("*.md") if page.name != "README.md"} - named == set()


def rows_of(language):
    """Each operation with the labels that are to be filled in."""
    text = FORM_PAGES[language].read_text(encoding="utf-8")
    for operation, columns in re.findall(r"^\| \*\*(.+?)\*\* \| (.+?) \|", text, flags=re.MULTILINE):
        assert set(re.sub(r"\*[^*]+\*|[,;]", "", columns).split()) <= BETWEEN[language]
        yield operation, re.findall(r"\*([^*]+)\*", columns)


def test_the_page_of_jobs_has_every_operation_with_labels_of_the_form():
    found = list(rows_of("en"))

    assert [operation for operation, _ in found] == [operation.label for operation in Operation]
    assert {column for _, columns in found for column in columns} <= LABELS


def test_the_dutch_page_says_the_same_in_the_labels_of_the_dutch_form():
    def dutch(word):
        return TRANSLATIONS.get(word) or label(word).nl

    english = [(dutch(operation), [dutch(column) for column in columns]) for operation, columns in rows_of("en")]

    assert list(rows_of("nl")) == english


@pytest.mark.parametrize(("language", "place"), [("en", "en"), ("nl", "nl")])
def test_the_statuses_are_those_of_the_form(language, place):
    text = FORM_PAGES[language].read_text(encoding="utf-8")

    assert [f"| {getattr(label(status.label), place)} |" in text for status in JobStatus] == [True] * len(JobStatus)


def test_both_pages_have_the_same_sections_and_rows():
    def shape(language):
        text = FORM_PAGES[language].read_text(encoding="utf-8")
        return re.findall(r"^(?:#+ |\||\* |\d\. )", text, flags=re.MULTILINE)

    assert shape("en") == shape("nl")


def test_every_page_calls_the_columns_about_mail_as_the_form_does():
    form = {CONTACT.column(name).label for name in (Flags.DO_NOT_EMAIL, Flags.DO_NOT_BULK_EMAIL)}
    pages = {page: " ".join(page.read_text(encoding="utf-8").split()) for page in DOCS.rglob("*.md")}

    said = {
        (page.name, name)
        for page, text in pages.items()
        for name in re.findall(r"\bdo not (?:allow )?(?:bulk )?e-?mails?\b", text, flags=re.IGNORECASE)
    }

    assert {(page, name) for page, name in said if name not in form | REASONS} == set()
    assert {name for _, name in said} >= form
