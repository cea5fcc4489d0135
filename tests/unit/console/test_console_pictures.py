"""The pictures of the console in the documentation: each is shown somewhere, and none is large."""

import re

import pytest

from sandbox.console.pictures import FOLDER, LARGEST_BYTES
from sandbox.launch import ROOT

PICTURES = sorted(FOLDER.glob("console*.png"))
PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]


def test_there_are_pictures():
    assert len(PICTURES) >= 3


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_shown_with_a_text_for_those_who_do_not_see_it(picture):
    texts = [
        text for page in PAGES for text in re.findall(rf"!\[([^\]]*)\]\([^)]*{picture.name}\)", page.read_text("utf-8"))
    ]

    assert texts
    assert all(texts)
    assert picture.stat().st_size <= LARGEST_BYTES
