"""The report shows the campaign's figures and numbers, loads nothing, and leads to the data."""

import base64
import csv
import json
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest
import xarray as xr
from PIL import Image

from edgemem import pieces
from edgemem.cli import main
from edgemem.files.attributes import read_attributes
from edgemem.files.lineage import sha256
from edgemem.reporting.paper_claims import PAPER as PAPER_CLAIMS
from workflow.campaign import OTHER_SETTING, SETTING

from .conftest import TEMPLATE, Page


PAPER = "https://arxiv.org/abs/2508.17689"


def figures(model: str) -> list[str]:
    """Return the names of the figures of one setting and model."""
    drawn = (("losses", SETTING), ("losses", OTHER_SETTING), ("mechanism", SETTING))
    return [f"{figure}_{setting}_{model}" for figure, setting in drawn]


def test_every_figure_has_a_caption():
    """There is no figure that a report could not explain."""
    for figure in pieces.names("figure"):
        assert all(pieces.figure_module(figure).CAPTION), figure


def test_every_figure_is_embedded_and_captioned(report: Path, page: Page, model: str):
    """The page holds each image of the campaign byte by byte, with its alternative text and its caption."""
    images = {path.stem: path.read_bytes() for path in (report.parent / "figures").glob("*.png")}
    assert set(images) == {*figures(model), "prediction"}
    shown = page.all("img")
    embedded = [base64.b64decode(image["src"].removeprefix("data:image/png;base64,")) for image in shown]
    assert sorted(embedded) == sorted(images.values())
    first, *others = [figure["id"] for figure in page.all("figure")]
    assert first == figures(model)[0]  # the first of the configuration, above all tables
    assert others[0] == "prediction"  # those over all settings come before those of one
    before = report.read_text().partition("<figure")[0]
    assert "<table" not in before and "Campaign tiny" in before
    for name, content in images.items():
        caption = pieces.figure_module(name.partition("_")[0]).CAPTION
        assert shown[embedded.index(content)]["alt"] == caption.alt
        for said in (caption.title, caption.text):
            assert said in page.text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("known", [True, False])
def test_numbers_are_those_of_the_metrics(make, spec, model: str, known: bool):
    """Transition points, ratios and errors are what metrics.json says, with a dash for what is unknown."""
    file = Path("results/tiny/metrics.json")
    metrics: dict[str, float | None] = json.loads(file.read_text())
    if known:  # the tiny campaign is too short for a transition
        metrics = {name: 1e-3 * i if value is None else value for i, (name, value) in enumerate(metrics.items())}
        file.write_text(json.dumps(metrics))
    assert make(spec) == 0
    page = Page(Path("new.html").read_text())

    def shown(name: str, form: str) -> str:
        value = metrics[name]
        return "–" if value is None else format(value, form)

    def with_interval(name: str, form: str) -> str:
        ends = f"{name}_low", f"{name}_high"
        if None in (metrics[end] for end in ends):
            return shown(name, form)
        return f"{shown(name, form)} [{shown(ends[0], form)}, {shown(ends[1], form)}]"

    if known:
        assert f"{with_interval('campaign/m50_mean', '.3f')} N components" in page.text
    else:
        assert "no model size was found at which the fitted ratio crosses one half" in page.text
    for setting in (SETTING, OTHER_SETTING):
        case = f"{setting}/{model}"
        points, ratios = [row for row in page.rows if row[:2] == [setting, model]][:2]
        m10, m90 = (shown(f"{case}/{level}_pooled", ".3f") for level in ("m10", "m90"))
        predicted = shown(f"{case}/predicted_m50_exact_losses", ".3f")
        # The last cell is an image.
        assert points == [setting, model, m10, with_interval(f"{case}/m50_pooled", ".3f"), m90, predicted, ""]
        reported = [with_interval(f"{case}/memorization_ratio_at_{f}", ".3f") for f in (0.5, 0.7, 0.8, 0.9)]
        assert ratios[:-1] == [setting, model, shown(f"{case}/null_memorization_ratio", ".3f"), *reported]
    of_predictor = [row for row in page.rows if row[0] == "exact losses, λ = 1"]
    if not known:  # no setting has an error
        assert {cell for row in of_predictor for cell in row[1:]} == {"–"}
        return
    exact, agreement = of_predictor
    assert agreement[1] == with_interval("predictor/exact_losses/bias", "+.4f")
    assert exact[1:3] == [shown(f"predictor/exact_losses/squared_error_{fold}", ".2e") for fold in ("train", "holdout")]


