"""Pages are their templates filled in, and a place without a value or a value without a place is refused."""

import json
from pathlib import Path

import pytest

from edgemem.errors import EdgememError
from edgemem.reporting.page_numbers import by_parts, page_numbers
from edgemem.reporting.pages import link, markdown_table, write_page
from edgemem.reporting.summary_metrics import known, read_metrics


def filled(folder: Path, template: str, name: str = "page.md", **values: object) -> str:
    (folder / f"template-{name}").write_text(template, encoding="utf-8")
    write_page(folder / f"template-{name}", folder / name, {"measured": {"count": 1234}}, **values)
    return (folder / name).read_text(encoding="utf-8")


def test_numbers_of_pages_are_readable(tmp_path: Path):
    """Those given by name, those of definitions and of the paper, and filters; blocks leave no lines, the end stays."""
    template = "{{ measured.count }} {{ text }}\n{% if text %}\n  {% set x = 1 %}\n<b>\n{% endif %}\nend\n"
    assert filled(tmp_path, template, text="a & b") == "1,234 a & b\n<b>\nend\n"
    numbers = "{{ definitions.confidence }} {{ published.transition }} {{ published.setting['N'] }}"
    assert filled(tmp_path, numbers) == "95 0.8 200"
    filters = "{{ x|number('.1f') }} {{ x|signed('.2f') }} {{ 1e6|power_of_ten }} {{ 2500000|megabytes }}"
    assert filled(tmp_path, filters, x=0.25) == "0.2 +0.25 10⁶ 2.5 MB"


def test_html_is_escaped(tmp_path: Path):
    """Code and bold text are marked up; no line begins with a percent sign."""
    page = filled(
        tmp_path, "<p>{{ text }}</p>{{ said|prose }} {{ 1234 }}", "page.html", text="<a>", said="`x` **a < b** 5 %"
    )
    assert page == "<p>&lt;a&gt;</p><code>x</code> <strong>a &lt; b</strong> 5\N{NO-BREAK SPACE}% 1234"


def test_stars_of_symbols_are_seen(tmp_path: Path):
    """Two stars within words would be the ends of emphasis in Markdown; in HTML they are stars."""
    assert filled(tmp_path, "σ*² = 1, **not** {{ text }}", text="σ*² = 2") == r"σ\*² = 1, **not** σ\*² = 2"
    assert filled(tmp_path, "{{ text }}", "page.html", text="σ*²") == "σ*²"


def test_lines_end_where_nothing_is_torn_apart(tmp_path: Path):
    """Long names may break after their parts; numbers with exponents and intervals stay whole."""
    page = filled(tmp_path, "{{ said|prose }}", "page.html", said="`a_b/c` 1.5e-04 [-0.1, 2e+03] [x, y]")
    whole = '<span class="whole">1.5e-04</span> <span class="whole">[-0.1, 2e+03]</span>'
    assert page == f"<code>a_<wbr>b/<wbr>c</code> {whole} [x, y]"


def test_templates_share_their_parts(tmp_path: Path):
    """A template extends and imports others in its folder, and its values may have their places in these."""
    (tmp_path / "base.html").write_text("<h1>{{ title }}</h1>{% block content %}{% endblock %}")
    (tmp_path / "parts.html").write_text("{% macro bold(text) %}<b>{{ text }} {{ unit }}</b>{% endmacro %}")
    beginning = '{% extends "base.html" %}{% import "parts.html" as parts with context %}'
    template = beginning + "{% block content %}{{ parts.bold(number) }}{% endblock %}"
    values = {"title": "A & B", "number": "<1>", "unit": "m"}
    assert filled(tmp_path, template, "page.html", **values) == "<h1>A &amp; B</h1><b>&lt;1&gt; m</b>"
    with pytest.raises(EdgememError, match=r"has no place for what belongs there; write \{\{ more \}\} into it"):
        filled(tmp_path, template, "page.html", **values, more="x")
    with pytest.raises(EdgememError, match=r"page.html cannot be filled in: .*none.html"):
        filled(tmp_path, '{% extends "none.html" %}', "page.html")


def test_places_and_values_belong_together(tmp_path: Path):
    with pytest.raises(EdgememError, match=r"has no place for what belongs there; write \{\{ more \}\} into it"):
        filled(tmp_path, "{{ text }}", text="a", more="b")
    with pytest.raises(EdgememError, match="cannot be filled in: 'other' is undefined"):
        filled(tmp_path, "{{ other }}")
    with pytest.raises(EdgememError, match="cannot be filled in"):
        write_page(tmp_path / "none.md", tmp_path / "page.md")
    assert not (tmp_path / "page.md").exists()


def test_tables_in_markdown():
    assert markdown_table(["a", "b"], [["1", "2"], ["3", "4"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |"


def test_links_are_relative():
    assert link("docs/results/a b.png", "docs/page.md") == "results/a%20b.png"
    assert link("README.md", "docs/results/page.md") == "../../README.md"


def test_numbers_of_files(tmp_path: Path):
    """By the name of the campaign, of what was measured, or of the file, with underscores for dashes."""
    files = {
        "results/paper-seeds/metrics.json": json.dumps({"campaign/m50": 0.8, "seeds": 3}),
        "measured/image-protocols.json": '{"x": 1}',
        "config-file.yaml": "campaign: {seeds: 3}",
        "other.json": "[1]",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = page_numbers([tmp_path / name for name in files], {"new-one": {"a/b/c": 1.0, "a/b/d": 2.0}})
    assert found == {
        "measured": {"image_protocols": {"x": 1}},
        "config_file": {"campaign": {"seeds": 3}},
        "other": [1],
        "results": {
            "new_one": {"a": {"b": {"c": 1.0, "d": 2.0}}},
            "paper_seeds": {"campaign": {"m50": 0.8}, "seeds": 3},
        },
    }
    assert by_parts({}) == {}


@pytest.mark.parametrize("name", ["broken.yaml", "broken.json", "gone.json"])
def test_numbers_that_cannot_be_read(tmp_path: Path, name: str):
    if "broken" in name:
        (tmp_path / name).write_text("{")
    with pytest.raises(EdgememError, match=f"{name} cannot be read as numbers"):
        page_numbers([tmp_path / name])


def test_metrics_that_are_not_there(tmp_path: Path):
    (tmp_path / "metrics.json").write_text('{"a": 0.0, "b": null}')
    metrics = read_metrics(tmp_path / "metrics.json")
    assert known(metrics, "a") == 0
    for name in ("b", "c"):
        with pytest.raises(EdgememError, match=f"the metrics lack {name}"):
            known(metrics, name)
    with pytest.raises(EdgememError, match=r"none.json cannot be read as metrics \(.*\); type: snakemake"):
        read_metrics(tmp_path / "none.json")
