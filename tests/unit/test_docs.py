"""The documentation says what the connector does: nothing is missing from it, and its examples work."""

import ast
import json
import re
from collections import Counter, defaultdict
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from connector.cli.app import app
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import (
    Account,
    Automation,
    Contact,
    EnvironmentVariable,
    Job,
    Lead,
    MarketingList,
    Visitor,
)
from connector.dataverse.schema.own import JOB
from connector.operations.registry import operation_of
from connector.outcomes import MEANINGS
from connector.settings import Settings
from connector.spotler import PropertyType
from connector.spotler.calls import Route
from sandbox.sample_setup import PERMISSIONS_DEFINITION
from sandbox.samples import WORKING

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
#: Characters of a sentence that people read on the row of a job.
LONGEST = 120
#: Words with which no two sentences of a paragraph begin.
ALIKE = 5
EACH_OPERATION = pytest.mark.parametrize("operation", list(Operation), ids=lambda operation: operation.slug)


def text_of(name):
    return (DOCS / name).read_text(encoding="utf-8")


def sections(name):
    """The text below each heading of the second level, by heading."""
    parts = re.split(r"^## (.+)\n", text_of(name), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def listed_codes():
    return set(re.findall(r"^\| `([A-Za-z_]+)` \|", text_of("codes.md"), flags=re.MULTILINE))


# Codes


def test_the_page_of_codes_is_what_the_connector_prints():
    printed = CliRunner().invoke(app, ["codes"]).stdout

    assert text_of("codes.md") == printed, "run: python -m connector codes > docs/codes.md"


def test_the_page_for_marketers_is_what_the_connector_prints():
    printed = CliRunner().invoke(app, ["codes", "--marketers"]).stdout

    assert text_of("marketers/results.md") == printed, (
        "run: python -m connector codes --marketers > docs/marketers/results.md"
    )


def test_every_code_is_explained_in_dutch_too():
    rows = re.findall(r"^\| `\w+` \| (.*?) \| (.*?) \|$", text_of("marketers/results.md"), flags=re.MULTILINE)
    same = [
        text
        for english, dutch in rows
        for text in set(re.split("<br>| Or: ", english)) & set(re.split("<br>| Of: ", dutch))
    ]

    assert len(rows) > len(MEANINGS)
    assert same == [], "translate these in connector/words/nl.po"


def test_the_page_of_what_is_installed_is_what_the_connector_prints():
    printed = CliRunner().invoke(app, ["setup", "contents"]).stdout

    page = "administrators/dataverse-contents.md"
    assert text_of(page) == printed, f"run: python -m connector setup contents > docs/{page}"


def modules():
    """The modules of the connector that can be imported without starting anything, with their files."""
    for file in sorted((ROOT / "connector").rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if not name.endswith("__main__"):
            yield import_module(name), file


@cache
def codes_in_source():
    """Codes that stand in the source, as text or as the name of a constant."""
    return frozenset(_codes_in_source())


def _codes_in_source():
    for module, file in modules():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.keyword(arg="code", value=ast.Constant(str(code))):
                    yield code
                case ast.keyword(arg="code", value=ast.Name(name)) if name.isupper():
                    yield getattr(module, name)
                case ast.Assign([ast.Name("code")], ast.Constant(str(code))):
                    yield code


def codes_of_routes():
    """What answers of Spotler without a code stand for, at each of its calls."""
    for module, _ in modules():
        for route in vars(module).values():
            if isinstance(route, Route):
                yield from route.bare.values()


def test_no_code_is_without_its_row():
    written = {*MEANINGS, *codes_in_source(), *codes_of_routes()} - {""}

    assert written - listed_codes() == set()


def test_codes_are_found_in_every_form_in_which_they_are_written():
    in_source, of_routes = codes_in_source(), set(codes_of_routes())

    assert {"JOB_NOT_VALID", "JOBS_OVERDUE", "SUPERSEDED"} <= in_source, (
        "of a class, as text, by the name of a constant"
    )
    assert {"INVALID_STATE", "SPOTLER_AUDIENCE_REFUSED"} <= of_routes


def explanations():
    """What the page says of each code: one meaning, or several, each with its advice."""
    for code, meanings, advices in re.findall(
        r"^\| `(\w+)` \| (.*?) \| (.*?) \|", text_of("codes.md"), flags=re.MULTILINE
    ):
        for text in (*meanings.split(" Or: "), *advices.split(" Or: ")):
            yield code, text


def test_a_code_is_explained_in_short_sentences():
    """One for what is wrong and one for what to do: they are shown on the row of a job."""
    long = {
        code: text
        for code, text in explanations()
        if len(text) > LONGEST or len(re.findall(r"\.(?= [A-Z]|$)", text)) > 1
    }

    assert long == {}


# Operations


def parts_of(operation):
    return sections("developers/operations.md")[operation.label]


def example(operation):
    """The parameters of the flow step."""
    (block,) = re.findall(r"^```json\n(.+?)^```", parts_of(operation), flags=re.MULTILINE | re.DOTALL)
    return json.loads(block)


def codes_in(operation):
    (line,) = re.findall(r"\*\*Result codes:\*\*(.+?)^\*", parts_of(operation), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([A-Z_]+)`", line)


def test_every_operation_has_its_section_in_order():
    common, *headings = sections("developers/operations.md")

    assert common == "What all jobs have in common"
    assert headings == [operation.label for operation in Operation]


@EACH_OPERATION
def test_the_section_has_all_its_parts(operation):
    parts = dict(re.findall(r"^\* \*\*([\w ]+):\*\* (\S+)", parts_of(operation), flags=re.MULTILINE))
    asks_for_nothing = operation in WORKING and WORKING[operation].columns(defaultdict(str)) == {}

    assert {"Needs", "Result codes", "Repeated after a crash"} <= parts.keys()
    assert (parts["Needs"] == "nothing.") == asks_for_nothing
    assert ("Refuses" in parts) == (not asks_for_nothing)


@EACH_OPERATION
def test_the_section_says_whether_the_operation_is_repeated(operation):
    (said,) = re.findall(r"\*\*Repeated after a crash:\*\* (yes|no)", parts_of(operation))

    assert (said == "yes") == operation_of(operation.slug).repeatable


@EACH_OPERATION
def test_the_section_says_whether_the_record_is_sent_first(operation):
    assert ("(#records-that-are-sent-first)" in parts_of(operation)) == operation_of(operation.slug).syncs_first


def test_every_type_of_a_field_has_its_accepted_values():
    rows = re.findall(r"^\| [^|]*\((.+)\) \|", parts_of(Operation.SET_CONTACT_FIELD), flags=re.MULTILINE)

    assert {name for row in rows for name in re.findall("`(.+?)`", row)} == set(PropertyType)


@EACH_OPERATION
def test_the_codes_of_a_section_are_explained(operation):
    assert codes_in(operation)
    assert set(codes_in(operation)) - listed_codes() == set()


@EACH_OPERATION
def test_columns_are_those_of_the_table(operation):
    columns = {column.name for column in JOB.columns}
    row = re.findall(r"^\| [\w ]+ \| `(\w+)` \|", parts_of(operation), flags=re.MULTILINE)

    assert row[0] == Job.OPERATION
    assert set(row) - columns == set()
    assert f"| Operation | `{Job.OPERATION}` | {operation.label} |" in parts_of(operation)


def test_the_whole_step_wraps_parameters_like_the_others():
    (block,) = re.findall(
        r"^```json\n(.+?)^```",
        sections("developers/operations.md")["What all jobs have in common"],
        flags=re.MULTILINE | re.DOTALL,
    )

    step = json.loads(block)

    assert step["inputs"]["host"]["operationId"] == "CreateRecord"
    assert step["inputs"]["parameters"]["entityName"] == Job.SET
    assert step["inputs"]["parameters"]["item/dh_operation"] == Operation.ADD_TAG


@pytest.fixture
def there(world):
    """What the expressions of the examples stand for, by the set of the table."""
    automation = next(each for each in world.services.spotler.automations() if each.active and each.triggers)
    names = {Automation.AUTOMATION_ID: automation.id, Automation.FIELDS: "invoiceEmail=STRING"}
    world.load(EnvironmentVariable.TABLE, **PERMISSIONS_DEFINITION)
    return {
        Contact.SET: world.contact(known=True).id,
        Account.SET: world.account().id,
        Lead.SET: world.lead(known=True).id,
        MarketingList.SET: world.load(MarketingList.TABLE, listname="Friends", createdfromcode=2),
        Automation.SET: world.automation(automation.triggers[0].id, **names),
        Visitor.SET: world.load(Visitor.TABLE, **{Visitor.NAME: "Garden Centre"}),
    }


def create(world, operation, there, **columns):
    """What the step of the example does, its expressions replaced."""

    def filled(value):
        if isinstance(value, str) and (lookup := re.fullmatch(r"(\w+)\(@\{.+\}\)", value)):
            return f"/{lookup[1]}({there[lookup[1]]})"
        return re.sub(r"@\{.+\}", "anna@example.org", value) if isinstance(value, str) else value

    parameters = example(operation)
    assert parameters.pop("entityName") == Job.SET
    assert parameters["item/dh_operation"] == operation
    row = {name.removeprefix("item/"): filled(value) for name, value in parameters.items()} | columns
    return world.services.dataverse.create(Job.SET, row)


@EACH_OPERATION
def test_the_example_does_what_it_promises(operation, world, there):
    before = WORKING[operation].work.after if operation in WORKING else None
    columns = {}
    if before is not None:
        world.run(create(world, before, there))
    if operation is Operation.STOP_AUTOMATION:
        columns[Job.AUTOMATION_CONTACT_ID] = world.rows(Job.TABLE)[0][Job.AUTOMATION_CONTACT_ID]

    job = create(world, operation, there, **columns)
    world.run(job)

    promised = codes_in(operation)[0]
    assert world.status(job) == (JobStatus.COMPLETED if promised == "OK" else JobStatus.FAILED, promised)


# Settings


def names_of_settings():
    names = {field.validation_alias or name.upper() for name, field in Settings.model_fields.items()}
    triggers = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "connector" / "triggers").glob("*.py"))
    return names | set(re.findall(r"%([A-Z_]+)%", triggers))


def test_the_page_of_settings_has_every_setting_and_no_other():
    rows = re.findall(r"^\| (`.+?) \|", text_of("settings.md"), flags=re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert documented == names_of_settings()


# The command line


def commands(command=None, path=()):
    """Every command with the words that call it."""
    command = command or typer.main.get_command(app)
    if hasattr(command, "commands"):
        if command.invoke_without_command and path:  # the group is a command itself
            yield " ".join(path), command
        for name, below in command.commands.items():
            yield from commands(below, (*path, name))
    else:
        yield " ".join(path), command


ALL_COMMANDS = dict(commands())


@pytest.mark.parametrize("name", ALL_COMMANDS)
def test_every_command_and_option_is_documented(name):
    page = text_of("command-line.md")
    options = [option for each in ALL_COMMANDS[name].params for option in each.opts if option.startswith("--")]

    assert re.search(rf"^\| `{name}[ `]", page, flags=re.MULTILINE)
    assert [option for option in options if f"`{option}`" not in page] == []


def test_no_other_command_is_documented():
    documented = re.findall(r"^\| `([a-z -]+?)(?: [A-Z[].*)?` \|", text_of("command-line.md"), flags=re.MULTILINE)

    assert set(documented) == set(ALL_COMMANDS)


# Links, and merges


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_row_of_a_table_stands_below_a_heading(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    tables = re.findall(r"(?:^\|.*\n?)+", text, flags=re.MULTILINE)

    assert [table.splitlines()[0] for table in tables if not re.search(r"^\|[-| :]+\|$", table, re.MULTILINE)] == []


def doubled(text):
    """Beginnings of sentences that come twice in a paragraph, and rows of a table that differ in a few words only.

    Or that are about the same code, or say the same in a long first cell.
    """
    text = re.sub(r"```.*?```|^    .*?$", "", text, flags=re.DOTALL | re.MULTILINE)
    for paragraph in re.split(r"\n\s*\n|\n(?=[*#-]|\d+\.)", text):
        if paragraph.lstrip().startswith("|"):
            found: list[object] = re.findall(r"^\| (\w+)[^|]*(\|.*`.*\|)$", paragraph, flags=re.MULTILINE)
            found += re.findall(r"^\| (`[^|]+`|[^|]{60,}) \|", paragraph, flags=re.MULTILINE)
        else:
            words = paragraph.split()
            runs = [tuple(words[at : at + ALIKE]) for at, word in enumerate(words) if word[0].isupper()]
            found = [run for run in runs if len(run) == ALIKE]
        yield from (each for each, count in Counter(found).items() if count > 1)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_stands_twice_as_a_merge_leaves_it_behind(page):
    assert list(doubled(page.read_text(encoding="utf-8"))) == []


def test_what_a_merge_left_behind_is_found():
    row = "| {} | 365 days | `KEEP_VISITORS_DAYS` |\n"
    table = row.format("visitors that left") + row.format("visitors who left")

    assert len(list(doubled("It moves only past what is\nread. It moves only past what was stored."))) == 1
    assert len(list(doubled(table))) == 1
    assert len(list(doubled("| `PARTIAL` | some |\n| `OK` | all |\n| `PARTIAL` | a part |"))) == 1
