"""`$expand`: which navigation properties are followed, and what of the rows behind them is shown.

What the service allows ("Join tables using OData" in the documentation of Power Apps): 15 of them in a query; `$select`
and `$expand` behind a lookup, `$filter`, `$orderby` and `$top` of a collection besides, the last two only where nothing
is nested; `/$ref` behind a lookup; N:N neither nested nor beside others.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.dataverse.errors import bad_query, unknown_property
from sandbox.dataverse.model import Navigation, TableModel
from sandbox.dataverse.related import Collection, Collections
from sandbox.dataverse.store import Store

#: A query may have so many in all.
MOST: Final = 15
_TERM: Final = re.compile(r"\s*(?P<name>\w+)(?P<ref>/\$ref)?\s*(?:\((?P<options>.*)\))?\s*", re.DOTALL)
_OF_LOOKUP: Final = frozenset({"$select", "$expand"})
_OF_COLLECTION: Final = _OF_LOOKUP | {"$filter", "$orderby", "$top"}
_ORDERED: Final = (
    "Only $select and $filter clause can be provided while doing $expand on many-to-one relationship or nested "
    "one-to-many relationship."
)


@dataclass(frozen=True, slots=True)
class Expansion:
    """One term of `$expand`.

    Attributes:
        name: the navigation property.
        behind: the lookup or the collection that it follows.
        options: the query options in its parentheses, by name.
        inner: what is expanded of the rows behind it.
        reference: whether only the addresses of the rows are shown.
        paged: whether the rows of collections come in pages: something in the query is nested.
    """

    name: str
    behind: Navigation | Collection
    options: Mapping[str, str]
    inner: tuple["Expansion", ...] = ()
    reference: bool = False
    paged: bool = False


class Expanding:
    """Reads `$expand`.

    Args:
        store: the rows.
        collections: of all tables.
    """

    def __init__(self, store: Store, collections: Collections) -> None:
        self._store = store
        self._collections = collections

    def read(self, model: TableModel, text: str) -> tuple[Expansion, ...]:
        """The terms of a query's `$expand`.

        Raises:
            ApiError: 400 for what cannot be read, is not known, or is not allowed.
        """
        if not text:
            return ()
        terms = list(_terms(text))
        nested = any("$expand" in options for _, _, options in terms)
        found = tuple(self._expansion(model, *term, nested=nested) for term in terms)
        every = list(_all(found))
        if len(every) > MOST:
            raise bad_query(f"The number of $expand options is {len(every)}; a query can have {MOST}.")
        pairs = [each for each in every if isinstance(each.behind, Collection) and each.behind.pairs is not None]
        if pairs and (nested or len(pairs) != len(every)):
            raise bad_query(f"'{pairs[0].name}' is many-to-many: it is expanded neither nested nor beside others.")
        return found

    def _expansion(
        self, model: TableModel, name: str, reference: bool, options: Mapping[str, str], *, nested: bool
    ) -> Expansion:
        behind = model.navigations.get(name) or self._collections.of(model).get(name)
        if behind is None:
            raise unknown_property(name, model.name)
        is_collection = isinstance(behind, Collection)
        if reference and (is_collection or options):
            raise bad_query("Expand with $ref is only supported on lookup type navigation property.")
        if is_collection and nested and {"$orderby", "$top"} & set(options):
            raise bad_query(_ORDERED)
        unknown = set(options) - (_OF_COLLECTION if is_collection else _OF_LOOKUP)
        if unknown:
            raise bad_query(f"{', '.join(sorted(unknown))} is not supported within $expand of '{name}'.")
        table = behind.table if isinstance(behind, Collection) else behind.targets[0]
        inner = tuple(
            self._expansion(self._store.catalog.by_name[table], *term, nested=nested)
            for term in _terms(options.get("$expand", ""))
        )
        return Expansion(name, behind, options, inner, reference, nested)


def _all(expansions: Sequence[Expansion]) -> Iterator[Expansion]:
    for each in expansions:
        yield each
        yield from _all(each.inner)


def _terms(text: str) -> Iterator[tuple[str, bool, dict[str, str]]]:
    """Name, whether only references are wanted, and options of each term.

    Raises:
        ApiError: 400 when one cannot be read.
    """
    for term in _split(text, ",") if text else ():
        match = _TERM.fullmatch(term)
        options: dict[str, str] = {}
        for part in _split(match["options"], ";") if match and match["options"] is not None else ():
            name, _, value = part.strip().partition("=")
            if not name.startswith("$") or not value or name in options:
                raise bad_query(f"Syntax error in '$expand': '{part}'.")
            options[name] = value
        if match is None:
            raise bad_query(f"Syntax error in '$expand': '{term}'.")
        yield match["name"], match["ref"] is not None, options


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that stand outside of parentheses and quotes."""
    parts, depth, start, quoted = [], 0, 0, False
    for position, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif not quoted:
            depth += (character == "(") - (character == ")")
            if character == separator and depth == 0:
                parts.append(text[start:position])
                start = position + 1
    return [*parts, text[start:]]
