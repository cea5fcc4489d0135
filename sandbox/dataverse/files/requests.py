"""Requests to a column that holds files: `PATCH`, `PUT`, `GET` and `DELETE set(key)/column`, also with `/$value`.

As "Use file column data" and "Use image column data" of the documentation of Power Apps have it. A file is uploaded
whole, or in chunks to the address that the first request answers with; it is downloaded whole or by ranges.
"""

import base64
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from sandbox.dataverse.admission import FILE, admit
from sandbox.dataverse.calls import Answer, Call, empty_answer, json_answer
from sandbox.dataverse.customizing.definitions import Definitions
from sandbox.dataverse.errors import INVALID_ARGUMENT, ApiError, not_allowed, not_supported, unknown_segment
from sandbox.dataverse.files.columns import FileColumn, file_column
from sandbox.dataverse.files.contents import CHUNK_BYTES, Content, Contents, Place
from sandbox.dataverse.files.keeping import keep, kept, remove
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.privileges import require
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.store import Row
from sandbox.dataverse.users import Caller
from sandbox.dataverse.writes import Writer

_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_RANGE: Final = re.compile(r"bytes=(\d+)-(\d+)")
_BINARY: Final = "application/octet-stream"
_VALUE: Final = "/$value"

type Writing = Callable[[], AbstractContextManager[Writer]]


@dataclass(frozen=True, slots=True)
class FileRequests:
    """Answers these requests.

    Attributes:
        definitions: tell which columns hold files.
        contents: the files.
    """

    definitions: Definitions
    contents: Contents

    def answer(
        self,
        call: Call,
        model: TableModel,
        find: Callable[[], Row],
        rest: str,
        parameters: Mapping[str, str],
        caller: Caller,
        writing: Writing,
    ) -> Answer | None:
        """Answer a request; None when it is about another column.

        Raises:
            ApiError: when it is refused.
        """
        column = file_column(self.definitions, model.name, rest.removesuffix(_VALUE))
        if column is None:
            return None
        admit(call, parameters, FILE)
        row = find()
        if call.method == "GET":
            require(caller, Verb.READ, model, row)
            return self._download(call, row, column, parameters, plain=rest.endswith(_VALUE))
        if rest.endswith(_VALUE):
            raise unknown_segment(rest)
        with writing() as writer:
            if call.method == "DELETE":
                remove(self.contents, writer, model, row, column)
                return empty_answer()
            if call.method not in ("PATCH", "PUT"):
                raise not_allowed(call.method)
            return self._upload(call, writer, model, row, column, parameters)

    def _upload(
        self,
        call: Call,
        writer: Writer,
        model: TableModel,
        row: Row,
        column: FileColumn,
        parameters: Mapping[str, str],
    ) -> Answer:
        place = Place(model.name, row.id, column.name)
        name = call.headers.get("x-ms-file-name") or parameters.get("x-ms-file-name", "")
        # The address of a chunk says what it is: dynamics-web-api sends the header with each of them.
        if "x-ms-transfer-mode" in call.headers and "sessiontoken" not in parameters:
            return self._begin(call, writer, model, row, place, name)
        if not call.headers.get("content-type", "").startswith(_BINARY):
            raise ApiError(415, INVALID_ARGUMENT, f"A file is sent with the Content-Type {_BINARY}.")
        if "sessiontoken" in parameters:
            return self._take(call, writer, model, row, column, parameters["sessiontoken"])
        if not name or "content-range" in call.headers:
            raise not_supported("A whole file is sent with x-ms-file-name, and without Content-Range.")
        keep(self.contents, writer, model, row, column, name, call.body)
        return empty_answer()

    def _begin(self, call: Call, writer: Writer, model: TableModel, row: Row, place: Place, name: str) -> Answer:
        require(writer.caller, Verb.WRITE, model, row)
        if call.headers["x-ms-transfer-mode"] != "chunked" or call.body or not name or call.method != "PATCH":
            raise not_supported("An upload in chunks begins with the name of the file, and without any of it.")
        token = self.contents.begin(place, name)
        location = f"{call.root}/{quote(call.path, safe="()=',/")}?sessiontoken={token}"
        return Answer(
            200,
            {
                "OData-Version": "4.0",
                "Accept-Ranges": "bytes",
                "Location": location,
                "x-ms-chunk-size": str(CHUNK_BYTES),
                "Access-Control-Expose-Headers": "x-ms-chunk-size",
            },
        )

    def _take(self, call: Call, writer: Writer, model: TableModel, row: Row, column: FileColumn, token: str) -> Answer:
        upload = self.contents.upload(token)
        match = _CONTENT_RANGE.fullmatch(call.headers.get("content-range", ""))
        first, last, size = map(int, match.groups()) if match else (0, 0, 0)
        if match is None or len(call.body) != last - first + 1 or len(call.body) > CHUNK_BYTES:
            raise ApiError(400, INVALID_ARGUMENT, "The Content-Range is missing, or does not fit the body.")
        if upload.place != Place(model.name, row.id, column.name):
            raise ApiError(400, INVALID_ARGUMENT, "The upload belongs to another column or row.")
        data = upload.take(first, size, call.body)
        if data is None:
            return Answer(206, {"OData-Version": "4.0"})
        keep(self.contents, writer, model, row, column, upload.name, data)
        del self.contents.uploads[token]
        return empty_answer()

    def _download(
        self, call: Call, row: Row, column: FileColumn, parameters: Mapping[str, str], *, plain: bool
    ) -> Answer:
        file = kept(self.contents, row, column)
        wants_full = parameters.get("size") == "full"
        if parameters.get("size", "full") != "full":
            raise not_supported(f"The value '{parameters['size']}' of size is not supported.")
        if file is None or (wants_full and not column.keeps_full):
            return empty_answer()
        data, status, headers = _part(call, file)
        if plain:
            return Answer(status, {**headers, "Content-Type": _BINARY}, data)
        context = f"{call.root}/$metadata#{call.path}"
        content = json_answer(status, {"@odata.context": context, "value": base64.b64encode(data).decode()})
        return Answer(status, {**content.headers, **headers}, content.body)


def _part(call: Call, file: Content) -> tuple[bytes, int, dict[str, str]]:
    """What a request asks for of a file, with the status and the headers of the answer.

    Raises:
        ApiError: 400 for a range that cannot be read, 416 for one behind the end.
    """
    headers = {
        "OData-Version": "4.0",
        "x-ms-file-size": str(len(file.data)),
        "x-ms-file-name": file.name,
        "mimetype": file.mime_type,
        "Content-Disposition": f'attachment; filename="{quote(file.name)}"',
    }
    asked = call.headers.get("range")
    if asked is None:
        return file.data, 200, headers
    match = _RANGE.fullmatch(asked)
    if match is None:
        raise not_supported(f"The value '{asked}' of the header 'range' is not supported.")
    first, last = int(match[1]), int(match[2])
    if first >= len(file.data) or last < first:
        raise ApiError(416, INVALID_ARGUMENT, "The range is not within the file.")
    headers["x-ms-chunk-size"] = str(CHUNK_BYTES)
    return file.data[first : last + 1], 206, headers
