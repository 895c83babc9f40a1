"""What a finished campaign brings into the documentation: its page, its numbers, its figures, its costs."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from edgemem.cli import main
from edgemem.config.collect import CollectSpec
from edgemem.figures.mechanism import CAPTION
from edgemem.files.attributes import read_attributes
from edgemem.files.lineage import sha256
from edgemem.reporting.cost import Cost, cost_table, cost_text, costs
from edgemem.reporting.pages import markdown_table
from edgemem.reporting.summary_metrics import read_metrics

from .conftest import MODEL, NAME, OTHER_END, SEEDS, SETTING, command, plot_spec


TEMPLATE = Path(__file__).parents[2] / "docs/templates/results.md"
# The paper's protocol shows training a hundred times as many points.
PROTOCOL = {"steps": 1000, "draws": 50, "peak_lr": 0.01, "final_lr": 0.001}
TRAINED = {
    "provides": ["components"],
    "settings": [NAME],
    "denoiser": "isotropic_mixture",
    "sizes": [2, 5],
    "protocol_name": "fast",
    "protocol": PROTOCOL,
}
SPEC = {
    "campaign": "tiny",
    "seeds": SEEDS,
    "settings": [SETTING],
    "models": {"mixture": TRAINED},
    "sampling": {},
    "evaluation": {},
    "sensitivity_keys": {},
}
COLUMNS = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time"


def benchmark(path: Path, seconds: float, peak: str = "100", cpu: str = "1.5") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{COLUMNS}\n{seconds}\t0:00:01\t{peak}\t1\t1\t1\t1\t1\t50\t{cpu}\n")


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CollectSpec:
    """A campaign with benchmarks as Snakemake writes them, one of a job too short to be looked at, one missing, and
    foreign ones: of another campaign, and of models with other keys, which other parameters have made.
    """
    monkeypatch.chdir(tmp_path)
    spec = CollectSpec.model_validate(SPEC)
    model, evaluation = spec.model_keys["mixture"], spec.evaluation_keys["mixture"]
    folder = tmp_path / "results/benchmarks"
    benchmark(folder / f"sample/{NAME}/seed1.tsv", 1, "NA", "NA")
    benchmark(folder / f"sample/{NAME}/seed2.tsv", 2)
    benchmark(folder / f"train/{NAME}/seed1/mixture-{model}.tsv", 3600, "700", "3000")
    benchmark(folder / f"train/{NAME}/seed2/mixture-{model}.tsv", 1800, "900", "1700")
    benchmark(folder / f"train/{NAME}/seed2/mixture-01234567.tsv", 99999)
    benchmark(folder / f"train/{NAME}/seed2/other-{model}.tsv", 99999)
    benchmark(folder / f"evaluate/{NAME}/seed1/mixture-{evaluation}.tsv", 36)
    benchmark(folder / f"sensitivity/{NAME}/seed1/mixture-89abcdef.tsv", 7)
    benchmark(folder / "regress/tiny.tsv", 18)
    benchmark(folder / "plot/tiny/losses.tsv", 4)
    benchmark(folder / "plot/other/losses.tsv", 99999)
    return spec


def test_costs_are_sums_of_the_campaigns_own_benchmarks(spec):
    found = costs(spec)
    assert found["sample"] == Cost(2, 3.0, 1.5, 100.0)
    assert found["train"] == Cost(2, 5400.0, 4700.0, 900.0)
    assert found["evaluate"].jobs == found["regress"].jobs == found["plot"].jobs == 1
    assert "sensitivity" not in found
    table = markdown_table(*cost_table(found))
    assert "| train | 2 | 1.500 | 1.306 | 900 |" in table
    assert "| all | 7 | 1.517 |" in table


def test_costs_of_sensitivity_are_those_of_its_files(spec):
    found = costs(CollectSpec.model_validate(SPEC | {"sensitivity_keys": {"mixture": "89abcdef"}}))
    assert found["sensitivity"] == Cost(1, 7.0, 1.5, 100.0)


def test_costs_of_several_models_are_added(spec):
    """Each has files of its own; what the paper's protocol would take is not told where protocols differ."""
    other = TRAINED | {"protocol": PROTOCOL | {"steps": 7}}
    both = CollectSpec.model_validate(SPEC | {"models": {"mixture": TRAINED, "second": other}})
    benchmark(Path(f"results/benchmarks/train/{NAME}/seed1/second-{both.model_keys['second']}.tsv"), 600)
    assert both.model_keys["second"] != both.model_keys["mixture"]
    assert costs(both)["train"].seconds == 6000.0
    assert "The paper's protocol" not in cost_text(both, costs(both))


def test_cost_of_the_published_protocol_is_in_proportion_to_its_points(spec):
    text = cost_text(spec, costs(spec))
    assert "5,000,000 noised points of each sample instead of 50,000" in text
    assert "150 hours of one core instead of 1.50" in text
    own = CollectSpec.model_validate(SPEC | {"models": {"mixture": TRAINED | {"denoiser": "mine"}}})
    assert "The paper's protocol" not in cost_text(own, {"train": Cost(1, 1.0, 1.0, 1.0)})


def test_results_without_benchmarks_have_no_costs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert costs(CollectSpec.model_validate(SPEC)) == {}
    assert "| all | 0 |" in markdown_table(*cost_table({}))


