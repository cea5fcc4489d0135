"""What each kind of request may carry: query options, preferences and conditions. Everything else is refused.

| kind      | query options                      | preferences    | conditions                        |
|-----------|------------------------------------|----------------|-----------------------------------|
| READ_SET  | those of a query, `@alias`         | page size      |                                   |
| FETCH     | `fetchXml`                         |                |                                   |
| SQL       | `sql`, `$skiptoken`                |                |                                   |
| COUNT     | `$filter`, `@alias`                |                |                                   |
| READ_ROW  | `$select`, `$expand`               |                | `If-None-Match` with an etag      |
| CREATE    | `tag`, and `$select`, `$expand` *  | representation |                                   |
| UPSERT    | as CREATE                          | representation | `If-Match`, or `If-None-Match: *` |
| CHANGE    | `tag`                              |                | `If-Match`                        |
| ACT       | `tag`                              |                |                                   |
| DEFINE    | `$select`, `$filter`, `$expand`    |                |                                   |
| CUSTOMIZE |                                    |                | `If-Match: *`                     |
| BARE      |                                    |                |                                   |
| BATCH     |                                    | go on          |                                   |
| FILE      | `x-ms-file-name`, `sessiontoken`,  |                | `If-Match: *`                     |
|           | `size`                             |                |                                   |

(*) with the preference `return=representation`. Annotations may be asked for anywhere but on the batch itself, and
`If-None-Match: null`, which forbids answers from a cache, may stand anywhere. Only FILE takes the headers about files.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sandbox.dataverse.calls import Call
from sandbox.dataverse.errors import bad_query, not_supported
from sandbox.dataverse.headers import OF_FILES
from sandbox.dataverse.preferences import Preference

_ETAG: Final = r'W/"\d+"'
_IF_MATCH: Final = {"if-match": re.compile(rf"\*|{_ETAG}")}


@dataclass(frozen=True, slots=True)
class Admission:
    """What one kind of request may carry.

    Attributes:
        options: names of query options.
        preferences: beside the annotations.
        conditions: for each condition, what it may say.
        annotated: whether annotations may be asked for.
        of_files: whether the headers about files may be there.
    """

    options: frozenset[str] = frozenset()
    preferences: frozenset[Preference] = frozenset()
    conditions: Mapping[str, "re.Pattern[str]"] = field(default_factory=dict)
    annotated: bool = True
    of_files: bool = False


READ_SET: Final = Admission(
    frozenset({"$select", "$filter", "$orderby", "$top", "$count", "$expand", "$skiptoken"}),
    frozenset({Preference.PAGE_SIZE}),
)
FETCH: Final = Admission(frozenset({"fetchXml"}))
SQL: Final = Admission(frozenset({"sql", "$skiptoken"}))
COUNT: Final = Admission(frozenset({"$filter"}))
READ_ROW: Final = Admission(frozenset({"$select", "$expand"}), conditions={"if-none-match": re.compile(_ETAG)})
CREATE: Final = Admission(frozenset({"tag"}), frozenset({Preference.RETURN}))
UPSERT: Final = Admission(
    frozenset({"tag"}), frozenset({Preference.RETURN}), {**_IF_MATCH, "if-none-match": re.compile(r"\*")}
)
CHANGE: Final = Admission(frozenset({"tag"}), conditions=_IF_MATCH)
ACT: Final = Admission(frozenset({"tag"}))
DEFINE: Final = Admission(frozenset({"$select", "$filter", "$expand"}))
CUSTOMIZE: Final = Admission(conditions={"if-match": re.compile(r"\*")})
BARE: Final = Admission()
BATCH: Final = Admission(preferences=frozenset({Preference.CONTINUE}), annotated=False)
FILE: Final = Admission(
    frozenset({"x-ms-file-name", "sessiontoken", "size"}),
    conditions={"if-match": re.compile(r"\*")},
    of_files=True,
)

#: What a write may say about the row that comes back.
_OF_REPRESENTATION: Final = frozenset({"$select", "$expand"})
_CONDITIONS: Final = ("if-match", "if-none-match")


def admit(call: Call, parameters: Mapping[str, str], admission: Admission) -> None:
    """Refuse what this kind of request does not take.

    Args:
        call: the request.
        parameters: its query options.
        admission: what it may carry.

    Raises:
        ApiError: 400 that names what is not supported.
    """
    preferences = call.preferences
    options = admission.options
    if preferences.representation:
        options |= _OF_REPRESENTATION
    for name in parameters:
        if name not in options and not (name.startswith("@") and "$filter" in options):
            raise bad_query(f"The query parameter {name} is not supported")
    refused = preferences.given - admission.preferences
    if admission.annotated:
        refused -= {Preference.ANNOTATIONS}
    for preference in sorted(refused):
        raise not_supported(f"The preference '{preference}' has no effect on {call.method} {call.path}.")
    for name in () if admission.of_files else OF_FILES & call.headers.keys():
        raise not_supported(f"The header '{name}' has no effect on {call.method} {call.path}.")
    _check_conditions(call, admission)


def _check_conditions(call: Call, admission: Admission) -> None:
    given = {name: call.headers[name] for name in _CONDITIONS if name in call.headers}
    if given.get("if-none-match") == "null":
        del given["if-none-match"]
    if len(given) > 1:
        raise not_supported("A request takes If-Match or If-None-Match, not both.")
    for name, value in given.items():
        pattern = admission.conditions.get(name)
        if pattern is None or not pattern.fullmatch(value):
            raise not_supported(f"The condition '{name}: {value}' is not supported on {call.method} {call.path}.")
