"""What a file was made of can be read from this file alone, and compared with what lies around it."""

import json
import secrets
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import netCDF4
import pytest
import xarray as xr
from PIL import Image

from edgemem.cli import main
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.regress import RegressSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.train import TrainSpec
from edgemem.files.attributes import figure_metadata, read_attributes
from edgemem.files.lineage import TOLD, packed, sha256, unpacked
from edgemem.files.netcdf import write_dataset
from edgemem.reporting.summary_metrics import read_metrics

from .conftest import MODEL, NAME, SEEDS, command, evaluate_spec, plot_spec, regress_spec, sample_spec, train_spec


SAMPLES, MODELS = "results/samples/tiny/seed1.nc", "results/models/tiny/seed1/mixture-01234567.nc"
EVALUATION, TRANSITION = "results/evaluations/tiny/seed1/mixture-89abcdef.nc", "results/tiny/transition.nc"
# Each file with its spec and what it is made of.
FILES = {
    "samples": (SAMPLES, SampleSpec.model_validate(sample_spec()), ["templates.npy"]),
    "models": (MODELS, TrainSpec.model_validate(train_spec()), [SAMPLES]),
    "evaluations": (EVALUATION, EvaluateSpec.model_validate(evaluate_spec()), [SAMPLES, MODELS]),
    "transition": (TRANSITION, RegressSpec.model_validate(regress_spec()), [EVALUATION]),
}

# What each is called.
LABELS = {
    "samples": f"samples of {NAME}, seed 1",
    "models": f"models of {MODEL} on {NAME}, seed 1",
    "evaluations": f"evaluations of {MODEL} on {NAME}, seed 1",
    "transition": "transition",
}


@pytest.fixture
def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, the current one, with a chain of files that hold next to nothing."""
    monkeypatch.chdir(tmp_path)
    Path("templates.npy").write_bytes(b"images of one's own")
    for kind, (path, spec, inputs) in FILES.items():
        write_dataset(xr.Dataset({"a": 1}), path, kind=kind, spec=spec, inputs=inputs, title=kind)
    return tmp_path


def printed(file: str | Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["lineage", str(file)]) == 0
    return capsys.readouterr().out


def states(text: str) -> dict[str, str]:
    """Return what is said of each file, by path: the end of its line."""
    lines = [line.strip().split(", ") for line in text.splitlines() if ", sha256 " in line]
    return {path: state for path, _, state in lines}


def depths(text: str) -> dict[str, int]:
    """Return how far each file is indented where it is told of first, by path."""
    lines = [line for line in text.splitlines() if ", sha256 " in line]
    return {line.strip().split(", ")[0]: len(line) - len(line.lstrip()) for line in reversed(lines)}


def test_a_copied_file_tells_the_whole_chain(chain: Path, capsys: pytest.CaptureFixture[str]):
    """Of a file that has been copied alone, each ancestor's content, spec, code and machine can be read."""
    checksums = {path: sha256(path) for path, *_ in FILES.values()} | {"templates.npy": sha256("templates.npy")}
    attributes = read_attributes(TRANSITION)
    copied = chain / "elsewhere/copied.nc"
    copied.parent.mkdir()
    shutil.move(TRANSITION, copied)
    shutil.rmtree("results")
    Path("templates.npy").unlink()
    text = printed(copied, capsys)
    assert states(text) == {
        str(copied): "this file",
        **dict.fromkeys([EVALUATION, SAMPLES, MODELS, "templates.npy"], "is not here"),
    }
    for kind, (path, spec, _) in FILES.items():
        assert f"{LABELS[kind]}\n" in text
        assert f"{copied if kind == 'transition' else path}, sha256 {checksums[path][:12]}, " in text
        assert text.count(f"config {spec.canonical()}\n") == 1
    assert f"templates.npy, sha256 {checksums['templates.npy'][:12]}, is not here" in text
    made = f"commit {attributes['git_commit'][:12]}"
    assert text.count(made) == text.count(f"on {attributes['host_platform']}, {attributes['device_kind']}") == 4
    # What is made of a file stands above it, less indented.
    depth = depths(text)
    assert depth[str(copied)] < depth[EVALUATION] < depth[MODELS] < depth[SAMPLES] < depth["templates.npy"]


