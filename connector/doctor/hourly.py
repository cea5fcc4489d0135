"""What the app looks at by itself every hour."""

import os
import time
from datetime import UTC, datetime

from connector import telemetry
from connector.doctor.context import CheckContext
from connector.doctor.run import examine_hourly


def look_around() -> None:
    """Make the checks that need no operator, and log what they found.

    The clients are those of the doctor alone: what it finds must not depend on what the functions have remembered.
    """
    context = CheckContext(os.environ, lambda: datetime.now(UTC), time.sleep)
    try:
        examine_hourly(context)
    finally:
        context.close()
    telemetry.succeeded("doctor-hourly")
