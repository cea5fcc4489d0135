"""How far Dutch clocks were ahead of UTC, by two accounts, without the time-zone library that the connector uses.

HISTORY is what the clocks in the Netherlands showed (Staatsblad; the tables of the IANA time-zone database, file
`backzone`): Amsterdam time, Dutch time, the German time of the occupation, and then Central European Time.
TODAYS_RULE is what Windows does, and so perhaps Dynamics: summer time from the last Sunday of March to that of October
in every year.
"""

from bisect import bisect_right
from datetime import date, datetime, timedelta

AMSTERDAM_TIME, DUTCH_TIME = timedelta(minutes=19, seconds=32), timedelta(minutes=20)
HOUR = timedelta(hours=1)

#: First and last day of summer time; the clocks were changed in the night before.
_SUMMERS = [
    "1916-05-01", "1916-10-01", "1917-04-16", "1917-09-17", "1918-04-01", "1918-09-30", "1919-04-07", "1919-09-29",
    "1920-04-05", "1920-09-27", "1921-04-04", "1921-09-26", "1922-03-26", "1922-10-08", "1923-06-01", "1923-10-07",
    "1924-03-30", "1924-10-05", "1925-06-05", "1925-10-04", "1926-05-15", "1926-10-03", "1927-05-15", "1927-10-02",
    "1928-05-15", "1928-10-07", "1929-05-15", "1929-10-06", "1930-05-15", "1930-10-05", "1931-05-15", "1931-10-04",
    "1932-05-22", "1932-10-02", "1933-05-15", "1933-10-08", "1934-05-15", "1934-10-07", "1935-05-15", "1935-10-06",
    "1936-05-15", "1936-10-04", "1937-05-22", "1937-10-03", "1938-05-15", "1938-10-02", "1939-05-15", "1939-10-08",
    "1940-05-16", "1942-11-02", "1943-03-29", "1943-10-04", "1944-04-03", "1944-10-02", "1945-04-02", "1945-09-16",
    "1977-04-03", "1977-09-25", "1978-04-02", "1978-10-01", "1979-04-01", "1979-09-30", "1980-04-06", "1980-09-28",
]  # fmt: skip
#: Changes at midnight: the day itself begins with the new time.
_AT_MIDNIGHT = {date(1916, 5, 1), date(1916, 10, 1), date(1940, 5, 16)}


def last_sunday(year: int, month: int) -> date:
    end = date(year, month, 31 if month in (3, 10) else 30)
    return end - timedelta(days=(end.weekday() + 1) % 7)


_PAIRS = list(zip(_SUMMERS[::2], _SUMMERS[1::2], strict=True))
SUMMERS = [
    *((date.fromisoformat(first), date.fromisoformat(last)) for first, last in _PAIRS),
    *((last_sunday(year, 3), last_sunday(year, 9 if year < 1996 else 10)) for year in range(1981, 2101)),
]
_FIRST_DAYS = [first for first, _ in SUMMERS]


def turning_points() -> list[date]:
    """The days on which the clocks changed, by history."""
    return [date(1937, 7, 1), date(1940, 5, 16), *(day for summer in SUMMERS for day in summer)]


def history(day: date) -> timedelta:
    """How far the clocks were ahead of UTC when the day began; where they skipped midnight, right after that."""
    begins = bisect_right(_FIRST_DAYS, day) - 1
    summer = False
    if begins >= 0:
        first, last = SUMMERS[begins]
        summer = (first < day or (first == day and day in _AT_MIDNIGHT)) and (
            day < last or (day == last and day not in _AT_MIDNIGHT)
        )
    past = AMSTERDAM_TIME if day < date(1937, 7, 1) else DUTCH_TIME
    standard = HOUR if day >= date(1940, 5, 16) else past
    return standard + HOUR if summer else standard


def todays_rule(day: date) -> timedelta:
    """How far the clocks are ahead of UTC when the day begins, if every year had the summer time of today."""
    return 2 * HOUR if last_sunday(day.year, 3) < day <= last_sunday(day.year, 10) else HOUR


def midnight(day: date, offset: timedelta) -> str:
    """The beginning of the day, as the Web API writes it."""
    moment = datetime(day.year, day.month, day.day) - offset  # noqa: DTZ001 - in UTC
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
