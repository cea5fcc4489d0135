"""The documentation of the mapping says what the code does."""

import json
import re
from pathlib import Path

import pytest

from connector.mapping import Collection, Direction, parse_mapping
from connector.mapping.columns import parse_column
from connector.mapping.document import SCHEMA_FILE
from connector.mapping.sheet import HEADINGS

PAGE = (Path(__file__).parents[3] / "docs" / "administrators" / "mapping.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_valid_mapping(example):
    assert parse_mapping(json.loads(example)).rows


def test_there_are_examples():
    assert EXAMPLES


def test_everything_that_a_mapping_may_hold_is_explained():
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    keys = [*schema["properties"], *schema["$defs"]["row"]["properties"]]
    words = [f"`{key}`" for key in keys if key != "$schema"]
    words += [f"@map({collection})" for collection in Collection]

    assert [word for word in (*words, *Direction, *HEADINGS) if word not in PAGE] == []


def test_the_examples_in_the_schema_can_be_read():
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))

    assert all(parse_column(example) for example in schema["$defs"]["column"]["examples"])


def test_the_schema_is_a_schema():
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    assert not Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))).is_valid({})