def test_parameters_are_those_of_the_configuration(page: Page):
    """Values stand beside their keys and their meaning."""
    rows = {row[0]: row[1] for row in page.rows if len(row) == 3}
    assert rows["steps"] == "20"
    assert rows["clip_norm"] == "100"
    assert rows["threshold"] == "0.333333"
    assert rows["holdout"] == "0.5"
    assert rows["denoiser"] == "isotropic_mixture"
    assert rows["probe"] == "50"
    assert rows["protocol"] == "tiny"
    assert rows["settings"] == "all"
    assert [OTHER_SETTING, "10", "2", "2", "2"] in page.rows


def test_costs_and_origin_are_there(report: Path, page: Page):
    """The page says how many jobs of each stage ran, and when, where and by which code files were made."""
    jobs = {row[0]: row[1] for row in page.rows if len(row) == 5}
    assert {stage: jobs[stage] for stage in ("sample", "train", "geometry", "evaluate", "regress", "plot")} == {
        "sample": "4", "train": "4", "geometry": "4", "evaluate": "4", "regress": "1", "plot": "4",
    }  # fmt: skip
    files = {row[0]: row for row in page.rows if len(row) == 9}
    assert {kind: row[1] for kind, row in files.items() if kind != "files"} == {
        "samples": "4", "models": "4", "geometry": "4", "evaluations": "4", "transition": "1", "regression": "1",
    }  # fmt: skip
    with xr.open_dataset(report.with_name("transition.nc"), engine="netcdf4") as dataset:
        made = dataset.attrs
    assert files["transition"][2] == made["created"][:16].replace("T", " ")
    assert made["git_commit"][:12] in files["transition"][3]
    assert made["host_platform"] == files["transition"][8]
    assert "All 18 that are still there were read again for this page, and are what they were." in page.text


