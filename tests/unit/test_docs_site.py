"""The documentation as a site: it is built without a warning, leads everywhere, and loads nothing from elsewhere."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: What a browser loads by itself, with the attribute that says from where; of links only those with these relations.
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
RELATIONS = {"stylesheet", "icon", "preconnect", "preload", "manifest", "dns-prefetch"}


class Page(HTMLParser):
    """What a page loads, where it leads, its anchors, and the texts of its paragraphs."""

    def __init__(self, file):
        super().__init__()
        self.loaded, self.links, self.ids, self.paragraphs = [], [], set(), []
        self._in_paragraph = False
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids |= {values.get("id"), values.get("name")}
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag == "p":
            self._in_paragraph = True
            self.paragraphs.append("")
        if tag in LOADED and (tag != "link" or RELATIONS & set((values.get("rel") or "").split())):
            self.loaded.append(values.get(LOADED[tag]) or "")

    def handle_endtag(self, tag):
        if tag == "p":
            self._in_paragraph = False

    def handle_data(self, data):
        if self._in_paragraph:
            self.paragraphs[-1] += data


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built once."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {file: Page(file) for file in sorted(site.rglob("*.html")) if file.name != "404.html"}


def test_every_page_of_the_documentation_is_a_page_of_the_site(pages):
    assert len(pages) == len([page for page in DOCS.rglob("*.md") if "solution" not in page.parts])


def test_no_page_loads_anything_from_elsewhere(pages, site):
    elsewhere = {each for page in pages.values() for each in page.loaded if "//" in each}
    styles = "".join(file.read_text(encoding="utf-8") for file in site.rglob("*.css"))

    assert elsewhere == set()
    assert any(page.loaded for page in pages.values())
    assert re.findall(r"@import|url\(\s*['\"]?(?:https?:)?//", styles) == []
    # The theme would load the library that draws these.
    assert [file for file in pages if 'class="mermaid"' in file.read_text(encoding="utf-8")] == []


def test_every_link_within_the_site_leads_to_a_file_and_a_place_in_it(pages):
    broken = []
    for file, page in pages.items():
        for link in page.links:
            target, anchor = urldefrag(unquote(link))
            if ":" in target or "//" in target:
                continue
            found = (file.parent / target).resolve() if target else file
            if not found.is_file() or (anchor and found in pages and anchor not in pages[found].ids):
                broken.append(f"{file.name}: {link}")

    assert broken == []


def test_lists_are_lists_there_too(pages):
    """Python-Markdown wants an empty line before a list, which GitHub does not need."""
    pattern = re.compile(r"\n(?:\*|-|\d+\.) ")

    assert [
        f"{file.name}: {text}" for file, page in pages.items() for text in page.paragraphs if pattern.search(text)
    ] == []
