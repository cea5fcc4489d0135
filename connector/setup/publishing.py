"""What is published by name: publishing everything would publish unfinished work of the customer too."""

from collections.abc import Iterable
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape

from connector.dataverse.schema.installation import OWN_TABLES
from connector.setup.component import TABLE, Publication
from connector.setup.interface.unfinished import unfinished
from connector.setup.patience import Patience
from connector.setup.target import SetupTarget

#: The list of a `ParameterXml` in which an element stands, where it is not its name with an s.
_LISTS: Final = {"entity": "entities"}
#: The documentation shows the ids of these without braces.
_WITHOUT_BRACES: Final = frozenset({"appmodule"})
_OURS: Final = frozenset(table.name for table in OWN_TABLES)


def publish(target: SetupTarget, patience: Patience, publications: Iterable[Publication]) -> None:
    """Publish these things; none of them publishes nothing.

    A table of the customer on which somebody works is left out: their work would be published with ours. New and
    deleted columns show without it.
    """
    wanted = [each for each in publications if not patience.patiently(lambda each=each: _is_in_work(target, each))]  # type: ignore[misc]
    if wanted:
        body = {"ParameterXml": parameter_xml(wanted)}
        patience.patiently(lambda: target.calls.act("PublishXml", body))


def _is_in_work(target: SetupTarget, publication: Publication) -> bool:
    is_foreign = publication.kind == TABLE and publication.name not in _OURS
    return is_foreign and bool(unfinished(target, publication.name))


def parameter_xml(publications: Iterable[Publication]) -> str:
    """The `ParameterXml` of `PublishXml`; each thing is named once. Ids have braces but for apps; names have none."""
    lists = []
    for kind, group in groupby(sorted(set(publications)), key=lambda each: each.kind):
        items = "".join(f"<{kind}>{escape(_shown(each))}</{kind}>" for each in group)
        name = _LISTS.get(kind, f"{kind}s")
        lists.append(f"<{name}>{items}</{name}>")
    return f"<importexportxml>{''.join(lists)}</importexportxml>"


def _shown(publication: Publication) -> str:
    name = publication.name
    return f"{{{name}}}" if "-" in name and publication.kind not in _WITHOUT_BRACES else name
