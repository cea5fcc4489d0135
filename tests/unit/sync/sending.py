"""What tests of sending read, map and compare."""

from dataclasses import replace

from connector.mapping import parse_mapping
from connector.sync.records import RecordReader
from connector.sync.results import Sent


def read(world, *refs):
    records = RecordReader(world.services).read(refs)
    return [records[ref] for ref in refs]


def use(world, *rows):
    """A mapping of contacts with these rows beside their address and first name."""
    first = [
        {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
        {"contact": "firstname", "direction": "->", "spotler": "firstName"},
    ]
    world.services = replace(world.services, mapping=parse_mapping({"rows": [*first, *rows]}))


def use_filter(world):
    """Those who refuse calls take no part."""
    use(
        world,
        {"contact": "donotphone", "direction": "->", "filter": "false"},
        {"contact": "@map(permissions)", "direction": "<->", "spotler": "permissions"},
    )


def codes(results):
    return [result.code if isinstance(result, Sent) else result.error for result in results]
