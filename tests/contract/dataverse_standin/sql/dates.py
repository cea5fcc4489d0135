"""The date operators in the words of SQLite's date functions.

The caller is in India (+05:30, no summer time), fiscal years begin in April and weeks on Monday.
"""

NOW = "2026-03-18T09:10:20Z"
LOCAL_NOW = "2026-03-18 14:40:20"


def date_test(name, operator, condition):
    local = f"datetime({name}, '+330 minutes')" if condition.type == "moment" else f"datetime({name})"
    if operator == "in-fiscal-period":
        # Quarters of a year that begins in April.
        month = f"CAST(strftime('%m', date({local}, 'start of month', '-3 months')) AS INTEGER)"
        return f"(({month} + 2) / 3 = {condition.values[0]})"
    if operator.endswith("period-and-year") and condition.values[0] > 4:
        return "0"
    low, high, included = _span(operator, condition.values)
    tests = ([f"{local} >= {low}"] if low else []) + ([f"{local} {'<=' if included else '<'} {high}"] if high else [])
    return f"({' AND '.join(tests)})"


def _midnight(start, *steps):
    return f"datetime(date('{start}'{''.join(f', {step!r}' for step in steps)}))"


def _span(operator, values):
    """From, until, and whether the end belongs to it."""
    words = operator.split("-")
    now = f"datetime('{LOCAL_NOW}')"
    if "fiscal" in words:
        return _fiscal_span(operator, values, now)
    if words[-1] in ("hours", "minutes"):
        return _hours(words, values[0], now)
    if words[1:2] == ["x"]:
        return _counted(words[0], words[2], values[0], now)
    if words[1:2] == ["seven"]:
        return _counted(words[0], "days", 7, now)
    return _day(operator, values) if len(words) == 1 or words[0] == "on" else _whole(words)


def _day(operator, values):
    if operator.startswith("on"):
        day, after = _midnight(values[0]), _midnight(values[0], "1 days")
        spans = {"on": (day, after), "on-or-after": (day, None), "on-or-before": (None, after)}
        return (*spans[operator], False)
    offset = {"today": 0, "yesterday": -1, "tomorrow": 1}[operator]
    return _midnight(LOCAL_NOW, f"{offset} days"), _midnight(LOCAL_NOW, f"{offset + 1} days"), False


def _counted(word, unit, number, now):
    unit, number = ("days", number * 7) if unit == "weeks" else (unit, number)
    if word == "next":
        return now, _midnight(LOCAL_NOW, "1 days", f"{number} {unit}"), False
    start = _midnight(LOCAL_NOW, f"-{number} {unit}")
    return (start, now, True) if word == "last" else (None, start, False)


def _whole(words):
    offset, unit = {"last": -1, "this": 0, "next": 1}[words[0]], words[1]
    steps, size = (
        (("-6 days", "weekday 1"), (7, "days")) if unit == "week" else ((f"start of {unit}",), (1, f"{unit}s"))
    )
    edges = (f"{(offset + each) * size[0]} {size[1]}" for each in (0, 1))
    return (*(_midnight(LOCAL_NOW, *steps, edge) for edge in edges), False)


def _hours(words, number, now):
    hour, minute = "2026-03-18 14:00:00", "2026-03-18 14:40:00"
    if words[0] == "next":
        return now, f"datetime('{hour}', '{number + 1} hours')", False
    start = f"datetime('{minute if words[-1] == 'minutes' else hour}', '-{number} {words[-1]}')"
    return (start, now, True) if words[0] == "last" else (None, start, False)


def _fiscal_span(operator, values, now):
    """The present day is in the last quarter of the fiscal year 2025, which began in April."""
    words = operator.split("-")

    def period(year, number):
        return _midnight(f"{year}-04-01", f"{(number - 1) * 3} months")

    if words[1] == "x":
        step, present = (4, 1) if words[-1] == "years" else (1, 4)
        if words[0] == "last":
            return period(2025, present - values[0] * step), now, True
        return now, period(2025, present + (values[0] + 1) * step), False
    if operator == "in-fiscal-year":
        return period(values[0], 1), period(values[0] + 1, 1), False
    if operator.endswith("period-and-year"):
        start, end = period(values[1], values[0]), period(values[1], values[0] + 1)
        return {"before": (None, end, False), "after": (start, None, False)}.get(words[2], (start, end, False))
    offset = {"last": -1, "this": 0, "next": 1}[words[0]]
    step, present = (4, 1) if words[-1] == "year" else (1, 4)
    return period(2025, present + offset * step), period(2025, present + (offset + 1) * step), False
