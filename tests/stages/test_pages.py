"""No number of a page is typed: each comes from metrics, measurements, definitions or the configuration."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from edgemem.analysis.comparison import BOUNDS
from edgemem.analysis.copied_samples import BOUND
from edgemem.analysis.training_times import EXCESS
from edgemem.analysis.transition import LEVELS
from edgemem.cli import main
from edgemem.config.models import snapshot_steps
from edgemem.layout import PAGES
from edgemem.numerics.loss_trace import can_tell
from edgemem.reporting import definitions
from edgemem.reporting.numbers import power_of_ten, signed
from edgemem.reporting.page_numbers import page_numbers
from edgemem.reporting.pages import write_page


ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(ROOT.glob("docs/templates/*"))
# What `publish`, `claims`, `collect`, `report` and `version diff` make has templates, too.
PROTOCOLS = ("protocols", "image-protocols", "per-time-protocols")
OTHERS = (*(f"{name}.md" for name in PROTOCOLS), "claims.md", "results.md", "report.html", "diff.html")
# What the last two share.
PARTS = ("base.html", "parts.html")
# CHANGELOG.md is not among them: it is history, and says what was true at its dates.
WITHOUT_TEMPLATE = [
    page
    for page in (ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md")))
    if page.name not in {template.name for template in TEMPLATES}
]
ALL_PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/results/*/*.md")])

# What is no prose, outermost first.
NO_PROSE = (
    r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}",  # of Jinja: places of numbers
    r"^( *)```.*?^\1```$",
    r"<!-- keys: begin -->.*?<!-- keys: end -->",  # made of the model of the configuration; test_config_reference.py
    r"<!--.*?-->|<style>.*?</style>|<svg.*?</svg>|</?[a-z][^>]*>",
    r"(?<=\n\n)(?: {4}[^\n]*\n)+",
    r"(?<!`)``?[^`]+``?(?!`)",
    r"!\[[^\]]*\]\([^)]*\)",
    r"(?<=\])\([^)]*\)",
)
# What has digits in prose and is no number of ours, by its reason.
ALLOWED = {
    "the number of the paper": r"arXiv \d{4}\.\d{5}",
    "a version": r"(?:Python|CUDA|compliance-checker|CF)[ -]\d+(?:\.\d+)*(?: and \d+\.\d+)?",
    "an equation, theorem, figure or section of the paper": (
        r"(?:equation|regression|theorem|figures?|section) \(?\d+(?:\.\d+)?\)?(?: and \d+)?"
    ),
    "a symbol at a value that makes it special": r"(?:σ\*²|[CkMλt]) = [012](?!\d|[.,]\d)(?: or [12](?!\d|[.,]\d))?",
    "a formula": r"N\(0, σ|1 [+−] (?:ψ|M/N)",
    "the ends of a range": r"from [01] to [1N](?!\d|[.,]\d)",
    "the place in a list": r"^\d\. ",
    "a type of numbers": r"\b[Ff]loat(?:32|64)\b",
    "a name": r"\b(?:S3|SHA-256|sha256|base64|x86-64|AVX2|2-Wasserstein)\b",
}


def typed(text: str) -> list[str]:
    """Return the lines of prose that have a digit of no kind that is allowed."""
    for pattern in NO_PROSE:
        text = re.sub(pattern, " ", text, flags=re.DOTALL | re.MULTILINE)
    for pattern in ALLOWED.values():
        text = re.sub(pattern, "", text, flags=re.MULTILINE)
    return [line for line in text.splitlines() if re.search(r"\d", line)]


@pytest.mark.parametrize("page", [*TEMPLATES, *WITHOUT_TEMPLATE], ids=lambda page: str(page.relative_to(ROOT)))
def test_no_number_is_typed(page: Path):
    assert typed(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "The ratio is 0.94 there.",
        "It takes 245 s, see [growth](growth.md).",
        "| train | 18.4 |",
        "With σ*² = 1.5 it differs.",
        "in figure 6: 0.884",
        "C = 2, 3",
        "- an item of 3 lines\n    with 4 spaces",
        "`code` and 7",
        "| {{ row.N }} | 5 |",
        "from 0 to 1.5",
    ],
)
def test_a_typed_number_is_found(text: str):
    assert typed(f"# A page\n\n{text}\n\nMore text.\n")


@pytest.mark.parametrize(
    "text",
    [
        "The ratio is {{ m.ratio | number('.2f') }} there.",
        "{% for row in m.rows[:3] %}\n| {{ row.N }} | {{ 2 * row.d }} |\n{% endfor %}",
        "Type `--cores 4`, with\n\n    snakemake --cores 2\n\nor\n\n```sh\nmake -j 8\n```",
        "[growth](growth-2.md) ![figure 3](images/3.png) <!-- 5 -->",
        "equation (21), theorem 3.1, figures 2 and 6, arXiv 2508.17689, Python 3.11, float32, σ*² = 1",
    ],
)
def test_a_number_of_a_template_and_of_code_is_none(text: str):
    assert typed(f"# A page\n\n{text}\n\nMore text.\n") == []


@pytest.mark.parametrize("reason", ALLOWED)
def test_what_is_allowed_occurs(reason: str):
    pages = [page.read_text(encoding="utf-8") for page in (*TEMPLATES, *WITHOUT_TEMPLATE)]
    assert any(re.search(ALLOWED[reason], page, re.MULTILINE) for page in pages)


def broken(text: str) -> list[str]:
    """Return the lines of tables that GitHub would show as text, or with cells missing or left out."""
    text = re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = []
    for block in re.findall(r"(?:^ *\|.*\n?)+", text, re.MULTILINE):
        rows = block.splitlines()
        # A bar separates cells in `code`, too, unless there is a backslash before it.
        cells = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
        if not re.fullmatch(r" *\|(?: *:?-+:? *\|)+ *", "".join(rows[1:2])):
            lines.append(rows[0])
        lines += [row for row, number in zip(rows, cells, strict=True) if number != cells[0] or row.rstrip()[-1] != "|"]
    return lines


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tables_are_tables(page: Path):
    assert broken(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("| a | b |\n| --- | --- |\n| 1 |", "| 1 |"),
        ("| a | b |\n| --- | --- |\n| `x|y` | 2 |", "| `x|y` | 2 |"),
        ("| a | b |\n| --- | --- |\n| 1 | a cell that goes\non |", "| 1 | a cell that goes"),
        ("| a | b |\n| --- |\n| 1 | 2 |", "| --- |"),
        ("| a |\n| --- |\n| 1 |\n\n| without a header |", "| without a header |"),
    ],
)
def test_a_broken_table_is_found(table: str, line: str):
    assert broken(f"Text.\n\n{table}\n\nMore text.\n") == [line]
    assert broken("| a | b |\n| --- | :-: |\n| `x\\|y` | 2 |\n```\n| of code |\n```\n") == []


def test_every_template_has_a_page():
    assert sorted(template.name for template in TEMPLATES) == sorted(
        [*(Path(page).name for page in PAGES), *OTHERS, *PARTS]
    )


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with templates and numbers and without pages."""
    for folder in ("docs/templates", "docs/measured"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for file in ("config.yaml", *(path.relative_to(ROOT) for path in ROOT.glob("docs/results/*/metrics.json"))):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_pages_are_those_of_their_templates(copied: Path):
    """After a change of a template or a number: python -m edgemem pages."""
    assert main(["pages"]) == 0
    for page in PAGES:
        assert (copied / page).read_text(encoding="utf-8") == (ROOT / page).read_text(encoding="utf-8"), page


@pytest.mark.parametrize("name", PROTOCOLS)
def test_pages_of_protocols_are_those_of_their_templates(tmp_path: Path, name: str):
    """But for the table, which is made of results; `snakemake docs/protocols.md` brings it in."""
    said = (ROOT / f"docs/{name}.md").read_text(encoding="utf-8")
    table = re.search(r"^\| model \| points .*?^Made from [^\n]*$", said, re.MULTILINE | re.DOTALL)
    numbers = page_numbers([ROOT / "config.yaml", ROOT / f"docs/measured/{name}.json"])
    write_page(ROOT / f"docs/templates/{name}.md", tmp_path / "page.md", numbers, table=table[0])
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == said


def compared(name: str) -> tuple[dict[str, list[list[str]]], str, int]:
    """Return the rows of each protocol in a page's table, the cheapest that is equivalent everywhere, its points."""
    page = (ROOT / f"docs/{name}.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in page.splitlines() if row.startswith("| ")]
    table = [row for row in rows if len(row) == 9 and row[-1] in ("yes", "no")]
    candidates = {row[0]: [own for own in table if own[0] == row[0]] for row in table}
    points = {name: int(own[0][1].replace(",", "")) for name, own in candidates.items()}
    equivalent = [name for name, own in candidates.items() if all(row[-1] == "yes" for row in own)]
    cheapest = min(equivalent, key=points.__getitem__)
    return candidates, cheapest, points[cheapest]


def value(row: list[str], column: int) -> float:
    """Return the number that a cell begins with."""
    return float(row[column].split()[0])


def test_what_the_page_on_protocols_says_of_its_table_stands_in_it():
    """The protocol that is `fast`, its largest differences, and what fewer steps leave at a large variance."""
    candidates, cheapest, _ = compared("protocols")
    assert cheapest == "even-4000"
    said = json.loads((ROOT / "docs/measured/protocols.json").read_text())
    weakest, fast = said["weakest"], candidates["even-4000"]
    largest = max(fast, key=lambda row: abs(value(row, 4)))
    assert largest[4] == "{m50:+.4f} [{m50_low:+.4f}, {m50_high:+.4f}]".format(**weakest)
    assert largest[2].endswith(f"_var{weakest['variance']:g}")
    assert max((value(row, 7) for row in fast), key=abs) == said["test_loss_percent"]
    short, sums = f"even-{said['sums']['short_steps']}", said["sums"]
    (wide,) = [row for row in candidates[short] if row[2].endswith(f"_var{sums['wide_variance']:g}")]
    assert value(wide, 5) == sums["wide_excess_percent"]


def test_what_the_page_on_protocols_of_times_says_of_its_table_stands_in_it():
    """The cheapest protocol, and how far off are `fast` of the other mixture and as many points in single draws."""
    candidates, cheapest, points = compared("per-time-protocols")
    said = json.loads((ROOT / "docs/measured/per-time-protocols.json").read_text())
    assert said["cheapest"] == {"name": cheapest, "points": points}
    fast, single = said["fast"], said["single"]
    largest = max(candidates["even-4000"], key=lambda row: abs(value(row, 4)))
    assert largest[4] == "{m50:+.4f} [{m50_low:+.4f}, {m50_high:+.4f}]".format(**fast)
    (wide,) = [row for row in candidates[single["name"]] if row[2].endswith(f"_var{single['variance']:g}")]
    assert (wide[1], wide[-1]) == (f"{points:,}", "no")
    assert wide[5] == "{excess:+.1f} [{low:+.1f}, {high:+.1f}] %".format(**single)


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/results/*/README.md")), ids=lambda page: page.parent.name)
def test_pages_of_campaigns_have_the_words_of_their_template(page: Path, tmp_path: Path):
    """What stands in the places is made of results; `snakemake collect` brings it in. Tables may be missing, with what
    is said of them."""
    places = dict.fromkeys(("campaign", "origin", "figures", "predictors", "noise", "sections", "cost"), "\0")
    pages = []
    for missing in ([], ["predictors"], ["noise"], ["predictors", "noise"]):
        write_page(ROOT / "docs/templates/results.md", tmp_path / "page.md", **(places | dict.fromkeys(missing, "")))
        words = (tmp_path / "page.md").read_text(encoding="utf-8").split("\0")
        pages.append(".*".join(map(re.escape, words)))
    assert re.fullmatch("|".join(pages), page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/results/*/README.md")), ids=lambda page: page.parent.name)
def test_pictures_of_campaigns_have_captions(page: Path):
    """Each picture is there, described to those who cannot see it, and explained below."""
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"^### .+\n\n!\[([^\]]+)\]\(([^)]+)\)\n\n\w.+", text, re.MULTILINE)
    assert sorted(name for _, name in shown) == sorted(path.name for path in page.parent.glob("*.png"))
    assert not any(alt == Path(name).stem for alt, name in shown)


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_stars_are_no_emphasis_within_words(page: Path):
    text = re.sub(r"^( *)```.*?^\1```$|`[^`]+`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert re.findall(r".*\w\*\w.*", text) == []


def test_a_page_follows_its_numbers(copied: Path):
    file = copied / "docs/measured/versions.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"megabytes": 1234.5}))
    assert main(["pages", "docs/versions.md"]) == 0
    assert "in 1234.5 MB" in (copied / "docs/versions.md").read_text()
    assert not (copied / "README.md").exists()


def test_a_number_that_is_missing_is_named(copied: Path, capsys: pytest.CaptureFixture[str]):
    file = copied / "docs/measured/versions.json"
    file.write_text("{}")
    assert main(["pages", "docs/versions.md"]) == 1
    message = "docs/templates/versions.md cannot be filled in: 'dict object' has no attribute 'results'"
    assert message in capsys.readouterr().err
    file.write_text("{")
    assert main(["pages", "docs/versions.md"]) == 1
    assert "docs/measured/versions.json cannot be read as numbers" in capsys.readouterr().err


@pytest.mark.parametrize("file", sorted(ROOT.glob("docs/measured/*.json")), ids=lambda file: file.stem)
def test_measurements_say_where_they_come_from_and_are_used(file: Path):
    numbers = json.loads(file.read_text(encoding="utf-8"))
    origin = {"made_by", "date", "commit", "machine", "note"}
    assert origin - {"note"} <= set(numbers)
    own = file.stem.replace("-", "_")
    texts = (template.read_text(encoding="utf-8") for template in TEMPLATES)
    templates = "".join(text for text in texts if f"measured.{own}" in text)
    for name in set(numbers) - origin:
        assert re.search(rf"\b(?:m|{own})\.{name}\b", templates), name


def test_definitions_are_those_of_the_code():
    levels = (definitions.TRANSITION_LOW, definitions.TRANSITION_HALF, definitions.TRANSITION_HIGH)
    assert tuple(LEVELS.values()) == levels
    variance = np.log(1 + definitions.EQUIVALENCE_VARIANCE / 100)
    assert pytest.approx({"m50": definitions.EQUIVALENCE_M50, "log_variance": variance}) == BOUNDS
    assert definitions.COPIES_BOUND == BOUND
    assert pytest.approx(100 * EXCESS) == definitions.EXCESS_PERCENT
    assert list(definitions.SNAPSHOTS) == snapshot_steps(4, 4000)
    assert [can_tell(definitions.SHORTEST_TRACE - 1), can_tell(definitions.SHORTEST_TRACE)] == [False, True]


def test_numbers_as_texts_have_them():
    assert [signed(value, form) for value, form in ((-0.02, ".2f"), (1.5, ""), (9, ""))] == ["−0.02", "+1.5", "+9"]
    assert [power_of_ten(value) for value in (1e6, 1.1e8, 1e-4, 3e-4)] == ["10⁶", "1.1 × 10⁸", "10⁻⁴", "3 × 10⁻⁴"]
