"""What a stored value has to look like: people can edit it, so it is checked each time it is read.

class RunValue(StoredValue):
    began: StoredMoment
    kind: str

RunValue.of("runs/20260301t120000", stored.value).began
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError

from connector.state.model import StoredValueUnreadable
from connector.words import Sentence

#: Nothing was stored before the first version, and the calculation with a moment must not leave the calendar.
_YEARS: Final = range(2000, 2200)
#: How far the clock of who wrote a value may be ahead: a moment that lies later is wrong, not a fact.
CLOCK_LEEWAY: Final = timedelta(minutes=15)


def stored_moment(value: object) -> datetime:
    """A moment as it is stored: ISO text with an offset; it is returned in UTC.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    if moment is None or moment.tzinfo is None or moment.year not in _YEARS:
        raise ValueError("must be a moment with its offset")
    return moment.astimezone(UTC)


StoredMoment = Annotated[datetime, PlainValidator(stored_moment)]


class StoredValue(BaseModel):
    """The members that a stored value must have, each of its own type and no other."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    @classmethod
    def of(cls, name: str, value: Mapping[str, object]) -> Self:
        """Check a value.

        Raises:
            StoredValueUnreadable: naming the members that are missing or wrong.
        """
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            wrong = sorted({str(each["loc"][0]) for each in error.errors(include_input=False)})
        # Outside of the handler, because the text of pydantic's error holds the value and would stay in the context.
        raise StoredValueUnreadable.of(name, Sentence("has no valid {names}", names=", ".join(wrong)))
