"""A query in SQL as FetchXML, and what each column of the answer is called.

FetchXML keeps rows in which a compared column is empty, and SQL leaves them out: `!=` and `NOT` ask for a value too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from sandbox.dataverse.sql.query import MOST_ROWS, Comparison, Group, Item, Literal, Name, Select, refuse

_OPERATORS: Final = {
    "=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "LIKE": "like", "NOT LIKE": "not-like",
    "IN": "in", "NOT IN": "not-in", "BETWEEN": "between", "NOT BETWEEN": "not-between", "NULL": "null",
    "NOT NULL": "not-null",
}  # fmt: skip
#: Those that FetchXML lets empty columns through with.
_DENYING: Final = frozenset({"!=", "NOT LIKE", "NOT IN", "NOT BETWEEN"})


@dataclass(frozen=True, slots=True)
class Translated:
    """The same query in FetchXML.

    Attributes:
        xml: the query.
        shown: the name in the answer of each column of the result.
        offset: how many of the first rows are left out.
    """

    xml: str
    shown: Mapping[str, str]
    offset: int


def as_fetch_xml(select: Select, page: int, id_columns: Mapping[str, str]) -> Translated:
    """Translate a query.

    Args:
        select: the query.
        page: which page of it, from 1.
        id_columns: the primary key of each table.

    Raises:
        ApiError: 400 for a name that is not of the query, or a list that cannot be grouped so.
    """
    return _Translator(select, id_columns).translate(page)


class _Translator:
    def __init__(self, select: Select, id_columns: Mapping[str, str]) -> None:
        self._select = select
        self._ids = id_columns
        self._aliases = {select.source.alias, *(join.source.alias for join in select.joins)}
        self._is_grouped = bool(select.groups) or any(each.function for each in select.items)
        self._elements: dict[str, ET.Element] = {}

    def translate(self, page: int) -> Translated:
        select = self._select
        fetch = ET.Element("fetch", {"mapping": "logical"})
        entity = ET.SubElement(fetch, "entity", {"name": select.source.table})
        self._elements[select.source.alias] = entity
        for join in select.joins:
            if join.right.table not in self._elements:
                raise refuse(f"{join.right.table} is not a table before {join.source.table}.")
            link = {
                "name": join.source.table, "from": join.left.column, "to": join.right.column,
                "alias": join.source.alias, "link-type": "outer" if join.outer else "inner",
            }  # fmt: skip
            self._elements[join.source.alias] = ET.SubElement(self._elements[join.right.table], "link-entity", link)
        shown = self._columns()
        if select.where is not None:
            outer = ET.SubElement(entity, "filter", {"type": "and"})
            self._condition(outer, select.where)
        for name, descending in select.order:
            self._order(name, descending=descending)
        self._limits(fetch, page)
        return Translated(ET.tostring(fetch, encoding="unicode"), shown, select.offset)

    def _limits(self, fetch: ET.Element, page: int) -> None:
        select = self._select
        if self._is_grouped:
            fetch.set("aggregate", "true")
        if select.distinct:
            fetch.set("distinct", "true")
        most = select.top if select.fetch is None else select.offset + select.fetch
        if most is not None:
            fetch.set("top", str(min(most, MOST_ROWS)))
        else:
            fetch.set("count", str(MOST_ROWS))
            fetch.set("page", str(page))

    def _columns(self) -> dict[str, str]:
        shown: dict[str, str] = {}
        for number, item in enumerate(self._select.items):
            name = self._shown_as(item, number)
            if name in shown.values():
                raise refuse(f"two columns are called {name}: give one an alias.")
            shown[self._column(item, number)] = name
        return shown

    def _shown_as(self, item: Item, number: int) -> str:
        if item.alias:
            return item.alias
        return item.name.column if item.name is not None and not item.function else f"column{number}"

    def _column(self, item: Item, number: int) -> str:
        """Ask for a column, and tell under which name the result has it."""
        alias = f"c{number}"
        if item.name is None:
            table = self._select.source
            attributes = {"name": self._ids[table.table], "aggregate": "count"}
            ET.SubElement(self._elements[table.alias], "attribute", {**attributes, "alias": alias})
            return alias
        element = self._element(item.name)
        attributes = {"name": item.name.column.lower(), "alias": alias}
        if item.function:
            attributes["aggregate"] = "countcolumn" if item.function == "count" else item.function
            if item.distinct:
                attributes["distinct"] = "true"
        elif self._is_grouped:
            if not any(self._same(item.name, each) for each in self._select.groups):
                raise refuse(f"{item.name.column} is neither grouped nor in a function.")
            attributes["groupby"] = "true"
        ET.SubElement(element, "attribute", attributes)
        return alias

    def _same(self, one: Name, two: Name) -> bool:
        return one.column.lower() == two.column.lower() and self._element(one) is self._element(two)

    def _element(self, name: Name) -> ET.Element:
        """The table of a column."""
        if name.table and name.table not in self._elements:
            raise refuse(f"there is no table {name.table} in the query.")
        if not name.table and self._select.joins:
            raise refuse(f"with several tables, {name.column} must say of which it is.")
        return self._elements[name.table or self._select.source.alias]

    def _order(self, name: Name, *, descending: bool) -> None:
        attributes = {"descending": str(descending).lower()}
        for number, item in enumerate(self._select.items):
            is_it = not name.table and item.alias == name.column
            if is_it or (item.name is not None and not item.function and self._is_item(item, name)):
                if self._is_grouped:
                    element = (
                        self._elements[self._select.source.alias] if item.name is None else self._element(item.name)
                    )
                    ET.SubElement(element, "order", {**attributes, "alias": f"c{number}"})
                    return
                if item.name is not None:
                    name = item.name
                break
        if self._is_grouped:
            raise refuse(f"the order by {name.column} must be a column of the result.")
        ET.SubElement(self._element(name), "order", {**attributes, "attribute": name.column.lower()})

    def _is_item(self, item: Item, name: Name) -> bool:
        if item.name is None or (not name.table and self._select.joins):
            return False
        return self._same(item.name, name)

    def _condition(self, parent: ET.Element, part: Comparison | Group) -> None:
        if isinstance(part, Group):
            inner = ET.SubElement(parent, "filter", {"type": "or" if part.any_of else "and"})
            for each in part.parts:
                self._condition(inner, each)
            return
        if part.operator in _DENYING:
            parent = ET.SubElement(parent, "filter", {"type": "and"})
            self._compare(parent, Comparison(part.name, "NOT NULL"))
        self._compare(parent, part)

    def _compare(self, parent: ET.Element, part: Comparison) -> None:
        self._element(part.name)
        attributes = {"attribute": part.name.column.lower(), "operator": _OPERATORS[part.operator]}
        if part.name.table and part.name.table != self._select.source.alias:
            attributes["entityname"] = part.name.table
        if len(part.values) == 1 and not part.operator.endswith("IN"):
            attributes["value"] = _text(part.values[0])
        condition = ET.SubElement(parent, "condition", attributes)
        if "value" not in attributes:
            for value in part.values:
                ET.SubElement(condition, "value").text = _text(value)


def _text(value: Literal) -> str:
    return "" if value is None else str(value)
