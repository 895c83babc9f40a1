"""What a finished campaign brings into the documentation: its page, its numbers, its figures, its costs."""

import json
from pathlib import Path

import pytest

from edgemem.cli import main
from edgemem.config.collect import CollectSpec
from edgemem.pages import markdown_table
from edgemem.tables.cost import Cost, cost_table, cost_text, costs

from .conftest import NAME, SEEDS, command


TEMPLATE = Path(__file__).parents[2] / "docs/templates/results.md"
SPEC = {
    "campaign": "tiny",
    "protocols": {NAME: "fast"},
    "seeds": SEEDS,
    "points": 40,
    "published_points": 4000,
}
COLUMNS = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time"


def benchmark(path: Path, seconds: float, peak: str = "100", cpu: str = "1.5") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{COLUMNS}\n{seconds}\t0:00:01\t{peak}\t1\t1\t1\t1\t1\t50\t{cpu}\n")


@pytest.fixture
def benchmarks(tmp_path: Path) -> Path:
    """Benchmarks as Snakemake writes them, one of a job too short to be looked at, one missing, one foreign."""
    folder = tmp_path / "benchmarks"
    benchmark(folder / f"sample/{NAME}/seed1.tsv", 1, "NA", "NA")
    benchmark(folder / f"sample/{NAME}/seed2.tsv", 2)
    benchmark(folder / f"train/{NAME}/seed1/fast.tsv", 3600, "700", "3000")
    benchmark(folder / f"train/{NAME}/seed2/fast.tsv", 1800, "900", "1700")
    benchmark(folder / f"train/{NAME}/seed2/other.tsv", 99999)
    benchmark(folder / f"evaluate/{NAME}/seed1/fast.tsv", 36)
    benchmark(folder / "regress/tiny.tsv", 18)
    benchmark(folder / "plot/tiny/losses.tsv", 4)
    benchmark(folder / "plot/other/losses.tsv", 99999)
    return folder


def test_costs_are_sums_of_the_campaigns_own_benchmarks(benchmarks):
    found = costs(CollectSpec.model_validate(SPEC), benchmarks)
    assert found["sample"] == Cost(2, 3.0, 1.5, 100.0)
    assert found["train"] == Cost(2, 5400.0, 4700.0, 900.0)
    assert found["evaluate"].jobs == found["regress"].jobs == found["plot"].jobs == 1
    assert "sensitivity" not in found
    table = markdown_table(*cost_table(found))
    assert "| train | 2 | 1.500 | 1.306 | 900 |" in table
    assert "| all | 7 | 1.517 |" in table


def test_cost_of_the_published_protocol_is_in_proportion_to_its_points(benchmarks):
    spec = CollectSpec.model_validate(SPEC)
    text = cost_text(spec, costs(spec, benchmarks))
    assert "150 hours of one core instead of 1.50" in text
    assert "The paper's protocol" in text
    assert "The paper's protocol" not in cost_text(
        spec.model_copy(update={"published_points": None}), costs(spec, benchmarks)
    )


def test_results_without_benchmarks_have_no_costs(tmp_path):
    spec = CollectSpec.model_validate(SPEC)
    assert costs(spec, tmp_path) == {}
    assert "| all | 0 |" in markdown_table(*cost_table({}))


def test_command(made, benchmarks, tmp_path):
    """The page says what was computed, when, where and by which code; numbers and figures lie beside it."""
    figure, out = tmp_path / "losses.png", tmp_path / "docs/tiny"
    figure.write_bytes(b"picture")
    words = ["collect", TEMPLATE, *made.evaluations.values(), "--metrics", made.metrics, "--figures", figure]
    assert main(command(*words, "--benchmarks", benchmarks, "--out", out, spec=SPEC)) == 0
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "losses.png", made.metrics.name]
    page = (out / "README.md").read_text()
    attributes = made.read("evaluations").attrs
    for said in ("campaign `tiny`", "![losses](losses.png)", "1 × 2", attributes["git_commit"], attributes["created"]):
        assert said in page
    assert "{{" not in page
    assert json.loads((out / made.metrics.name).read_text()) == json.loads(made.metrics.read_text())
    assert (out / "losses.png").read_bytes() == b"picture"


def test_template_without_a_place_is_refused(made, benchmarks, refused, tmp_path):
    template = tmp_path / "template.md"
    template.write_text(TEMPLATE.read_text().replace("{{ noise }}", ""))
    words = ["collect", template, *made.evaluations.values(), "--metrics", made.metrics, "--figures"]
    message = refused(*words, "--benchmarks", benchmarks, "--out", tmp_path / "out", spec=SPEC)
    assert f"{template} needs one line {{{{ noise }}}} (got 0)" in message