def test_command(made, spec, tmp_path):
    """The page says what was computed, when, where and by which code; numbers and figures lie beside it."""
    figure, out = tmp_path / "mechanism.png", tmp_path / "docs/tiny"
    evaluations = made.evaluations.values()
    assert main(command("plot", "mechanism", *evaluations, "--out", figure, spec=plot_spec("mechanism"))) == 0
    words = ["collect", TEMPLATE, *evaluations, "--metrics", made.metrics, "--figures", figure]
    assert main(command(*words, "--out", out, spec=SPEC)) == 0
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "mechanism.png", made.metrics.name]
    page = (out / "README.md").read_text()
    attributes = made.read("evaluations").attrs
    for said in (
        "campaign `tiny`",
        f"### {CAPTION.title}, `{MODEL}` on `{NAME}`\n\n![{CAPTION.alt}](mechanism.png)\n\n{CAPTION.text}\n",
        attributes["git_commit"],
        attributes["created"],
    ):
        assert said in page
    numbers = json.loads(made.metrics.read_text())
    out_of_all = [f"{numbers[f'campaign/{name}']:.0f}" for name in ("models_left_out", "models")]
    assert f"| models left out of fits | {' of '.join(out_of_all)} |" in page
    assert "Other ways to generate points" not in page
    assert "{{" not in page
    assert read_metrics(out / made.metrics.name) == read_metrics(made.metrics)
    assert json.loads(read_attributes(out / made.metrics.name)["inputs"]) == {str(made.metrics): sha256(made.metrics)}
    assert (out / "mechanism.png").read_bytes() == figure.read_bytes()


def test_other_ways_to_generate_points_are_collected(made, spec, tmp_path):
    """Where a campaign has tried some, its numbers are beside the others, and a table shows them."""
    words = ["collect", TEMPLATE, *made.evaluations.values(), "--metrics", made.metrics]
    words += ["--sensitivity", *made.sensitivity.values(), "--figures"]
    assert main(command(*words, "--out", tmp_path, spec=SPEC)) == 0
    numbers = read_metrics(tmp_path / "metrics.json")
    ways = {name for name in numbers if "/m50_by/" in name}
    assert ways == set(numbers) - set(read_metrics(made.metrics))
    assert f"{NAME}/mixture/m50_by/ddpm_4_0.001_shift" in ways
    page = (tmp_path / "README.md").read_text()
    assert "## Other ways to generate points" in page
    assert "DDPM, 4 times down to 0.001" in page


def test_barriers_are_collected(made, spec, tmp_path):
    """With a row for each size of each pair of models, by numbers that are beside the others."""
    words = ["collect", TEMPLATE, *made.evaluations.values(), "--metrics", made.metrics]
    words += ["--barriers", *made.barriers.values(), "--figures"]
    assert main(command(*words, "--out", tmp_path, spec=SPEC)) == 0
    numbers = read_metrics(tmp_path / "metrics.json")
    for path in ("line", "curve"):
        heights = [xr.load_dataset(file).barrier.sel(path=path, model_size=5).item() for file in made.barriers.values()]
        found = numbers[f"{NAME}/mixture/barrier_to/{OTHER_END}_0.5_{path}"]
        assert found == pytest.approx(np.mean(heights), rel=1e-7)
    page = (tmp_path / "README.md").read_text()
    assert "## Barriers between models" in page
    assert page.count(f"| {NAME}/mixture | {OTHER_END} |") == 2


def test_agreement_of_different_samples_is_collected(made, spec, tmp_path):
    """With a row for each size that the models of all parts and seeds have, of the last step."""
    words = ["collect", TEMPLATE, *made.evaluations.values(), "--metrics", made.metrics]
    words += ["--agreements", *made.agreements.values(), "--figures"]
    assert main(command(*words, "--out", tmp_path, spec=SPEC)) == 0
    numbers = read_metrics(tmp_path / "metrics.json")
    each = [xr.load_dataset(file).isel(step=-1).sel(model_size=2) for file in made.agreements.values()]
    found = numbers[f"{NAME}/mixture/agreement_of_parts/0.2"]
    assert found == pytest.approx(np.mean([one.agreement for one in each]), rel=1e-7)
    page = (tmp_path / "README.md").read_text()
    assert "## Models of different samples" in page
    assert page.count(f"| {NAME}/mixture | 0.2 |") == page.count(f"| {NAME}/mixture | 1 |") == 1


def test_figure_that_does_not_say_what_it_is_is_refused(made, spec, refused, tmp_path):
    figure = tmp_path / "losses.png"
    figure.write_bytes(b"image")
    words = ["collect", TEMPLATE, *made.evaluations.values(), "--metrics", made.metrics, "--figures", figure]
    message = refused(*words, "--out", tmp_path / "out", spec=SPEC)
    assert f"{figure} carries no lineage, which says what figure it is; delete it and run again" in message


def test_template_without_a_place_is_refused(made, spec, refused, tmp_path):
    template = tmp_path / "template.md"
    template.write_text(TEMPLATE.read_text().replace("{{ cost }}", ""))
    words = ["collect", template, *made.evaluations.values(), "--metrics", made.metrics, "--figures"]
    message = refused(*words, "--out", tmp_path / "out", spec=SPEC)
    assert f"{template} has no place for what belongs there; write {{{{ cost }}}} into it" in message
