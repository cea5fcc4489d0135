"""Damage documents in many ways, the same ways for the same seed."""

import random
import re
from dataclasses import dataclass

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')

#: Values that make sense nowhere, or somewhere else.
ODD = [
    *("null", "true", "false", "0", "-1", "1.50", "1e308", "1e400", "9" * 40, "9" * 5000, "NaN", "-Infinity"),
    *(
        '""',
        '"none"',
        '"\\ud800"',
        '"\\u0000"',
        '"/Date(0)/"',
        '"/Date(-99999999999999999)/"',
        '"Ã«"',
        '"é"',
        '"\ufeff"',
    ),
    *("[]", "{}", "[[]]", "[{}]", "[null]", '{"__type":7}', '{"__type":"Entity:x"}', '{"__type":"Money:","Value":[]}'),
    *('{"__value":{"__value":[]}}', '{"__type":"DateTime:#System","__value":"x"}', '{"key":"a","value":1}'),
    *('[{"key":"Target","value":1}]', '[{"key":"tag","value":{}}]', '{"Attributes":[{"key":"a","value":null}]}'),
    *("[" * 60 + "]" * 60, '{"a":' * 60 + "1" + "}" * 60, "[" * 3000, '"\\x"', "00", "1.", "'a'", ""),
]


@dataclass(frozen=True)
class Source:
    """A document, and where in it values and members stand."""

    text: str
    values: list[tuple[int, int]]
    members: list[tuple[int, int]]


def source(text):
    values, members, stack = [], [], []
    start, tokens = None, list(_TOKEN.finditer(text))
    for index, token in enumerate(tokens):
        kind, begin = token[0], token.start()
        if kind in "{[":
            stack.append((begin, start))
            start = None
            continue
        if kind in ",:":
            continue
        if kind in "}]":
            begin, start = stack.pop()
        elif index + 1 < len(tokens) and tokens[index + 1][0] == ":":
            start = begin
            continue
        values.append((begin, token.end()))
        if start is not None:
            members.append((start, token.end()))
            start = None
    return Source(text, values, members)


def damaged(chance: random.Random, sources: list[Source]) -> bytes:
    """A document with one to three kinds of damage."""
    origin = chance.choice(sources)
    text = origin.text
    limit = len(text)
    for _ in range(chance.randint(1, 3)):  # from back to front, so that the positions before stay right
        text, limit = _change(chance, sources, origin, text, limit)
    body = text.encode("utf-8", "surrogatepass")
    fate = chance.random()
    if fate < 0.15:
        return body[: chance.randrange(len(body) + 1)]
    if fate < 0.4:
        return _flip(chance, body)
    return body


def _change(chance, sources, origin, text, limit):
    remove = chance.random() < 0.25
    begin, end = chance.choice(origin.members if remove else origin.values)
    if end > limit:
        return text, limit
    if remove:
        rest = text[end:].lstrip()
        return (text[:begin] + rest.removeprefix(",") if rest.startswith(",") else text[:begin] + '"":0' + rest), begin
    if chance.random() < 0.5:
        return text[:begin] + chance.choice(ODD) + text[end:], begin
    other = chance.choice(sources)
    other_begin, other_end = chance.choice(other.values)
    return text[:begin] + other.text[other_begin:other_end] + text[end:], begin


def _flip(chance, body):
    changed = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)
