"""`GlobalOptionSetDefinitions`: choices that several columns share."""

from sandbox.dataverse import errors
from sandbox.dataverse.calls import Answer, Call, empty_answer
from sandbox.dataverse.customizing.dependencies import refuse_if_needed
from sandbox.dataverse.customizing.option_sets import changed_choice, new_choice
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.reading import DefinitionReader
from sandbox.dataverse.customizing.requests import created, merges, solution_of
from sandbox.dataverse.customizing.solutions import CHOICE
from sandbox.dataverse.errors import ApiError, unknown_segment


class Choices:
    """Reads and writes global choices."""

    def __init__(self, parts: Parts, reader: DefinitionReader) -> None:
        self._parts = parts
        self._reader = reader

    def read(self, call: Call, key: str | None, rest: str | None) -> Answer:
        """Answer a GET request.

        Raises:
            ApiError: 404 for unknown choices.
        """
        items = [each.properties for each in self._parts.definitions.choices.values()]
        return self._reader.choices(call, key, rest, items)

    def write(self, call: Call, key: str | None, rest: str | None) -> Answer:
        """Make, change or delete a choice.

        Raises:
            ApiError: when it is refused.
        """
        if rest is not None:
            raise unknown_segment(rest)
        solution = solution_of(call)
        if key is None and call.method == "POST":
            made = new_choice(self._parts, call.json(), solution)
            self._parts.definitions.choices[made.name.lower()] = made
            self._parts.solutions.add(CHOICE, made.id, solution)
            return created(call, f"GlobalOptionSetDefinitions({made.id})")
        if key is None or call.method not in ("PUT", "DELETE"):
            message = f"The requested resource does not support http method '{call.method}'."
            raise ApiError(405, errors.BAD_QUERY, message)
        found = self._parts.finder.choice(key)
        if call.method == "PUT":
            changed_choice(self._parts, found, call.json(), merge=merges(call))
            self._parts.solutions.add(CHOICE, found.id, solution)
            return empty_answer()
        refuse_if_needed(self._parts, CHOICE, found.id, "OptionSet")
        del self._parts.definitions.choices[found.name.lower()]
        self._parts.solutions.remove(found.id)
        return empty_answer()
