"""A Spotler Job as people see it on its form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job as Names

#: `[CODE] What is wrong. What to do about it.`
_FOR_PEOPLE: Final = re.compile(r"\[(?P<code>[A-Z_]+)\] [A-Z].+?[.;] [A-Z].+\.")


@dataclass(frozen=True, slots=True)
class Job:
    """What stands on the row."""

    id: str
    number: str
    status: JobStatus
    code: str
    message: str
    attempts: int
    run_id: str

    @classmethod
    def from_row(cls, row: Mapping[str, object]) -> Self:
        return cls(
            id=str(row[Names.ID]),
            number=str(row[Names.NUMBER]),
            status=JobStatus(int(str(row[Names.STATUS]))),
            code=str(row[Names.RESULT_CODE] or ""),
            message=str(row[Names.RESULT_MESSAGE] or ""),
            attempts=int(str(row[Names.ATTEMPTS] or 0)),
            run_id=str(row[Names.AUTOMATION_CONTACT_ID] or ""),
        )

    @property
    def outcome(self) -> tuple[str, str]:
        """Status and result code, e.g. `("Completed", "OK")`."""
        return self.status.label, self.code

    def assert_completed(self, code: str = "OK") -> None:
        """It is done, and says so in a sentence."""
        assert self.outcome == ("Completed", code), self.message
        assert self.message.endswith(".")

    def assert_failed(self, code: str, *words: str) -> None:
        """It failed with this code, and its message says what was wrong (in these words, too) and what to do."""
        assert self.outcome == ("Failed", code), self.message
        text = _FOR_PEOPLE.fullmatch(self.message)
        assert text is not None, self.message
        assert text["code"] == code
        for word in words:
            assert word in self.message