def test_lineage_is_in_the_page(report: Path, capsys: pytest.CaptureFixture[str]):
    """The page tells what it was made of: each figure, table and number, and what these were made of."""
    assert main(["lineage", str(report)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "report"
    told = {line.strip().split(", ")[0]: line.rpartition(", ")[2] for line in lines[2:] if ", sha256 " in line}
    assert set(told.values()) == {"is the file here"}
    results = report.parents[1]
    made = {*results.glob("*/*.nc"), report.with_name("metrics.json")}
    made |= {*results.glob("*/figures/*.*"), *results.glob("*/figures/column/*.png")}
    made |= {
        path for kind in ("samples", "models", "geometry", "evaluations") for path in (results / kind).rglob("*.nc")
    }
    assert set(told) == {str(path.relative_to(results.parent)) for path in made}


def test_nothing_is_loaded(report: Path, page: Page):
    """No script, no frame, no file but the page itself: whatever is embedded is data, and the browser is told so."""
    loading = {"script", "iframe", "object", "embed", "video", "audio", "base"}
    assert not loading & {element.tag for element in page.elements}
    assert all(source["srcset"].startswith("data:") for source in page.all("source"))
    assert {link["href"] for link in page.all("link")} == {"data:,"}
    assert all(image["src"].startswith("data:") for image in page.all("img"))
    (policy,) = (meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    style = re.search("<style>(.*)</style>", report.read_text(), re.DOTALL)
    assert style and not re.search(r"url\(|@import", style[1])
    assert not any(name.startswith("on") for element in page.elements for name in element.attributes)
    outside = {link["href"] for link in page.all("a") if ":" in link["href"]}
    assert {link for link in outside if not link.startswith("data:text/csv;")} == {PAPER}


def test_links_lead_to_what_they_name(report: Path, page: Page):
    """Links inside the page have their places, others lead to files that are there; the paper is the only exception."""
    places = {element.attributes["id"] for element in page.elements if "id" in element.attributes}
    for link in (link["href"] for link in page.all("a")):
        if link.startswith("#"):
            assert link[1:] in places
        elif link != PAPER and not link.startswith("data:"):
            assert (report.parent / unquote(link)).is_file(), link


def test_each_figure_leads_to_its_data(report: Path, model: str):
    """Beside each figure are its PDF, its values and exactly the files that it was drawn from, with their checksums."""
    folder = report.parents[1] / f"evaluations/{SETTING}"
    evaluations = {f"../{path.relative_to(report.parents[1])}" for path in folder.rglob("*.nc")}
    assert len(evaluations) == 2
    losses, _, mechanism = figures(model)
    expected = {
        "prediction": {"transition.nc", "regression.nc"},
        losses: {"regression.nc", *evaluations},
        mechanism: evaluations,
    }
    labels = {f"evaluations of {model} on {SETTING}, seed {seed}" for seed in (1, 2)}
    for name, data in expected.items():
        found = re.search(f'<figure id="{name}">(.*?)</figure>', report.read_text(), re.DOTALL)
        assert found
        links = {link["href"] for link in Page(found[1]).all("a") if not link["href"].startswith("data:")}
        assert links == {f"figures/{name}.pdf", *data}
        assert ("regression of campaign tiny" in found[1]) == ("regression.nc" in data)
        assert all((label in found[1]) == (data >= evaluations) for label in labels)
        for path in data:
            assert sha256(report.parent / path) in found[1]


def test_headings_are_in_order(page: Page):
    """There is one first heading, and no level is left out on the way down."""
    levels = [int(element.tag[1]) for element in page.elements if re.fullmatch("h[1-6]", element.tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False))


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "\"><img src='x' onerror='alert(1)'>", "{{ 7 * 7 }}"])
def test_names_are_shown_as_they_are(make, spec, model: str, hostile: str):
    """Names are text: whatever they hold, it is shown, and is no part of the page."""
    image = {"family": "image", "templates": hostile, "N": 10, "K": 2}
    own = pieces.setting_class("image")(**image).name
    file = Path("results/tiny/metrics.json")
    metrics = json.loads(file.read_text())
    of_setting = {
        key.replace(f"{SETTING}/{model}", f"{own}/{hostile}", 1): value
        for key, value in metrics.items()
        if key.startswith(f"{SETTING}/")
    }
    file.write_text(json.dumps(metrics | of_setting))
    changed = {"campaign": hostile, "settings": [*spec["settings"], image]}
    other = spec["models"][model] | {"settings": [own], "protocol_name": hostile}
    models = {"models": {model: spec["models"][model], hostile: other}}
    assert make(spec | changed | models) == 0
    page = Page(Path("new.html").read_text())
    assert hostile in page.text
    assert f"Campaign {hostile}" in page.text
    assert not page.all("script")
    assert read_attributes("new.html")["campaign"] == hostile
    assert len(page.all("img")) == 4
    assert any(row[:2] == [own, hostile] for row in page.rows)
    assert f"Training protocol {hostile}" in page.text


def test_files_that_changed_are_named(make, spec, model: str):
    """A file that is not what another was made of is named: the page does not vouch for it."""
    path = f"results/samples/{SETTING}/seed1.nc"
    with xr.open_dataset(path, engine="netcdf4") as dataset:
        changed = dataset.load().assign_attrs(title="another")
    changed.to_netcdf(path)
    assert make(spec) == 0
    text = Page(Path("new.html").read_text()).text
    samples, models = f"samples of {SETTING}, seed 1", f"models of {model} on {SETTING}, seed 1"
    assert f"{samples}: changed since {models} were made of it" in text
    assert "were read again for this page" not in text


def test_results_without_benchmarks_or_older_files(make, spec):
    """Results that were copied without what they were made of have a report that says what it knows."""
    for kind in ("benchmarks", "samples", "models", "geometry"):
        Path(f"results/{kind}").rename(f"results/away-{kind}")
    assert make(spec) == 0
    page = Page(Path("new.html").read_text())
    assert "left no benchmarks here" in page.text
    assert {row[0] for row in page.rows if len(row) == 9} == {"files", "evaluations", "transition", "regression"}


def test_refusals(make, spec, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """What is missing or broken stops the stage with a message that names it, and no page is written."""
    image = Path("results/tiny/figures/prediction.png")
    content = image.read_bytes()
    image.write_bytes(b"no image")
    assert make(spec) == 1
    assert f"{image} is no PNG file" in capsys.readouterr().err
    image.unlink()
    assert make(spec) == 1
    assert "--figures lacks prediction.png" in capsys.readouterr().err
    image.write_bytes(content)
    template = shutil.copytree(TEMPLATE.parent, tmp_path / "templates") / "report.html"
    template.write_text(TEMPLATE.read_text().replace("{% block content %}", "{% block content %}{{ weather }}"))
    assert make(spec, template) == 1
    assert f"{template} cannot be filled in: 'weather' is undefined" in capsys.readouterr().err
    Path("results/tiny/regression.nc").write_bytes(b"truncated")
    assert make(spec) == 1
    assert "results/tiny/regression.nc is no file of edgemem; delete it and run again" in capsys.readouterr().err
    assert not Path("new.html").exists()


def read_csv(link: dict[str, str]) -> list[list[str]]:
    """Return the rows of a CSV that is in a link, without the line of its lineage."""
    beginning = "data:text/csv;charset=utf-8;base64,"
    assert link["href"].startswith(beginning)
    lineage, *lines = base64.b64decode(link["href"].removeprefix(beginning)).decode().splitlines()
    assert lineage.startswith("# ")
    return list(csv.reader(lines))


def test_each_table_can_be_taken_along(make, spec, model: str):
    """Below each table of results is the same as CSV, with numbers as programs read them, under a name of its own."""
    file = Path("results/tiny/metrics.json")
    case = f"{SETTING}/{model}"
    known = {"m10_pooled": 0.7, "m50_pooled": 0.8, "m50_pooled_low": 0.75, "m50_pooled_high": 0.85, "m90_pooled": None}
    known |= {"predicted_m50_exact_losses": 0.78}
    metrics = json.loads(file.read_text()) | {f"{case}/{name}": value for name, value in known.items()}
    file.write_text(json.dumps(metrics))
    assert make(spec) == 0
    page = Page(Path("new.html").read_text())
    links = [link for link in page.all("a") if link.get("download", "").startswith("tiny-")]
    tables = {link["download"]: read_csv(link) for link in links}
    names = ("claims-1", "claims-2", "claims-3", "transitions", "ratios", "errors", "agreement", "noise", "costs")
    assert sorted(link["download"] for link in links) == sorted(f"tiny-{name}.csv" for name in names)
    header, first, *_ = tables["tiny-transitions.csv"]
    assert header == ["setting", "model", "M₁₀ / N", "M₅₀ / N", "M₅₀ / N low", "M₅₀ / N high", "M₉₀ / N", "predicted"]
    assert first == [SETTING, model, "0.700", "0.800", "0.750", "0.850", "", "0.780"]
    assert [row[0] for row in tables["tiny-claims-1.csv"]] == ["claim", *(claim.text for claim in PAPER_CLAIMS)]
    assert ["train", "4"] in [row[:2] for row in tables["tiny-costs.csv"]]


def test_each_figure_comes_in_one_column_and_as_numbers(report: Path, page: Page):
    """For narrow screens there is the figure's version for one column, and its CSV is in the page byte by byte."""
    figures = report.parent / "figures"
    names = [figure["id"] for figure in page.all("figure")]
    for name, source in zip(names, page.all("source"), strict=True):
        content = (figures / f"column/{name}.png").read_bytes()
        assert base64.b64decode(source["srcset"].removeprefix("data:image/png;base64,")) == content
        with Image.open(figures / f"column/{name}.png") as image:
            assert (int(source["width"]), int(source["height"])) == image.size
        (link,) = (link for link in page.all("a") if link.get("download") == f"{name}.csv")
        numbers = base64.b64decode(link["href"].removeprefix("data:text/csv;charset=utf-8;base64,"))
        assert numbers == (figures / f"{name}.csv").read_bytes()
