"""The AMQP codec: what is written is read back, and nothing that arrives can break the reader."""

from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from sandbox.servicebus.decoding import decode, skip
from sandbox.servicebus.encoding import encode
from sandbox.servicebus.frames import MAX_FRAME_SIZE, FrameBuffer, encode_frame
from sandbox.servicebus.message import BATCH_FORMAT, DATA, Content, unbatch
from sandbox.servicebus.performatives import Flow, Transfer, decode_performative
from sandbox.servicebus.values import (
    Array,
    Byte,
    DecodeError,
    Described,
    Float,
    Int,
    Short,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
)


def numbers(cls, bits, *, signed):
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return st.integers(low, high).map(cls)


ascii_text = st.text(st.characters(max_codepoint=127), max_size=300)
keys = st.one_of(st.text(max_size=20), ascii_text.map(Symbol), numbers(ULong, 64, signed=False))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    numbers(UByte, 8, signed=False),
    numbers(UShort, 16, signed=False),
    numbers(UInt, 32, signed=False),
    numbers(ULong, 64, signed=False),
    numbers(Byte, 8, signed=True),
    numbers(Short, 16, signed=True),
    numbers(Int, 32, signed=True),
    numbers(int, 64, signed=True),
    numbers(Timestamp, 64, signed=True),
    st.floats(allow_nan=False),
    st.floats(allow_nan=False, width=32).map(Float),
    st.uuids(),
    st.binary(max_size=600),
    st.text(max_size=300),
    ascii_text.map(Symbol),
)
arrays = st.one_of(
    st.lists(item, max_size=300).map(Array)
    for item in (
        st.uuids(),
        numbers(int, 64, signed=True),
        numbers(Timestamp, 64, signed=True),
        st.text(max_size=20),
        ascii_text.map(Symbol),
    )
)
values = st.recursive(
    st.one_of(scalars, arrays),
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.dictionaries(keys, inner, max_size=6),
        st.builds(Described, keys, inner),
    ),
    max_leaves=20,
)


@given(values)
def test_a_value_survives_the_wire_with_its_type(value):
    decoded, end = decode(encode(value))

    assert (decoded, end) == (value, len(encode(value)))
    assert type(decoded) is type(value)


@given(values, st.binary(max_size=10))
def test_skipping_a_value_stops_where_decoding_stops(value, tail):
    data = b"\x40" + encode(value) + tail

    assert skip(data, 1) == decode(data, 1)[1] == len(data) - len(tail)


@given(st.binary(max_size=200))
def test_random_bytes_are_a_value_or_a_decode_error(data):
    for read in (lambda: decode(data)[1], lambda: skip(data, 0)):
        try:
            end = read()
        except DecodeError:
            continue
        assert 0 < end <= len(data)


@given(values, st.data())
def test_a_value_that_is_cut_short_is_refused(value, data):
    encoded = encode(value)
    length = data.draw(st.integers(0, len(encoded) - 1))

    with pytest.raises(DecodeError):
        decode(encoded[:length])


@given(st.binary(max_size=300))
def test_random_bytes_never_break_the_reading_of_messages_or_performatives(data):
    for read in (decode_performative, Content.parse, lambda raw: list(unbatch(raw, BATCH_FORMAT))):
        try:
            read(data)
        except DecodeError:
            continue


@pytest.mark.parametrize(
    ("value", "size"),
    [(UInt(0), 1), (UInt(255), 2), (UInt(256), 5), (ULong(0), 1), (ULong(255), 2), ([], 1), (b"x" * 255, 257)],
)
def test_small_values_take_their_short_form(value, size):
    assert len(encode(value)) == size


def test_nesting_without_end_is_a_decode_error():
    with pytest.raises(DecodeError):
        decode(b"\x00" * 100_000)


def test_an_array_cannot_claim_more_items_than_bytes():
    array_of_a_billion_nulls = b"\xf0" + (5).to_bytes(4) + (10**9).to_bytes(4) + b"\x40"

    with pytest.raises(DecodeError, match="more items than bytes"):
        decode(array_of_a_billion_nulls)


def test_a_value_without_an_amqp_type_is_refused():
    with pytest.raises(TypeError, match="complex"):
        encode(1j)


def test_performatives_carry_every_field_of_the_wire():
    described, _ = decode(encode_frame(0, Transfer(UInt(1)))[8:])

    assert described.value == [UInt(1), *[None] * 10]


def test_omitted_trailing_fields_read_as_none():
    body = encode(Described(ULong(0x13), [UInt(1), UInt(2), UInt(3), UInt(4)]))

    assert decode_performative(body) == (Flow(UInt(1), UInt(2), UInt(3), UInt(4)), b"")


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=8), st.integers(1, 64))
def test_frames_come_out_whole_however_the_stream_is_cut(payloads, chunk):
    stream = b"".join(encode_frame(number, Transfer(UInt(0)), body) for number, body in enumerate(payloads))
    buffer, seen = FrameBuffer(), []
    for start in range(0, len(stream), chunk):
        buffer.feed(stream[start : start + chunk])
        while frame := buffer.take_frame():
            seen.append((frame.channel, decode_performative(frame.body)[1]))

    assert seen == list(enumerate(payloads))


@pytest.mark.parametrize("header", [(MAX_FRAME_SIZE + 1).to_bytes(4) + b"\x02", (20).to_bytes(4) + b"\x01", bytes(5)])
def test_a_frame_with_impossible_sizes_is_refused(header):
    buffer = FrameBuffer()
    buffer.feed(header + bytes(3))

    with pytest.raises(DecodeError):
        buffer.take_frame()


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_a_batch_gives_back_its_messages(messages):
    payload = b"".join(encode(Described(DATA, message)) for message in messages)

    assert list(unbatch(payload, BATCH_FORMAT)) == messages


@given(
    st.dictionaries(st.text(max_size=10), st.one_of(st.text(max_size=10), st.integers(-9, 9), st.uuids()), max_size=4),
    st.text(min_size=1, max_size=20),
)
def test_dead_lettering_adds_the_reason_and_keeps_everything_else(properties, reason):
    raw = encode(Described(ULong(0x74), properties)) + encode(Described(DATA, b"body"))
    dead = Content.parse(raw).with_properties({"DeadLetterReason": reason}).dead_lettered("queue")

    assert Content.parse(dead.encoded_application_properties).application_properties == {
        **properties,
        "DeadLetterReason": reason,
    }
    assert dead.body == encode(Described(DATA, b"body"))


def test_uuids_are_written_in_network_order():
    assert encode(UUID(int=1)) == b"\x98" + bytes(15) + b"\x01"
