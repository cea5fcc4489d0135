"""How long the parts of the sandbox wait for one another to start."""

from typing import Final

#: Seconds that a part may take to be ready: minutes, on a slow machine. One that ends before is seen at once.
START_SECONDS: Final = 600.0
