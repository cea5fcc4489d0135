"""Columns that hold files and images: what clients upload is what they download, and what the service refuses."""

import base64

import pytest

from sandbox.dataverse.files.contents import CHUNK_BYTES
from tests.contract.dataverse_standin.support import error_code

CRM = "Microsoft.Dynamics.CRM"
COLUMNS = "EntityDefinitions(LogicalName='contact')/Attributes"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
BINARY = {"Content-Type": "application/octet-stream"}


def add_column(api, kind: str, name: str, **more) -> None:
    body = {"@odata.type": f"{CRM}.{kind}AttributeMetadata", "SchemaName": name, "RequiredLevel": {"Value": "None"}}
    label = {"LocalizedLabels": [{"Label": name, "LanguageCode": 1033}]}
    answer = api.post(COLUMNS, {**body, "DisplayName": label, **more})
    assert answer.status_code == 204, answer.text


@pytest.fixture
def contact(standin, api):
    add_column(api, "File", "new_Document", MaxSizeInKB=5000)
    (row_id,) = standin.load("contact", {"lastname": "x"})
    return f"contacts({row_id})"


@pytest.fixture
def with_images(contact, api):
    add_column(api, "Image", "new_Photo", CanStoreFullImage=True)
    add_column(api, "Image", "new_Icon", MaxSizeInKB=1)
    return contact


def upload(api, path: str, data: bytes, name: str = "a.txt", **headers):
    return api.request("PATCH", path, data=data, headers={**BINARY, "x-ms-file-name": name, **headers})


def begin(api, path: str) -> str:
    begun = api.request("PATCH", f"{path}?x-ms-file-name=b.pdf", headers={"x-ms-transfer-mode": "chunked"})
    assert (begun.status_code, begun.headers["x-ms-chunk-size"]) == (200, str(CHUNK_BYTES))
    return begun.headers["Location"].partition("/v9.2/")[2]


def send(api, location: str, data: bytes, first: int, size: int):
    place = {"Content-Range": f"bytes {first}-{first + len(data) - 1}/{size}"}
    return api.request("PATCH", location, data=data, headers={**BINARY, **place})


def test_a_file_is_uploaded_whole_downloaded_by_ranges_and_deleted(api, contact):
    path = f"{contact}/new_document"
    assert upload(api, path, b"0123456789").status_code == 204
    whole = api.get(f"{path}/$value")
    part = api.get(f"{path}/$value", headers={"Range": "bytes=2-4"})
    behind = api.get(f"{path}/$value", headers={"Range": "bytes=10-20"})

    assert (whole.content, whole.headers["x-ms-file-name"], whole.headers["mimetype"]) == (
        b"0123456789",
        "a.txt",
        "text/plain",
    )
    assert (part.status_code, part.content, part.headers["x-ms-file-size"]) == (206, b"234", "10")
    assert behind.status_code == 416
    assert api.get(path).json()["value"] == base64.b64encode(b"0123456789").decode()
    assert api.delete(path).status_code == 204
    assert api.get(f"{path}/$value").status_code == 204
    assert api.get(f"{contact}?$select=new_document").json()["new_document"] is None


def test_chunks_arrive_in_any_order_and_the_last_one_says_so(api, contact):
    location = begin(api, f"{contact}/new_document")

    assert send(api, location, b"56789", 5, 10).status_code == 206
    assert send(api, location, b"01234", 0, 10).status_code == 204
    assert api.get(f"{contact}/new_document/$value").content == b"0123456789"
    assert send(api, location, b"01234", 0, 10).status_code == 400


def test_blocks_are_joined_in_the_order_of_the_commit_and_downloaded_again(api, contact):
    row_id = contact.partition("(")[2].removesuffix(")")
    target = {"Target": {"contactid": row_id, "@odata.type": f"{CRM}.contact"}, "FileAttributeName": "new_document"}
    token = api.post("InitializeFileBlocksUpload", {**target, "FileName": "c.bin"}).json()["FileContinuationToken"]
    ids = [base64.b64encode(each).decode() for each in (b"one", b"two")]
    for name, data in zip(ids, (b"world", b"hello "), strict=True):
        block = {"BlockId": name, "BlockData": base64.b64encode(data).decode(), "FileContinuationToken": token}
        assert api.post("UploadBlock", block).status_code == 204
    commit = {"FileName": "c.bin", "MimeType": "application/octet-stream", "FileContinuationToken": token}
    made = api.post("CommitFileBlocksUpload", {**commit, "BlockList": ids[::-1]}).json()
    opened = api.post("InitializeFileBlocksDownload", target).json()
    block = {"Offset": 6, "BlockLength": 5, "FileContinuationToken": opened["FileContinuationToken"]}

    assert (made["FileSizeInBytes"], opened["FileName"], opened["FileSizeInBytes"]) == (11, "c.bin", 11)
    assert base64.b64decode(api.post("DownloadBlock", block).json()["Data"]) == b"world"
    assert api.post("DeleteFile", {"FileId": made["FileId"]}).status_code == 204
    assert error_code(api.post("InitializeFileBlocksDownload", target)) == "0x80040217"
    assert error_code(api.post("DeleteFile", {"FileId": made["FileId"]})) == "0x80040217"


