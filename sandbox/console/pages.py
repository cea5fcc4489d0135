"""What the page and its parts are made of: the content of each template."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.console import columns
from sandbox.console.acts import Notice, Notices
from sandbox.console.columns import COLUMNS, Content
from sandbox.console.state import State
from sandbox.console.story import story
from sandbox.console.systems import Refused, Systems
from sandbox.console.top import top

#: What the browser may ask for alone.
PARTS: Final[Mapping[str, Callable[[Systems, State], Content]]] = {**COLUMNS, "top": top, "story": story}


def content(systems: Systems, state: State, notices: Notices, template: str) -> Content:
    """What a template needs: of the page everything, of a part only its own."""
    name = template.partition(".")[0]
    wanted = PARTS if name == "page" else {name: PARTS[name]}
    made: dict[str, Any] = {part: _read(make, systems, state) for part, make in wanted.items()}
    notice = notices.find(state.note)
    typed = (notice or Notice("")).typed
    return {"state": state, "notice": notice, "typed": typed, "shown": columns.SHOWN, **made}


def _read(make: Callable[[Systems, State], Content], systems: Systems, state: State) -> Content:
    """A part that cannot be read says why, and the others are shown."""
    try:
        return {"problem": "", **make(systems, state)}
    except Refused as refusal:
        return {"problem": str(refusal)}
