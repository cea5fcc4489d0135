"""Putting a file into a column, and taking it out again."""

import base64
import mimetypes
from typing import Final
from uuid import uuid4

from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.files.columns import FileColumn
from sandbox.dataverse.files.contents import Content, Contents, Place
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.store import Row
from sandbox.dataverse.validation import Changes
from sandbox.dataverse.values import Scalar
from sandbox.dataverse.writes import Writer

TOO_LARGE: Final = "0x80044a02"
NO_IMAGE: Final = "0x80072553"
#: How the images begin that the platform takes: GIF, JPEG, TIFF, BMP, PNG.
_IMAGES: Final = (b"GIF8", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"BM", b"\x89PNG\r\n\x1a\n")


def keep(
    contents: Contents, writer: Writer, model: TableModel, row: Row, column: FileColumn, name: str, data: bytes
) -> str:
    """Put a file into a column, and return its id.

    No image is scaled: what rows show as its thumbnail is the image itself.

    Raises:
        ApiError: 400 for a file that is too large or no image, 403 without the privilege to write the row.
    """
    if column.is_image and not data.startswith(_IMAGES):
        where = f"objectid: {row.id}, logicalName: {model.name}, attribute: {column.name}"
        raise _no_image(f"Update image properties failed for {where}")
    if len(data) > column.most_bytes:
        if column.is_image:
            raise _no_image("File size is too big.")
        raise ApiError(400, TOO_LARGE, "Attachment file size is too big.")
    file_id = str(uuid4())
    writer.update(model, row, Changes(_values(writer, model, column, file_id, name, data)))
    mime_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    contents.files[file_id] = Content(Place(model.name, row.id, column.name), name, mime_type, data)
    _forget(contents, row, column)
    return file_id


def remove(contents: Contents, writer: Writer, model: TableModel, row: Row, column: FileColumn) -> None:
    """Empty a column.

    Raises:
        ApiError: 403 without the privilege to write the row.
    """
    writer.update(model, row, Changes(dict.fromkeys(_names(column))))
    _forget(contents, row, column)


def kept(contents: Contents, row: Row, column: FileColumn) -> Content | None:
    """The file in a column."""
    file_id = row.values.get(_id_name(column))
    return contents.files.get(str(file_id)) if file_id else None


def _forget(contents: Contents, row: Row, column: FileColumn) -> None:
    contents.files.pop(str(row.values.get(_id_name(column))), None)


def _id_name(column: FileColumn) -> str:
    return f"{column.name}id" if column.is_image else column.name


def _names(column: FileColumn) -> tuple[str, ...]:
    if column.is_image:
        return column.name, f"{column.name}id", f"{column.name}_timestamp", f"{column.name}_url"
    return column.name, f"{column.name}_name"


def _values(
    writer: Writer, model: TableModel, column: FileColumn, file_id: str, name: str, data: bytes
) -> dict[str, Scalar]:
    if not column.is_image:
        return dict(zip(_names(column), (file_id, name), strict=True))
    moment = int(writer.clock.timestamp() * 10_000_000)
    address = f"/Image/download.aspx?Entity={model.name}&Attribute={column.name}&Id={file_id}&Timestamp={moment}"
    return dict(zip(_names(column), (base64.b64encode(data).decode(), file_id, moment, address), strict=True))


def _no_image(reason: str) -> ApiError:
    return ApiError(400, NO_IMAGE, f"Error occured when processing image. Reason: {reason}")