def test_files_that_are_here_are_compared(chain: Path, capsys: pytest.CaptureFixture[str]):
    """The chain says of each ancestor whether the file here still is what its descendant was made from."""
    assert set(states(printed(TRANSITION, capsys)).values()) == {"this file", "is the file here"}
    write_dataset(xr.Dataset({"a": 2}), MODELS, kind="models", spec=FILES["models"][1], title="made again")
    Path(EVALUATION).unlink()
    assert states(printed(TRANSITION, capsys)) == {
        TRANSITION: "this file",
        EVALUATION: "is not here",
        MODELS: "differs from the file here",
        SAMPLES: "is the file here",
        "templates.npy": "is the file here",
    }


def test_ancestors_are_found_from_the_files_own_folder(
    chain: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Paths are those of the folder that holds the results, wherever the command is given."""
    monkeypatch.chdir("/")
    found = states(printed(chain / TRANSITION, capsys))
    assert found.pop(str(chain / TRANSITION)) == "this file"
    assert set(found.values()) == {"is the file here"}


def test_files_without_ancestry_can_be_read(chain: Path, capsys: pytest.CaptureFixture[str]):
    """A file of an older edgemem says that it names its inputs alone; the chain goes on with the files here."""
    for path, spec, inputs in FILES.values():
        told = {other: sha256(other) for other in inputs}
        with netCDF4.Dataset(path, "a") as dataset:
            dataset.delncattr("ancestry")
            dataset.setncattr("inputs", json.dumps(told))
        assert spec.canonical() == read_attributes(path)["spec"]
    text = printed(TRANSITION, capsys)
    assert "named their inputs alone" in text
    assert set(states(text).values()) == {"this file", "is the file here"}
    assert text.count("config ") == 4
    Path(EVALUATION).unlink()
    text = printed(TRANSITION, capsys)
    assert states(text) == {TRANSITION: "this file", EVALUATION: "is not here"}
    assert "how it was made is not known" in text


@pytest.mark.parametrize("suffix", [".pdf", ".png", ".csv"])
def test_figures_carry_their_lineage(made, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]):
    """A figure has the attributes that a NetCDF file has, and the chain back to the samples."""
    figure = tmp_path / f"figure{suffix}"
    evaluations = list(made.evaluations.values())
    spec = plot_spec("mechanism")
    assert main(command("plot", "mechanism", *evaluations, "--out", figure, spec=spec)) == 0
    attributes = read_attributes(figure)
    told = set(TOLD) - {"seed", "campaign"}  # it is of all seeds, and of no table
    assert told | {"title", "schema_version", "ancestry"} == set(attributes) - {"Software"}
    assert attributes["edgemem_file"] == "figure"
    assert (attributes["setting"], attributes["model"]) == (NAME, MODEL)
    assert json.loads(attributes["spec"])["setting"].items() >= spec["setting"].items()
    assert json.loads(attributes["inputs"]) == {str(path): sha256(path) for path in evaluations}
    assert {told["edgemem_file"] for told in unpacked(attributes["ancestry"]).values()} == {
        "samples",
        "models",
        "geometry",
        "evaluations",
    }
    text = printed(figure, capsys)
    assert text.count("config ") == 1 + 4 * len(SEEDS)
    assert set(states(text).values()) == {"this file", "is the file here"}


def test_metrics_carry_their_lineage(made, capsys: pytest.CaptureFixture[str]):
    """The numbers are as they were beside one name that is none, and tell the chain back to the samples."""
    evaluations = list(made.evaluations.values())
    content = json.loads(made.metrics.read_text())
    assert read_metrics(made.metrics) == {name: content[name] for name in content if name != "lineage"}
    assert all(value is None or isinstance(value, float) for value in read_metrics(made.metrics).values())
    attributes = read_attributes(made.metrics)
    assert attributes["edgemem_file"] == "metrics"
    assert json.loads(attributes["spec"]) == json.loads(RegressSpec.model_validate(regress_spec()).canonical())
    assert json.loads(attributes["inputs"]) == {str(path): sha256(path) for path in evaluations}
    text = printed(made.metrics, capsys)
    assert text.startswith("metrics\n")
    assert text.count("config ") == 1 + 4 * len(SEEDS)
    assert set(states(text).values()) == {"this file", "is the file here"}


def test_files_without_lineage_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], made):
    """What is no file of edgemem, is not there or is damaged ends with exit code 1 and says so."""
    foreign = {name: tmp_path / f"foreign.{name}" for name in ("nc", "png", "pdf", "txt", "csv", "json", "html")}
    xr.Dataset({"a": 1}).to_netcdf(foreign["nc"])
    Image.new("RGB", (1, 1)).save(foreign["png"])
    figure = plt.figure()
    figure.savefig(foreign["pdf"], metadata={"Keywords": "a, b (c)"})
    plt.close(figure)
    foreign["txt"].write_text("words")
    foreign["csv"].write_text("# a comment\na,b\n1,2\n")
    foreign["json"].write_text('{"campaign/m50_mean": 0.8, "lineage": 3}')
    foreign["html"].write_text("<!doctype html><title>A page</title>")
    expected = dict.fromkeys(foreign.values(), "carries no lineage; give a .nc, .pdf, .png, .csv, report.html")
    truncated = tmp_path / "truncated.nc"
    truncated.write_bytes(made.transition.read_bytes()[:2000])
    expected |= {truncated: "cannot be read, perhaps it is truncated", tmp_path / "none.nc": "does not exist"}
    for path, message in expected.items():
        assert main(["lineage", str(path)]) == 1
        said = capsys.readouterr()
        assert said.err.startswith(f"edgemem lineage: {path} {message}")
        assert said.out == ""


def test_lineage_of_five_thousand_jobs_stays_small(chain: Path):
    """The chain of a campaign of 1,666 evaluations takes less than 400 kB in each file that is made of all of them."""
    told = {
        kind: {name: value for name, value in read_attributes(path).items() if name in TOLD}
        for kind, (path, *_) in FILES.items()
    }
    ancestry = {}
    for i in range(1666):
        sums = [secrets.token_hex(32) for _ in range(3)]
        paths = [path.replace("tiny", f"gaussian_N{i}_d30_K3") for path in (SAMPLES, MODELS)]
        inputs = [{}, {paths[0]: sums[0]}, dict(zip(paths, sums, strict=False))]
        for kind, checksum, read in zip(("samples", "models", "evaluations"), sums, inputs, strict=True):
            spec = told[kind]["spec"].replace('"N":10', f'"N":{i}')
            of = {"setting": f"gaussian_N{i}_d30_K3", "seed": str(i)}
            created = f"2026-01-{1 + secrets.randbelow(28):02}T00:00:{secrets.randbelow(60):02}+00:00"
            ancestry[checksum] = told[kind] | of | {"spec": spec, "created": created, "inputs": json.dumps(read)}
    attribute = packed(ancestry)
    assert len(attribute) < 400_000
    assert unpacked(attribute) == ancestry
    # All three kinds of file hold so much text.
    attributes = {"title": "much (text)", "edgemem_file": "figure", "spec": "\\(", "ancestry": attribute}
    xr.Dataset(attrs=attributes).to_netcdf("large.nc")
    figure = plt.figure()
    for suffix in (".png", ".pdf"):
        figure.savefig(f"large{suffix}", metadata=figure_metadata(suffix, attributes))
    plt.close(figure)
    for suffix in (".nc", ".png", ".pdf"):
        found = read_attributes(f"large{suffix}")
        assert {name: found[name] for name in attributes} == attributes
