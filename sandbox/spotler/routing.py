"""Finds the handler of a path. Works on the raw path, so that ids may hold `/`, `@`, `+` and `%`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote_to_bytes

from sandbox.spotler.call import Call
from sandbox.spotler.errors import UnknownRoute, WrongMethod, invalid
from sandbox.spotler.settings import Edition, Settings
from sandbox.spotler.wire import Answer

type Handler = Callable[..., Answer]

#: Audiences and automations belong to these.
WITH_AUTOMATION = (Edition.AUTOMATION, Edition.ECOMMERCE)
WITH_SHOP = (Edition.ECOMMERCE,)


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path template; the handler gets the call and the decoded ids of the path.

    `editions`: which hold it (none given: all). `extension`: the switch that it hangs on. `lenient`: exists only
    in clients.
    """

    method: str
    template: str
    handler: Handler
    editions: tuple[Edition, ...] = ()
    extension: Literal["automations", "tags", "optouts"] | None = None
    lenient: bool = False

    def available(self, settings: Settings) -> bool:
        """Whether the account has it; what it has not looks like an unknown path."""
        if self.lenient and not settings.lenient_routes:
            return False
        return self.extension is None or bool(getattr(settings.extensions, self.extension))

    def run(self, call: Call, ids: tuple[str, ...]) -> Answer:
        """Handle a call."""
        if self.editions:
            call.require_edition(*self.editions)
        return self.handler(call, *ids)


@dataclass(slots=True)
class _Node:
    literals: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    routes: dict[str, Route] = field(default_factory=dict)


class Router:
    """All routes as a tree of segments; a literal segment is tried before an id."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._root = _Node()
        for route in self.routes:
            node = self._root
            for segment in route.template.strip("/").split("/"):
                if segment.startswith("{"):
                    if node.parameter is None:
                        node.parameter = _Node()
                    node = node.parameter
                else:
                    node = node.literals.setdefault(segment, _Node())
            node.routes[route.method] = route

    def find(self, method: str, path: str, settings: Settings) -> tuple[Route, tuple[str, ...]]:
        """The route of a path below the base, and its ids.

        Raises `UnknownRoute`, `WrongMethod`, or `ApiError` 400 for an id that is not UTF-8.
        """
        segments = path.split("/")[1:]
        if settings.lenient_routes and len(segments) > 1 and not segments[-1]:
            segments.pop()
        found = self._walk(self._root, segments, 0, (), settings)
        if found is None:
            raise UnknownRoute
        routes, raw_ids = found
        route = routes.get(method)
        if route is None:
            raise WrongMethod(tuple(sorted(routes)))
        return route, tuple(_decoded(raw) for raw in raw_ids)

    def _walk(
        self, node: _Node, segments: list[str], at: int, ids: tuple[str, ...], settings: Settings
    ) -> tuple[dict[str, Route], tuple[str, ...]] | None:
        if at == len(segments):
            available = {m: route for m, route in node.routes.items() if route.available(settings)}
            return (available, ids) if available else None
        segment = segments[at]
        child = node.literals.get(segment)
        found = self._walk(child, segments, at + 1, ids, settings) if child else None
        if found is None and node.parameter is not None and segment:
            return self._walk(node.parameter, segments, at + 1, (*ids, segment), settings)
        return found


def _decoded(raw: str) -> str:
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise invalid("The path is not UTF-8") from None
