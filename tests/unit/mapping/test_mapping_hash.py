"""The fingerprint of what was sent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from connector.mapping import content_hash

VALUES = st.text() | st.integers() | st.booleans() | st.lists(st.dictionaries(st.text(), st.booleans(), max_size=2))
PROPERTIES = st.dictionaries(st.text(), VALUES, max_size=6)


@given(PROPERTIES, st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(properties, random):
    items = list(properties.items())
    random.shuffle(items)

    assert content_hash(properties) == content_hash(dict(items))


@given(PROPERTIES, st.text(), st.text() | st.integers() | st.booleans(), st.text() | st.integers() | st.booleans())
def test_another_value_gives_another_hash(properties, name, one, other):
    # 1 and True are equal in Python but not on the wire.
    same = type(one) is type(other) and one == other

    assert same is (content_hash(properties | {name: one}) == content_hash(properties | {name: other}))


def test_it_is_64_hexadecimal_characters_and_the_same_in_every_process():
    code = "from connector.mapping import content_hash; print(content_hash({'b': 'é', 'a': [{'bit': 1}]}))"
    root = Path(__file__).parents[3]
    answers = {
        subprocess.run(  # noqa: S603 - our own interpreter and text
            [sys.executable, "-c", code],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert {content_hash({"a": [{"bit": 1}], "b": "é"})} == answers
    assert len(answers.pop()) == 64


def test_a_value_that_cannot_go_over_the_wire_has_no_hash():
    with pytest.raises(TypeError):
        content_hash({"a": object()})
    with pytest.raises(ValueError, match="JSON"):
        content_hash({"a": float("nan")})


def test_half_a_surrogate_pair_does_no_harm():
    assert content_hash({"a": "\ud800"}) != content_hash({"a": "\ud801"})


def test_loading_the_mapping_does_not_load_what_only_sheets_and_files_need():
    code = "import sys, connector.mapping; print(sorted({'openpyxl', 'jsonschema'} & set(sys.modules)))"
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
