"""The log of a Functions host on this machine: the lines that name a job, with their times."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

#: The name of the log beside the settings of the running sandbox.
NAME: Final = "functions.log"
#: A time in local time, the level, the logger of the host, and the app's line.
_LINE: Final = re.compile(r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}),(\d{3}) ([A-Z]+) \S+ (.*)")


def beside(settings: Path | None) -> Path | None:
    """The log of the system that these settings belong to, if it runs on this machine."""
    log = settings.parent / NAME if settings is not None else None
    return log if log is not None and log.is_file() else None


def lines_about(job_id: str, log: Path) -> Iterator[tuple[datetime, str]]:
    """The lines about a job: the time, then level, logger and sentence."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            match = _LINE.fullmatch(line.rstrip("\n"))
            if match and job_id in match[4].lower():
                moment = datetime.strptime(f"{match[1]}.{match[2]}", "%Y-%m-%d %H:%M:%S.%f").astimezone()
                yield moment, f"{match[3]} {match[4]}"