def test_an_image_is_shown_with_its_row_and_comes_whole_only_where_the_column_keeps_it(api, with_images):
    for column in ("new_photo", "new_icon"):
        assert upload(api, f"{with_images}/{column}", PNG, "a.png").status_code == 204
    row = api.get(f"{with_images}?$select=new_photo,new_photo_url,new_photoid").json()

    assert base64.b64decode(row["new_photo"]) == PNG
    assert row["new_photoid"] in row["new_photo_url"]
    assert api.get(f"{with_images}/new_photo/$value?size=full").content == PNG
    assert api.get(f"{with_images}/new_icon/$value").content == PNG
    assert api.get(f"{with_images}/new_icon/$value?size=full").status_code == 204


def test_what_cannot_be_a_file_or_an_image_is_refused(api, with_images):
    document, icon = f"{with_images}/new_document", f"{with_images}/new_icon"
    upload(api, document, b"x")
    large = upload(api, document, b"x" * (5000 * 1024 + 1))
    refused = {
        "no name": api.request("PATCH", document, data=b"x", headers=BINARY),
        "no type": api.request("PATCH", document, data=b"x", headers={"x-ms-file-name": "a"}),
        "written with the row": api.patch(with_images, {"new_document": "x"}),
        "the name alone": api.patch(with_images, {"new_document_name": "x"}),
        "another mode": api.request("PATCH", document, headers={"x-ms-transfer-mode": "x", "x-ms-file-name": "a"}),
        "another range": api.get(f"{document}/$value", headers={"Range": "lines=1-2"}),
        "no session": send(api, f"{document}?sessiontoken=x", b"x", 0, 1),
        "another column": api.get(f"{with_images}/lastname/$value"),
        "a header in vain": api.get(with_images, headers={"Range": "bytes=0-1"}),
    }

    assert error_code(large) == "0x80044a02"
    assert error_code(upload(api, icon, b"no image", "a.png")) == "0x80072553"
    assert error_code(upload(api, icon, PNG + b"x" * 1024, "a.png")) == "0x80072553"
    assert {why: each.status_code for why, each in refused.items() if each.status_code < 400} == {}


def test_chunks_that_do_not_fit_are_refused(api, contact):
    location = begin(api, f"{contact}/new_document")
    send(api, location, b"01234", 0, 10)
    without = api.request("PATCH", location, data=b"x", headers=BINARY)
    longer = api.request("PATCH", location, data=b"xy", headers={**BINARY, "Content-Range": "bytes 5-5/10"})

    assert [without.status_code, longer.status_code] == [400, 400]
    assert send(api, location, b"x", 5, 11).status_code == 400
    assert send(api, location, b"xxxxxx", 5, 10).status_code == 400


def test_the_columns_that_come_with_a_file_go_with_it(api, contact):
    definition = f"{COLUMNS}(LogicalName='new_document')"
    upload(api, f"{contact}/new_document", b"x")
    sizes = api.rows(f"{COLUMNS}/{CRM}.FileAttributeMetadata?$select=LogicalName,MaxSizeInKB")
    alone = api.delete(f"{COLUMNS}(LogicalName='new_document_name')")

    assert [(each["LogicalName"], each["MaxSizeInKB"]) for each in sizes] == [("new_document", 5000)]
    assert api.get(definition).json()["AttributeTypeName"] == {"Value": "FileType"}
    assert alone.status_code == 400
    assert api.delete(definition).status_code == 204
    assert api.get(f"{COLUMNS}(LogicalName='new_document_name')").status_code == 404
    assert api.get(f"{contact}/new_document/$value").status_code == 404


def test_a_file_needs_the_privilege_to_write_its_row_and_to_read_it(standin, api, contact):
    path, other = f"{contact}/new_document", standin.connector
    upload(api, path, b"x")
    role = api.rows("roles?$select=roleid&$filter=name eq 'Spotler Service'")[0]["roleid"]
    for name in ("prvReadContact", "prvWriteContact"):
        (privilege,) = api.rows(f"privileges?$select=privilegeid&$filter=name eq '{name}'")
        one = {"@odata.type": f"{CRM}.privilege", "privilegeid": privilege["privilegeid"]}
        assert api.post(f"roles({role})/{CRM}.RemovePrivilegeRole", {"Privilege": one}).status_code == 204

    assert other.get(f"{path}/$value").status_code == 403
    assert upload(other, path, b"y").status_code == 403
    assert (
        other.request("PATCH", f"{path}?x-ms-file-name=b", headers={"x-ms-transfer-mode": "chunked"}).status_code == 403
    )
    assert other.delete(path).status_code == 403
