"""From the text of a query to `Select`. What is not of the subset is refused, never ignored.

SELECT [DISTINCT] [TOP n] item, ...       a column, COUNT(*), COUNT SUM AVG MIN MAX of a column, each with an alias
FROM table [alias] [[INNER|LEFT] JOIN table [alias] ON column = column] ...
WHERE condition                           = != <> < <= > >= [NOT] LIKE, IN, BETWEEN, IS [NOT] NULL, AND, OR, ( )
GROUP BY column, ...
ORDER BY column [ASC|DESC], ... [OFFSET n ROWS [FETCH NEXT n ROWS ONLY]]
"""

import re
from typing import Final

from sandbox.dataverse.sql.query import (
    MOST_ROWS,
    Comparison,
    Group,
    Item,
    Join,
    Literal,
    Name,
    Select,
    Source,
    refuse,
)

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*)|(?P<sign><=|>=|<>|!=|[=<>(),.*]))"
)
_FUNCTIONS: Final = frozenset({"COUNT", "SUM", "AVG", "MIN", "MAX"})
_COMPARED: Final = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})
#: Words that end a name without an alias.
_WORDS: Final = frozenset(
    (
        "SELECT", "DISTINCT", "TOP", "FROM", "INNER", "LEFT", "OUTER", "JOIN", "ON", "WHERE", "GROUP", "BY", "ORDER",
        "ASC", "DESC", "OFFSET", "ROWS", "ROW", "FETCH", "NEXT", "ONLY", "AND", "OR", "NOT", "LIKE", "IN", "BETWEEN",
        "IS", "NULL", "AS", "HAVING", "UNION", "RIGHT", "FULL", "CROSS", "CASE", "WITH",
    )
)  # fmt: skip


