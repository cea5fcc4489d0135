"""Draws the workbook with the figures of an example: an HTML page, and a picture of it for the documentation.

It shows what people will get, from the definition that Azure gets; Azure draws it a little differently. Charts of
metrics of Azure have no figures here, because no query makes them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final

from infra import kql
from infra.workbook.build import SAMPLES
from infra.workbook.definition import Definition, Item, read_definition
from infra.workbook.example import NOW, Tables, tables

TARGET: Final = kql.ROOT / "docs" / "operators" / "workbook.png"
#: Browsers that can take a picture of a page without a screen; CHROMIUM names another one.
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTH, HEIGHT = 1280, 3150

_LIGHTS: Final = {"ok": "#2e9e44", "warning": "#e8a400", "bad": "#d13438", "unknown": "#8a8886"}
_COLOURS: Final = ("#0078d4", "#ef6950", "#00a2ad", "#8764b8", "#4b003f", "#c239b3")
_STYLE: Final = """body{font:13px 'Segoe UI','DejaVu Sans',sans-serif;margin:16px 24px;color:#222}
h1{font-size:22px;margin:0 0 4px}
h2{font-size:17px;margin:18px 0 2px;border-top:1px solid #ddd;padding-top:10px}p{margin:2px 0 6px;color:#555}
.items{display:flex;flex-wrap:wrap;gap:10px 16px}.item{overflow:hidden}h3{font-size:13px;margin:6px 0 4px}
table{border-collapse:collapse;width:100%;font-size:12px}
td,th{text-align:left;padding:3px 8px;border-bottom:1px solid #eee;
white-space:nowrap;max-width:420px;overflow:hidden;text-overflow:ellipsis}th{background:#f3f2f1;font-weight:600}
.n{text-align:right}.dot{display:inline-block;width:10px;height:10px;border-radius:5px;margin-right:6px}a{color:#0067b8}
.none{color:#888;padding:18px;background:#faf9f8}
.pill{display:inline-block;border:1px solid #bbb;border-radius:12px;padding:2px 10px;margin:4px 8px 4px 0}"""


def page(definition: Definition, rows: Tables) -> str:
    """The page as HTML."""
    pills = "".join(
        f'<span class="pill">{escape(each.label)}</span>' for each in definition.parameters if each.kind != "resource"
    )
    parts = [f"<h1>{escape(definition.title)}</h1>{pills}"]
    for section in definition.sections.values():
        parts.append(f"<h2>{escape(section.title)}</h2><p>{escape(section.text)}</p><div class='items'>")
        for item in section.item:
            parts.append(f'<div class="item" style="width:calc({item.width}% - 16px)"><h3>{escape(item.title)}</h3>')
            parts.append(f"{_item(item, rows)}</div>")
        parts.append("</div>")
    return f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style>{"".join(parts)}'


def draw(browser: str) -> None:
    """Write the picture with this browser."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "workbook.html")
        file.write_text(page(read_definition(), tables()), encoding="utf-8")
        size = f"--window-size={WIDTH},{HEIGHT}"
        command = [browser, "--headless", "--no-sandbox", "--hide-scrollbars", size, f"--screenshot={TARGET}"]
        subprocess.run([*command, file.as_uri()], check=True, timeout=300)  # noqa: S603 - a browser of this machine


def _item(item: Item, rows: Tables) -> str:
    if item.query is None:
        return '<div class="none">A chart of Azure: no figures in this example.</div>'
    query = item.kql.replace("{TimeRange:grain}", "1h")
    for name, value in SAMPLES.items():
        query = query.replace(name, value)
    answer = kql.run(query, rows, NOW)
    if not answer:
        return f'<div class="none">{escape(item.empty)}</div>'
    return _table(item, answer) if item.show == "table" else _chart(item, answer)


def _table(item: Item, answer: Sequence[Mapping[str, object]]) -> str:
    columns = [column for column in answer[0] if column not in item.hidden]
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(_cell(item, column, row[column]) for column in columns) + "</tr>" for row in answer)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(item: Item, column: str, value: object) -> str:
    if column in item.lights:
        return f'<td><span class="dot" style="background:{_LIGHTS[str(value)]}"></span>{escape(str(value))}</td>'
    if isinstance(value, datetime):
        return f"<td>{value:%d %b %H:%M}</td>"
    if isinstance(value, int | float):
        return f'<td class="n">{value:,.10g}</td>'
    text = escape("" if value is None else str(value))
    return f"<td><a>{text}</a></td>" if column in item.links else f"<td>{text}</td>"


def _chart(item: Item, answer: Sequence[Mapping[str, object]]) -> str:
    series: defaultdict[str, dict[object, float]] = defaultdict(dict)
    for row in answer:
        series[str(row[item.by]) if item.by else item.y][row[item.x]] = float(str(row[item.y]))
    times = sorted({time for values in series.values() for time in values}, key=str)
    stacked = item.show == "barchart"
    totals = [sum(values.get(time, 0) for values in series.values()) for time in times]
    top = (max(totals) if stacked else max(max(values.values()) for values in series.values())) or 1
    width, height, shapes, floor = 600, 130, [], [0.0] * len(times)
    step = width / len(times)
    for colour, (_, values) in zip(_COLOURS, series.items(), strict=False):
        points = []
        for index, time in enumerate(times):
            size = values.get(time, 0) / top * height
            if stacked:
                y, floor[index] = height - floor[index] - size, floor[index] + size
                box = f'x="{index * step + 1:.1f}" y="{y:.1f}" width="{step - 2:.1f}" height="{size:.1f}"'
                shapes.append(f'<rect {box} fill="{colour}"/>')
            elif time in values:
                points.append(f"{(index + 0.5) * step:.1f},{height - size * 0.95:.1f}")
        if points:
            shapes.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>')
    legend = "".join(
        f'<span style="margin-right:14px"><span class="dot" style="background:{colour}"></span>{escape(name)}</span>'
        for colour, name in zip(_COLOURS, series, strict=False)
    )
    axis = f'<line x1="0" y1="{height}" x2="{width}" y2="{height}" stroke="#bbb"/>'
    box = f'viewBox="0 0 {width} {height + 2}" style="width:100%;height:130px" preserveAspectRatio="none"'
    return f"<svg {box}>{''.join(shapes)}{axis}</svg><div>{legend}</div>"


if __name__ == "__main__":
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit(f"No browser to draw with: install one of {', '.join(BROWSERS)}, or name one in CHROMIUM.")
    draw(found)
