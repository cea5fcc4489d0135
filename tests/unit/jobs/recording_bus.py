"""A bus that remembers what it was given, in the words of `connector.servicebus.bus.Bus`."""

from collections.abc import Iterable
from dataclasses import dataclass

from connector.servicebus.bus import OutgoingMessage


@dataclass(frozen=True)
class Send:
    kind: str
    name: str
    messages: tuple[OutgoingMessage, ...]


class RecordingBus:
    """Obeys the same interface; `refuses` is raised instead of taking anything."""

    def __init__(self) -> None:
        self.sends: list[Send] = []
        self.refuses: Exception | None = None

    def to_queue(self, name: str, messages: Iterable[OutgoingMessage]) -> None:
        self._take(Send("queue", name, tuple(messages)))

    def to_topic(self, name: str, messages: Iterable[OutgoingMessage]) -> None:
        self._take(Send("topic", name, tuple(messages)))

    def close(self) -> None:
        """Nothing is open."""

    @property
    def messages(self) -> list[OutgoingMessage]:
        return [message for send in self.sends for message in send.messages]

    def to(self, name: str) -> list[OutgoingMessage]:
        return [message for send in self.sends if send.name == name for message in send.messages]

    def forget(self) -> None:
        self.sends.clear()

    def _take(self, send: Send) -> None:
        if send.messages and self.refuses is not None:
            raise self.refuses
        if send.messages:
            self.sends.append(send)
