"""Time and randomness, as parameters: tests replace them."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Clock:
    """The functions for time and randomness."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random


#: The time and randomness of this machine.
SYSTEM_CLOCK: Final = Clock()
