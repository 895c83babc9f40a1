"""The page that shows two versions beside each other."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape

from edgemem.reporting.numbers import readable
from edgemem.versions.differences import Differences, Estimate, Files
from edgemem.versions.version import Version


STYLE = """
body { font: 15px/1.45 sans-serif; margin: 2em auto; max-width: 1400px; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 } td, th { padding: .2em .8em; text-align: left; vertical-align: top }
tr { border-bottom: 1px solid #ddd } tr.beyond { background: #fff1d6 } img { max-width: 100% }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1em } .none { color: #777 }
"""
VERDICTS = {True: "more than its interval", False: "less than its interval", None: "no interval"}


def comparison(
    before: Version,
    after: Version,
    found: Differences,
    before_images: Mapping[str, bytes],
    after_images: Mapping[str, bytes],
) -> str:
    """Return the page as HTML that needs no other file.

    **Arguments:** `before_images`, `after_images`: PNG figures by name.
    """
    names = escape(before.name), escape(after.name)
    metrics = sorted(
        found.metrics, key=lambda metric: (metric.exceeds is not True, metric.exceeds is None, metric.name)
    )
    judged = [metric for metric in metrics if metric.exceeds is not None]
    beyond = sum(metric.exceeds is True for metric in judged)
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        f"<title>{names[0]} and {names[1]}</title><style>{STYLE}</style>",
        f"<h1>{names[0]} and {names[1]}</h1>",
        "<h2>Parameters</h2>",
        _table(("key", *names), (("", (p.name, readable(p.before), readable(p.after))) for p in found.parameters)),
        "<h2>Metrics</h2>",
        f"<p>{beyond} of {len(judged)} differ by more than their 95 % intervals; {len(metrics) - len(judged)} differ "
        f"and have none; {found.same} are the same. A difference exceeds its interval where independent estimates "
        "would differ as much in one case of twenty at most.</p>",
        _table(
            ("metric", *names, "differs by"),
            (
                ("beyond" if m.exceeds else "", (m.name, estimate(m.before), estimate(m.after), VERDICTS[m.exceeds]))
                for m in metrics
            ),
        ),
        "<h2>Figures</h2>",
        *_pairs(names, before_images, after_images),
        "<h2>Files</h2>",
        _table(("", "file"), (("", (kind, label)) for kind in Files._fields for label in getattr(found.files, kind))),
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def estimate(value: Estimate) -> str:
    """Return a number with its interval, if it has one."""
    interval = "" if value.low is None or value.high is None else f" [{readable(value.low)}, {readable(value.high)}]"
    return readable(value.value) + interval


def _table(header: Iterable[str], rows: Iterable[tuple[str, Iterable[str]]]) -> str:
    """Return a table, or a word where it would be empty; a row is its class and its cells."""
    lines = [f"<tr class='{kind}'>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>" for kind, cells in rows]
    heads = "".join(f"<th>{cell}</th>" for cell in header)
    return f"<table><tr>{heads}</tr>{''.join(lines)}</table>" if lines else "<p class='none'>No difference.</p>"


def _pairs(names: tuple[str, str], before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterable[str]:
    """Yield each figure of both, side by side."""
    for name in sorted({*before, *after}):
        same = " <span class='none'>(the same)</span>" if before.get(name) == after.get(name) else ""
        yield f"<h3>{escape(name)}{same}</h3><div class='pair'>"
        for version, images in zip(names, (before, after), strict=True):
            yield f"<div><b>{version}</b><br>{_image(images.get(name))}</div>"
        yield "</div>"


def _image(content: bytes | None) -> str:
    if content is None:
        return "<span class='none'>not there</span>"
    return f"<img src='data:image/png;base64,{b64encode(content).decode()}' alt=''>"