def parse_sql(text: str) -> Select:
    """Read a query.

    Raises:
        ApiError: 400 for what is not of the subset.
    """
    return _Parser(_tokens(text)).select()


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise refuse(f"unexpected text at position {place}.")
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        place = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._place = 0

    def select(self) -> Select:
        self._expect("SELECT")
        distinct = self._accept("DISTINCT")
        top = self._number() if self._accept("TOP") else None
        if top is not None and top > MOST_ROWS:
            raise refuse(f"TOP takes at most {MOST_ROWS}.")
        items = [self._item()]
        while self._accept(","):
            items.append(self._item())
        self._expect("FROM")
        source, joins = self._source(), []
        while (join := self._join()) is not None:
            joins.append(join)
        where = self._any() if self._accept("WHERE") else None
        groups = self._names() if self._phrase("GROUP", "BY") else []
        order = self._order() if self._phrase("ORDER", "BY") else []
        offset, fetch = self._window(ordered=bool(order))
        if self._place < len(self._tokens):
            raise refuse(f"'{self._tokens[self._place][1]}' is not expected.")
        return Select(
            tuple(items), source, tuple(joins), where, tuple(groups), tuple(order), distinct, top, offset, fetch
        )

    def _item(self) -> Item:
        word = self._peek().upper()
        if word in _FUNCTIONS and self._peek(1) == "(":
            self._place += 2
            distinct = self._accept("DISTINCT")
            name = None if word == "COUNT" and not distinct and self._accept("*") else self._name()
            self._expect(")")
            return Item(name, word.lower(), distinct, self._alias())
        return Item(self._name(), alias=self._alias())

    def _alias(self) -> str:
        self._accept("AS")
        return self._word() if self._is_name() else ""

    def _source(self) -> Source:
        table = self._word().lower()
        return Source(table, self._alias() or table)

    def _join(self) -> Join | None:
        outer = self._accept("LEFT")
        if outer:
            self._accept("OUTER")
        else:
            self._accept("INNER")
        if not self._accept("JOIN"):
            if outer:
                raise refuse("LEFT must be followed by JOIN.")
            return None
        source = self._source()
        self._expect("ON")
        one = self._name()
        self._expect("=")
        two = self._name()
        sides = (one, two) if one.table == source.alias else (two, one)
        if sides[0].table != source.alias or sides[1].table in ("", source.alias):
            raise refuse(f"the join of {source.table} must compare one of its columns with one of a table before it.")
        return Join(source, outer, *sides)

    def _any(self) -> Comparison | Group:
        parts = [self._all()]
        while self._accept("OR"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Group(any_of=True, parts=tuple(parts))

    def _all(self) -> Comparison | Group:
        parts = [self._condition()]
        while self._accept("AND"):
            parts.append(self._condition())
        return parts[0] if len(parts) == 1 else Group(any_of=False, parts=tuple(parts))

    def _condition(self) -> Comparison | Group:
        if self._accept("("):
            inner = self._any()
            self._expect(")")
            return inner
        name = self._name()
        if self._accept("IS"):
            denied = self._accept("NOT")
            self._expect("NULL")
            return Comparison(name, "NOT NULL" if denied else "NULL")
        prefix = "NOT " if self._accept("NOT") else ""
        if self._accept("LIKE"):
            return Comparison(name, f"{prefix}LIKE", (self._literal(),))
        if self._accept("IN"):
            self._expect("(")
            values = [self._literal()]
            while self._accept(","):
                values.append(self._literal())
            self._expect(")")
            return Comparison(name, f"{prefix}IN", tuple(values))
        if self._accept("BETWEEN"):
            low = self._literal()
            self._expect("AND")
            return Comparison(name, f"{prefix}BETWEEN", (low, self._literal()))
        sign = self._next()
        if prefix or sign not in _COMPARED:
            raise refuse(f"'{sign}' is no operator.")
        return Comparison(name, "!=" if sign == "<>" else sign, (self._literal(),))

    def _names(self) -> list[Name]:
        names = [self._name()]
        while self._accept(","):
            names.append(self._name())
        return names

    def _order(self) -> list[tuple[Name, bool]]:
        terms = []
        while True:
            name = self._name()
            descending = self._accept("DESC")
            if not descending:
                self._accept("ASC")
            terms.append((name, descending))
            if not self._accept(","):
                return terms

    def _window(self, *, ordered: bool) -> tuple[int, int | None]:
        if not self._accept("OFFSET"):
            return 0, None
        if not ordered:
            raise refuse("OFFSET needs ORDER BY.")
        offset = self._number()
        self._rows()
        if not self._accept("FETCH"):
            return offset, None
        self._expect("NEXT")
        fetch = self._number()
        self._rows()
        self._expect("ONLY")
        return offset, fetch

    def _rows(self) -> None:
        if not self._accept("ROWS"):
            self._expect("ROW")

    def _name(self) -> Name:
        first = self._word()
        if self._accept("."):
            return Name(first, self._word().lower())
        return Name("", first)

    def _literal(self) -> Literal:
        kind, text = self._tokens[self._place] if self._place < len(self._tokens) else ("", "")
        self._place += 1
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text) if "." in text else int(text)
        raise refuse(f"a value is expected, not '{text}'.")

    def _number(self) -> int:
        value = self._literal()
        if not isinstance(value, int) or value < 0:
            raise refuse("a whole number is expected.")
        return value

    def _word(self) -> str:
        if not self._is_name():
            raise refuse(f"a name is expected, not '{self._peek()}'.")
        return self._next()

    def _is_name(self) -> bool:
        if self._place >= len(self._tokens):
            return False
        kind, text = self._tokens[self._place]
        return kind == "word" and text.upper() not in _WORDS

    def _phrase(self, first: str, second: str) -> bool:
        if not self._accept(first):
            return False
        self._expect(second)
        return True

    def _peek(self, ahead: int = 0) -> str:
        place = self._place + ahead
        return self._tokens[place][1] if place < len(self._tokens) else ""

    def _next(self) -> str:
        text = self._peek()
        self._place += 1
        return text

    def _accept(self, word: str) -> bool:
        if self._place < len(self._tokens) and self._tokens[self._place][0] != "text" and self._peek().upper() == word:
            self._place += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise refuse(f"{word} is expected, not '{self._peek()}'.")
