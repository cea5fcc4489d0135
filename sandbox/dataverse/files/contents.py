"""What was uploaded, and what is being uploaded in parts."""

from dataclasses import dataclass, field
from uuid import uuid4

from sandbox.dataverse.errors import INVALID_ARGUMENT, ApiError

#: What a client is told to send and to ask for at a time.
CHUNK_BYTES = 4_194_304


@dataclass(frozen=True, slots=True)
class Place:
    """A column of a row."""

    table: str
    row_id: str
    column: str


@dataclass(frozen=True, slots=True)
class Content:
    """One file."""

    place: Place
    name: str
    mime_type: str
    data: bytes


@dataclass(slots=True)
class Upload:
    """A file that arrives in parts, in any order.

    Attributes:
        place: where it goes.
        name: of the file.
        size: in bytes, known with the first part.
        parts: by their first byte.
        blocks: those that have a name in the place of a position.
    """

    place: Place
    name: str
    size: int | None = None
    parts: dict[int, bytes] = field(default_factory=dict)
    blocks: dict[str, bytes] = field(default_factory=dict)

    def take(self, first: int, size: int, data: bytes) -> bytes | None:
        """Add a part, and return the file when it is whole.

        Raises:
            ApiError: 400 when it does not fit those before it.
        """
        if self.size not in (None, size) or first + len(data) > size:
            raise ApiError(400, INVALID_ARGUMENT, "The Content-Range does not fit the file.")
        self.size = size
        self.parts[first] = data
        if sum(map(len, self.parts.values())) < size:
            return None
        whole = b"".join(self.parts[each] for each in sorted(self.parts))
        if len(whole) != size:
            raise ApiError(400, INVALID_ARGUMENT, "The parts of the file overlap.")
        return whole


@dataclass(slots=True)
class Contents:
    """All files of the environment.

    Attributes:
        files: by their id.
        uploads: by their token.
        downloads: the id of a file by the token of its download.
    """

    files: dict[str, Content] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    downloads: dict[str, str] = field(default_factory=dict)

    def begin(self, place: Place, name: str) -> str:
        """The token of a new upload."""
        token = uuid4().hex
        self.uploads[token] = Upload(place, name)
        return token

    def upload(self, token: str) -> Upload:
        """The upload of a token.

        Raises:
            ApiError: 400 for an unknown one.
        """
        found = self.uploads.get(token)
        if found is None:
            raise ApiError(400, INVALID_ARGUMENT, "The token of the upload is not known, or was used up.")
        return found

    def clear(self) -> None:
        """Forget everything."""
        for each in (self.files, self.uploads, self.downloads):
            each.clear()
