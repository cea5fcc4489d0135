"""Tags, and the score that a contact has for a tag. Names compare without regard to case."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tags:
    """All tag names, and which contacts have which with what score (None: the tag alone)."""

    names: dict[str, str] = field(default_factory=dict)
    _held: dict[int, dict[str, int | None]] = field(default_factory=dict)

    def create(self, name: str) -> bool:
        """Make the tag known; False if it was. The first spelling is kept."""
        if name.lower() in self.names:
            return False
        self.names[name.lower()] = name
        return True

    def of(self, contact: int) -> dict[str, int | None]:
        """Spelling and score of the tags of a contact, in the order in which they came."""
        return {self.names[folded]: score for folded, score in self._held.get(contact, {}).items()}

    def has(self, contact: int, name: str) -> bool:
        """Whether the contact has the tag."""
        return name.lower() in self._held.get(contact, {})

    def score(self, contact: int, name: str) -> int | None:
        """The score of a contact for a tag."""
        return self._held.get(contact, {}).get(name.lower())

    def give(self, contact: int, name: str, score: int | None) -> None:
        """Give the tag with this score; the tag must be known."""
        self._held.setdefault(contact, {})[name.lower()] = score

    def take(self, contact: int, name: str) -> bool:
        """Take the tag and its score away; False if there was none."""
        held = self._held.get(contact, {})
        if name.lower() not in held:
            return False
        del held[name.lower()]
        return True

    def take_all(self, contact: int) -> None:
        """Take everything away from a contact."""
        self._held.pop(contact, None)
