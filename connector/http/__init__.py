"""HTTP as both clients use it: calls, how many at a time, and what a lost answer means."""

from connector.http.clock import SYSTEM_CLOCK, Clock
from connector.http.transport import CallRecord, Transport, retry_after

__all__ = ["SYSTEM_CLOCK", "CallRecord", "Clock", "Transport", "retry_after"]
