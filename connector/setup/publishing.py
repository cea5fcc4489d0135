"""What is published by name: publishing everything would publish unfinished work of the customer too."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape

from connector.setup.calls import SetupCalls
from connector.setup.component import Publication
from connector.setup.patience import Patience

#: The list of a `ParameterXml` in which an element stands, where it is not its name with an s.
_LISTS: Final = {"entity": "entities"}


def publish(calls: SetupCalls, patience: Patience, publications: Sequence[Publication]) -> None:
    """Publish these things; none of them publishes nothing."""
    if publications:
        body = {"ParameterXml": parameter_xml(publications)}
        patience.patiently(lambda: calls.act("PublishXml", body))


def parameter_xml(publications: Iterable[Publication]) -> str:
    """The `ParameterXml` of `PublishXml`; each thing is named once. Ids have braces, names have none."""
    lists = []
    for kind, group in groupby(sorted(set(publications)), key=lambda each: each.kind):
        items = "".join(f"<{kind}>{escape(_shown(each.name))}</{kind}>" for each in group)
        name = _LISTS.get(kind, f"{kind}s")
        lists.append(f"<{name}>{items}</{name}>")
    return f"<importexportxml>{''.join(lists)}</importexportxml>"


def _shown(name: str) -> str:
    return f"{{{name}}}" if "-" in name else name
