"""How a set-up waits: for locks, for definitions that settle, for lost answers. All on a clock that is a parameter."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from connector.dataverse.api import DataverseRefused, Locked, UnknownName
from connector.errors import Refused, Transient
from connector.http import SYSTEM_CLOCK, Clock
from connector.setup.errors import SetupIncomplete, SetupPlanOutdated, SetupRefused

#: Refusals of our own, which do not pass.
_LASTING: Final = (SetupRefused, SetupIncomplete, SetupPlanOutdated)


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds and numbers, from public clients that set up environments (dataverse-setup, section 23).

    Attributes:
        lock: after the n-th answer that somebody else customises, n times this.
        locks: such answers in a row.
        retry: after a lost answer, a fault of the server, or a definition that has not settled.
        faults: lost answers and faults in a row.
        refusals: refusals in a row: a definition that has not settled is answered like a lasting error.
        settling: after the tables, and after the keys.
        poll: between two looks at something that takes time.
        appear: until something that was made can be read.
        key: until the index of a key is built.
        endpoint: until Dataverse has posted a test message.
    """

    lock: float = 10.0
    locks: int = 8
    retry: float = 5.0
    faults: int = 5
    refusals: int = 2
    settling: float = 15.0
    poll: float = 3.0
    appear: float = 180.0
    key: float = 600.0
    endpoint: float = 60.0


class Patience:
    """Waits and retries of one run.

    Attributes:
        waited: seconds so far.

    Args:
        clock: for waiting.
        waits: how long.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK, waits: Waits | None = None) -> None:
        self.waited = 0.0
        self._clock = clock
        self._waits = waits or Waits()

    @property
    def settling(self) -> float:
        """Seconds that definitions need to settle."""
        return self._waits.settling

    @property
    def key(self) -> float:
        """Seconds that the index of a key may take."""
        return self._waits.key

    @property
    def endpoint(self) -> float:
        """Seconds that the post of a test message may take."""
        return self._waits.endpoint

    def wait(self, seconds: float) -> None:
        """Wait."""
        if seconds > 0:
            self.waited += seconds
            self._clock.sleep(seconds)

    def patiently[T](self, work: Callable[[], T]) -> T:
        """Do work that may be done again, because it looks before it writes.

        Raises:
            ConnectorError: it failed too often.
        """
        locks = faults = refusals = 0
        while True:
            try:
                return work()
            except Locked as error:
                locks += 1
                if locks > self._waits.locks:
                    raise
                self.wait(max(error.retry_after or 0.0, self._waits.lock * locks))
            except Transient as error:
                faults += 1
                if faults > self._waits.faults:
                    raise
                self.wait(max(error.retry_after or 0.0, self._waits.retry * faults))
            except _LASTING:
                raise
            except (DataverseRefused, UnknownName, Refused) as error:
                refusals += 1
                lasting = isinstance(error, DataverseRefused) and error.lasting
                if lasting or refusals > self._waits.refusals:
                    raise
                self.wait(self._waits.retry)

    def until(self, is_so: Callable[[], bool], seconds: float | None = None) -> bool:
        """Look until something is so; False where it took too long."""
        left = self._waits.appear if seconds is None else seconds
        while not self.patiently(is_so):
            if left <= 0:
                return False
            self.wait(self._waits.poll)
            left -= self._waits.poll
        return True
