"""The actions about files: an upload or a download in blocks, and a deletion by the id of the file."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from sandbox.dataverse.binding import typed_reference
from sandbox.dataverse.calls import Answer, Call, empty_answer, json_answer
from sandbox.dataverse.customizing.bodies import check_parameters
from sandbox.dataverse.customizing.definitions import Definitions
from sandbox.dataverse.customizing.shapes import text_in, texts_in, whole_in
from sandbox.dataverse.errors import INVALID_ARGUMENT, NOT_FOUND, ApiError
from sandbox.dataverse.files.columns import FileColumn, file_column
from sandbox.dataverse.files.contents import CHUNK_BYTES, Contents, Place
from sandbox.dataverse.files.keeping import keep, kept, remove
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.privileges import require
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.store import Row
from sandbox.dataverse.values import JsonObject
from sandbox.dataverse.writes import Writer

_PARAMETERS: Final[Mapping[str, frozenset[str]]] = {
    "InitializeFileBlocksUpload": frozenset({"Target", "FileAttributeName", "FileName"}),
    "UploadBlock": frozenset({"BlockId", "BlockData", "FileContinuationToken"}),
    "CommitFileBlocksUpload": frozenset({"FileName", "MimeType", "BlockList", "FileContinuationToken"}),
    "InitializeFileBlocksDownload": frozenset({"Target", "FileAttributeName"}),
    "DownloadBlock": frozenset({"Offset", "BlockLength", "FileContinuationToken"}),
    "DeleteFile": frozenset({"FileId"}),
}


@dataclass(frozen=True, slots=True)
class FileActions:
    """Carries them out.

    Attributes:
        definitions: tell which columns hold files.
        contents: the files.
    """

    definitions: Definitions
    contents: Contents

    @property
    def actions(self) -> dict[str, Callable[[Call, Writer], Answer]]:
        """By name."""
        run = (self._begin, self._block, self._commit, self._open, self._read, self._delete)
        return {name: _checked(name, each) for name, each in zip(_PARAMETERS, run, strict=True)}

    def _begin(self, writer: Writer, body: JsonObject) -> JsonObject:
        model, row, column = self._place(writer, body)
        require(writer.caller, Verb.WRITE, model, row)
        token = self.contents.begin(Place(model.name, row.id, column.name), text_in(body, "FileName"))
        return {"FileContinuationToken": token}

    def _block(self, _: Writer, body: JsonObject) -> None:
        upload = self.contents.upload(text_in(body, "FileContinuationToken"))
        name, data = text_in(body, "BlockId"), _decoded(text_in(body, "BlockData"))
        _decoded(name)
        if not name or len(data) > CHUNK_BYTES or any(len(each) != len(name) for each in upload.blocks):
            raise ApiError(400, INVALID_ARGUMENT, "A block has 4 MB at most, and ids of the same length.")
        upload.blocks[name] = data

    def _commit(self, writer: Writer, body: JsonObject) -> JsonObject:
        token = text_in(body, "FileContinuationToken")
        upload, names = self.contents.upload(token), texts_in(body, "BlockList")
        if not names or not set(names) <= upload.blocks.keys():
            raise ApiError(400, INVALID_ARGUMENT, "BlockList names blocks that were not uploaded.")
        data = b"".join(upload.blocks[name] for name in names)
        model = writer.store.catalog.by_name[upload.place.table]
        row = writer.store.get(model.name, upload.place.row_id)
        column = file_column(self.definitions, model.name, upload.place.column)
        if row is None or column is None:
            raise ApiError(404, NOT_FOUND, "The row or the column of the upload is gone.")
        file_id = keep(self.contents, writer, model, row, column, text_in(body, "FileName"), data)
        del self.contents.uploads[token]
        return {"FileId": file_id, "FileSizeInBytes": len(data)}

    def _open(self, writer: Writer, body: JsonObject) -> JsonObject:
        model, row, column = self._place(writer, body)
        require(writer.caller, Verb.READ, model, row)
        file = kept(self.contents, row, column)
        if file is None or not column.keeps_full:
            raise ApiError(404, NOT_FOUND, f"No FileAttachment records found for attribute: {column.name}.")
        token = uuid4().hex
        self.contents.downloads[token] = next(key for key, each in self.contents.files.items() if each is file)
        return {
            "FileSizeInBytes": len(file.data),
            "FileName": file.name,
            "FileContinuationToken": token,
            "IsChunkingSupported": True,
        }

    def _read(self, _: Writer, body: JsonObject) -> JsonObject:
        file = self.contents.files.get(self.contents.downloads.get(text_in(body, "FileContinuationToken"), ""))
        first, length = whole_in(body, "Offset"), whole_in(body, "BlockLength")
        if file is None or first is None or length is None or first < 0 or not 0 < length <= CHUNK_BYTES:
            raise ApiError(400, INVALID_ARGUMENT, "Offset, BlockLength or FileContinuationToken is not valid.")
        return {"Data": base64.b64encode(file.data[first : first + length]).decode()}

    def _delete(self, writer: Writer, body: JsonObject) -> None:
        file = self.contents.files.get(text_in(body, "FileId"))
        row = writer.store.get(file.place.table, file.place.row_id) if file else None
        column = file_column(self.definitions, file.place.table, file.place.column) if file else None
        if file is None or row is None or column is None:
            raise ApiError(404, NOT_FOUND, f"fileattachment With Id = {text_in(body, 'FileId')} Does Not Exist")
        remove(self.contents, writer, writer.store.catalog.by_name[file.place.table], row, column)

    def _place(self, writer: Writer, body: JsonObject) -> tuple[TableModel, Row, FileColumn]:
        model, row = typed_reference(writer.store, body.get("Target"), list(writer.store.catalog.by_name))
        name = text_in(body, "FileAttributeName")
        column = file_column(self.definitions, model.name, name)
        if column is None:
            raise ApiError(400, INVALID_ARGUMENT, f"The attribute '{name}' of '{model.name}' holds no files.")
        return model, row, column


def _checked(name: str, run: Callable[[Writer, JsonObject], JsonObject | None]) -> Callable[[Call, Writer], Answer]:
    def act(call: Call, writer: Writer) -> Answer:
        body = call.json()
        check_parameters(body, _PARAMETERS[name], name)
        content = run(writer, body)
        if content is None:
            return empty_answer()
        return json_answer(
            200, {"@odata.context": f"{call.root}/$metadata#Microsoft.Dynamics.CRM.{name}Response", **content}
        )

    return act


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ApiError(400, INVALID_ARGUMENT, "The value is not Base64.") from None
