"""Whatever is put in, a message or a reason comes out.

Damaged documents, 20,000 and at night 100,000, made from the invented messages and, where they are at hand, from real
ones that others have published.
"""

import random
from collections import Counter
from pathlib import Path

import pytest

from connector.dataverse.messages import Message, parse_message
from connector.errors import Unreadable
from tests.unit.messages.damage import damaged, source
from tests.unit.messages.documents import NAMES, read_bytes

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "remote-execution-context"
DOCUMENTS = 100_000
CHUNKS = 10
#: The chunks of every run; the others are for the night.
USUAL = 2

SENTENCE_BOUND = 120  # characters; no sentence of ours is longer, so that nothing quoted fits in
CODES = {"MESSAGE_EMPTY", "MESSAGE_NOT_JSON", "MESSAGE_WRONG_FORMAT", "MESSAGE_NOT_DATAVERSE", "MESSAGE_MALFORMED"}
PROPERTIES = [None, {}, {"x-MessageMaxSizeExceeded": 1}, {b"\xff": None, 7: "x"}, {"/claims/entitylogicalname": 7}]


@pytest.fixture(scope="module")
def sources():
    texts = [read_bytes(name).decode() for name in NAMES]
    texts += [path.read_text("utf-8") for path in sorted(SAMPLES.glob("*.json"))]
    return [source(text) for text in texts]


def outcome(body, chance):
    try:
        message = parse_message(body, properties=chance.choice(PROPERTIES))
    except Unreadable as error:
        return error.result_code if len(error.sentence) < SENTENCE_BOUND else "too long a sentence"
    assert type(message) is Message
    return "read"


@pytest.mark.parametrize(
    "chunk", [pytest.param(chunk, marks=[pytest.mark.nightly] * (chunk >= USUAL)) for chunk in range(CHUNKS)]
)
def test_a_damaged_document_is_read_or_refused_and_nothing_else_happens(sources, chunk):
    chance = random.Random(chunk)  # noqa: S311 - the same damage in every run

    outcomes = Counter(outcome(damaged(chance, sources), chance) for _ in range(DOCUMENTS // CHUNKS))

    assert set(outcomes) <= CODES | {"read"}
    assert (
        min(outcomes["read"], outcomes["MESSAGE_MALFORMED"], outcomes["MESSAGE_NOT_JSON"]) > DOCUMENTS // CHUNKS // 50
    )


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_are_refused(seed):
    chance = random.Random(seed)  # noqa: S311 - the same bytes in every run

    assert {outcome(chance.randbytes(chance.randrange(40)), chance) for _ in range(1_000)} <= CODES
