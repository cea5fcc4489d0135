"""HTTP as both clients use it: calls, how many at a time, and what a lost answer means."""

from connector.http.gate import SYSTEM_CLOCK, Clock, Gate, Governor
from connector.http.governor import AdaptiveGovernor
from connector.http.transport import CallRecord, Transport, retry_after

__all__ = ["SYSTEM_CLOCK", "AdaptiveGovernor", "CallRecord", "Clock", "Gate", "Governor", "Transport", "retry_after"]
