"""What a command cannot use it refuses, with one line and without writing anything."""

import json
import subprocess
import sys
from pathlib import Path

import netCDF4
import pytest

from edgemem.cli import main

from .conftest import (
    DENOISER,
    EVALUATION,
    MODEL,
    NAME,
    OTHER_END,
    PROTOCOL,
    SETTING,
    TIMES,
    agreement_spec,
    barrier_spec,
    command,
    evaluate_spec,
    geometry_spec,
    plot_spec,
    regress_spec,
    sample_spec,
    sensitivity_spec,
    train_spec,
)


OTHER, OTHER_NAME = SETTING | {"N": 11}, NAME.replace("N10", "N11")


# A command, with the file that is to be damaged in place of BAD, its kind, and the spec.
def reader(name: str, made, out: Path, bad: Path) -> tuple[list, dict]:
    """Return the words and the spec of a command that reads a file."""
    return {
        "train": (["train", bad, out / "out.nc"], train_spec()),
        "geometry": (["geometry", bad, out / "out.nc"], geometry_spec()),
        "evaluate samples": (["evaluate", bad, made.models[1], out / "out.nc"], evaluate_spec()),
        "evaluate models": (["evaluate", made.samples[1], bad, out / "out.nc"], evaluate_spec()),
        "evaluate geometry": (
            ["evaluate", made.samples[1], made.models[1], out / "out.nc", "--geometry", bad],
            evaluate_spec(),
        ),
        "sensitivity samples": (["sensitivity", bad, made.models[1], out / "out.nc"], sensitivity_spec()),
        "sensitivity models": (["sensitivity", made.samples[1], bad, out / "out.nc"], sensitivity_spec()),
        "barrier": (["barrier", made.samples[1], made.models[1], bad, out / "out.nc"], barrier_spec()),
        "agreement": (
            ["agreement", made.samples[1], made.models[1], bad, made.part_models[1], out / "out.nc"],
            agreement_spec(),
        ),
        "regress": (
            ["regress", bad, made.evaluations[2], "--transition", out / "t.nc", "--regression", out / "r.nc"],
            regress_spec(),
        ),
        "plot": (["plot", "mechanism", bad, "--out", out / "out.png"], plot_spec("mechanism")),
        "plot regression": (["plot", "losses", made.evaluations[1], bad, "--out", out / "o.png"], plot_spec("losses")),
    }[name]


READERS = {
    "train": "samples",
    "geometry": "samples",
    "evaluate geometry": "geometry",
    "evaluate samples": "samples",
    "evaluate models": "models",
    "sensitivity samples": "samples",
    "sensitivity models": "models",
    "barrier": "models",
    "agreement": "samples",
    "regress": "evaluations",
    "plot": "evaluations",
    "plot regression": "regression",
}


@pytest.fixture(params=READERS)
def damaged(request, made, tmp_path: Path):
    """A reader of a file, with a copy of the file to damage: its words and spec, the copy."""
    good = getattr(made, READERS[request.param])
    bad = tmp_path / "bad.nc"
    bad.write_bytes((good[1] if isinstance(good, dict) else good).read_bytes())
    words, spec = reader(request.param, made, tmp_path / "out", bad)
    return words, spec, bad


def test_missing_file(damaged, refused):
    words, spec, bad = damaged
    bad.unlink()
    message = refused(*words, spec=spec)
    assert f"{bad} does not exist" in message
    assert "run" in message


def test_truncated_file(damaged, refused):
    words, spec, bad = damaged
    content = bad.read_bytes()
    bad.write_bytes(content[: len(content) // 2])
    message = refused(*words, spec=spec)
    assert f"{bad} is not a readable NetCDF file" in message
    assert "delete it and run again" in message


@pytest.mark.parametrize("content", [b"", b"no NetCDF at all"])
def test_other_content(damaged, refused, content: bytes):
    words, spec, bad = damaged
    bad.write_bytes(content)
    assert f"{bad} is not a readable NetCDF file" in refused(*words, spec=spec)


@pytest.mark.parametrize("version", [1, 99])
def test_other_schema_version(damaged, refused, version: int):
    """Files of an older edgemem, and of a newer one."""
    words, spec, bad = damaged
    with netCDF4.Dataset(bad, "a") as dataset:
        dataset.schema_version = version
    message = refused(*words, spec=spec)
    assert f"{bad} has schema version {version}, this is version 2" in message
    assert "delete it and run again, or use the edgemem that wrote it" in message


def test_file_of_another_program(damaged, refused):
    words, spec, bad = damaged
    bad.unlink()
    with netCDF4.Dataset(bad, "w") as dataset:
        dataset.title = "somebody else's"
    assert f"{bad} has schema version None" in refused(*words, spec=spec)


@pytest.mark.parametrize("name", READERS)
def test_file_of_another_kind(made, refused, tmp_path: Path, name: str):
    other = made.transition if READERS[name] != "samples" else made.models[1]
    words, spec = reader(name, made, tmp_path / "out", other)
    message = refused(*words, spec=spec)
    found = "transition" if other == made.transition else "models"
    needed = {"plot regression": "'evaluations' or 'regression'", "plot": "'evaluations'"}.get(
        name, f"'{READERS[name]}'"
    )
    assert f"{other} is a '{found}' file where a {needed} file is needed" in message


@pytest.mark.parametrize("changed", [{"setting": OTHER}, {"seed": 3}], ids=["setting", "seed"])
def test_samples_of_another_job(made, refused, tmp_path: Path, changed: dict):
    samples, models, out = made.samples[1], made.models[1], tmp_path / "out.nc"
    (key,) = changed
    for words, spec in (
        (["train", samples, out], train_spec(**changed)),
        (["geometry", samples, out], geometry_spec(**changed)),
        (["evaluate", samples, models, out], evaluate_spec(**changed)),
    ):
        message = refused(*words, spec=spec)
        assert f"{samples} was made for {key} " in message
        assert "but --spec says" in message


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("threshold", {"evaluation": EVALUATION | {"threshold": 0.5}}),
        ("draws", {"evaluation": EVALUATION | {"draws": 3}}),
        ("sampling", {"sampling": TIMES | {"times": 5}}),
    ],
)
def test_geometry_of_another_job(made, refused, tmp_path: Path, key: str, changed: dict):
    """Of another seed, or found for another measurement; models with components are not evaluated without any."""
    words = ["evaluate", made.samples[1], made.models[1], tmp_path / "out.nc"]
    message = refused(*words, "--geometry", made.geometry[1], spec=evaluate_spec(**changed))
    assert f"{made.geometry[1]} was made for {key} " in message
    message = refused(*words, "--geometry", made.geometry[2], spec=evaluate_spec())
    assert f"{made.geometry[2]} was made for seed 2, but --spec says 1" in message
    message = refused(*words, spec=evaluate_spec())
    assert "give its file with --geometry; edgemem geometry makes it" in message


def test_ends_of_another_path(made, refused, tmp_path: Path):
    """Each end is the model that the spec says, of the sizes that it says."""
    samples, models, others = made.samples[1], made.models[1], made.others[1]
    out = tmp_path / "out.nc"
    message = refused("barrier", samples, models, models, out, spec=barrier_spec())
    assert f"{models} was made for model {MODEL}, but --spec says {OTHER_END}" in message
    message = refused("barrier", samples, others, others, out, spec=barrier_spec())
    assert f"{others} was made for model {OTHER_END}, but --spec says {MODEL}" in message
    message = refused("barrier", samples, models, others, out, spec=barrier_spec(sizes=[10, 12]))
    assert f"{OTHER_END} on {NAME}, seed 1, has no model of size 12" in message
    assert "(allowed: 5, 10)" in message


def test_parts_in_another_order(made, refused, tmp_path: Path):
    """Each file is of the part of the samples that its place says."""
    parts = [made.samples[1], made.models[1]], [made.part_samples[1], made.part_models[1]]
    for first, second, named in (
        (*parts[::-1], made.part_samples[1]),
        (parts[0], parts[0], made.samples[1]),
        (parts[0], [made.part_samples[1], made.models[1]], made.models[1]),
    ):
        message = refused("agreement", *first, *second, tmp_path / "out.nc", spec=agreement_spec())
        assert f"{named} was made for setting " in message
        assert "'part': 1" in message and "'part': 2" in message


@pytest.mark.parametrize(("command", "spec"), [("evaluate", evaluate_spec), ("sensitivity", sensitivity_spec)])
def test_models_of_another_job(made, refused, tmp_path: Path, command: str, spec):
    """Of another seed, model or denoiser, or of a denoiser with other options."""
    samples, models, out = made.samples[1], made.models[1], tmp_path / "out.nc"
    message = refused(command, samples, made.models[2], out, spec=spec())
    assert f"{made.models[2]} was made for seed 2, but --spec says 1" in message
    for key, found, other in (
        ("model", MODEL, "other"),
        ("denoiser", DENOISER, "coloured_templates"),
        ("options", {}, {"rank": 2}),
    ):
        message = refused(command, samples, models, out, spec=spec(**{key: other}))
        assert f"{models} was made for {key} {found}, but --spec says {other}" in message


@pytest.mark.parametrize(
    ("given", "changed", "said"),
    [
        ([1], {}, f"no evaluation of {MODEL} on {NAME}, seed 2 was given (1 are missing)"),
        ([1, 2], {"seeds": [1]}, f"was made for {MODEL} on {NAME}, seed 2, which is not among those of --spec"),
        ([1, 2, 2], {}, f"is a second evaluation of {MODEL} on {NAME}, seed 2"),
        (
            [1, 2],
            {"settings": [OTHER], "models": {MODEL: {"provides": ["components"], "settings": [OTHER_NAME]}}},
            f"was made for {MODEL} on {NAME}, seed 1, which is not among those of --spec",
        ),
        (
            [1, 2],
            {"models": {"other": {"provides": ["components"], "settings": [NAME]}}},
            f"was made for {MODEL} on {NAME}, seed 1, which is not among those of --spec",
        ),
    ],
    ids=["missing", "seed", "twice", "setting", "model"],
)
def test_evaluations_of_another_campaign(made, refused, tmp_path: Path, given: list[int], changed: dict, said: str):
    out = ["--transition", tmp_path / "t.nc", "--regression", tmp_path / "r.nc"]
    files = [made.evaluations[seed] for seed in given]
    assert said in refused("regress", *files, *out, spec=regress_spec(**changed))


@pytest.mark.parametrize(
    ("figure", "files", "lacking"),
    [
        ("losses", ["evaluations"], "regression"),
        ("transition", ["evaluations"], "transition"),
        ("prediction", ["transition"], "regression"),
        ("losses", ["regression"], "evaluations"),
    ],
)
def test_figure_without_one_of_its_files(made, refused, tmp_path: Path, figure: str, files: list[str], lacking: str):
    paths = [
        path
        for name in files
        for path in ([getattr(made, name)[1]] if name == "evaluations" else [getattr(made, name)])
    ]
    message = refused("plot", figure, *paths, "--out", tmp_path / "o.png", spec=plot_spec(figure))
    assert f"the figure '{figure}' needs a {lacking} file" in message


def test_spec_of_another_figure(made, refused, tmp_path: Path):
    words = ["plot", "mechanism", made.evaluations[1], "--out", tmp_path / "o.png"]
    assert "is for the figure 'losses', not 'mechanism'" in refused(*words, spec=plot_spec("losses"))


# Another setting and another model, each with what the message says.
ANOTHER = [
    ({"setting": OTHER}, f"is of setting {NAME}, but --spec says {OTHER_NAME}"),
    ({"model": "other"}, f"is of model {MODEL}, but --spec says other"),
]


@pytest.mark.parametrize(("changed", "said"), ANOTHER, ids=["setting", "model"])
def test_figure_of_another_case(made, refused, tmp_path: Path, changed: dict, said: str):
    words = ["plot", "mechanism", made.evaluations[1], "--out", tmp_path / "o.png"]
    assert f"{made.evaluations[1]} {said}" in refused(*words, spec=plot_spec("mechanism", **changed))


@pytest.mark.parametrize(("changed", "said"), ANOTHER, ids=["setting", "model"])
def test_figure_of_a_case_that_the_tables_lack(made, refused, tmp_path: Path, changed: dict, said: str):
    evaluation = tmp_path / "evaluation.nc"
    evaluation.write_bytes(made.evaluations[1].read_bytes())
    with netCDF4.Dataset(evaluation, "a") as dataset:
        dataset.setting, dataset.model = (OTHER_NAME, MODEL) if "setting" in changed else (NAME, "other")
    words = ["plot", "transition", evaluation, made.transition, "--out", tmp_path / "o.png"]
    assert f"{made.transition} {said}" in refused(*words, spec=plot_spec("transition", **changed))


@pytest.mark.parametrize("name", ["setting", "model"])
def test_figure_of_no_case(made, refused, tmp_path: Path, name: str):
    words = ["plot", "transition", made.evaluations[1], made.transition, "--out", tmp_path / "o.png"]
    message = refused(*words, spec=plot_spec("transition", **{name: None}))
    assert f"{name}: the figure 'transition' needs a {name} (got None)" in message


def test_figure_of_a_campaign_of_one_setting(made, refused, tmp_path: Path):
    words = ["plot", "prediction", made.transition, made.regression, "--out", tmp_path / "o.png"]
    message = refused(*words, spec=plot_spec("prediction", setting=SETTING))
    assert "setting: the figure 'prediction' is not drawn of one setting" in message


def test_figure_that_is_none(made, refused, tmp_path: Path):
    words = ["plot", "losess", made.evaluations[1], "--out", tmp_path / "o.png"]
    message = refused(*words, spec={"figure": {"figure": "losess"}})
    assert "figure.figure: there is no figure 'losess'; did you mean 'losses'?" in message


def test_figure_in_an_unknown_format(made, refused, tmp_path: Path):
    words = ["plot", "mechanism", made.evaluations[1], "--out", tmp_path / "o.txt"]
    assert "o.txt" in refused(*words, spec=plot_spec("mechanism"))


SPECS = {
    "sample": sample_spec(),
    "geometry": geometry_spec(),
    "train": train_spec(),
    "evaluate": evaluate_spec(),
    "sensitivity": sensitivity_spec(),
    "barrier": barrier_spec(),
    "agreement": agreement_spec(),
    "regress": regress_spec(),
    "plot": plot_spec("mechanism"),
}


@pytest.fixture(params=SPECS)
def words(request, made, tmp_path: Path) -> list:
    """The words of a command that would run with its spec."""
    out = tmp_path / "out.nc"
    return {
        "sample": ["sample", out],
        "geometry": ["geometry", made.samples[1], out],
        "train": ["train", made.samples[1], out],
        "evaluate": ["evaluate", made.samples[1], made.models[1], out, "--geometry", made.geometry[1]],
        "sensitivity": ["sensitivity", made.samples[1], made.models[1], out],
        "barrier": ["barrier", made.samples[1], made.models[1], made.others[1], out],
        "agreement": ["agreement", made.samples[1], made.models[1], made.part_samples[1], made.part_models[1], out],
        "regress": ["regress", *made.evaluations.values(), "--transition", out, "--regression", tmp_path / "r.nc"],
        "plot": ["plot", "mechanism", made.evaluations[1], "--out", tmp_path / "out.png"],
    }[request.param]


@pytest.mark.parametrize("text", ["", "{", "setting: 1", "[1]", "null"])
def test_spec_that_is_no_mapping_in_json(words, refused, text: str):
    assert "--spec is not what this stage reads" in refused(*words, spec=text)


def test_spec_with_an_unknown_key(words, refused):
    spec = SPECS[words[0]] | {"settingg": 1}
    message = refused(*words, spec=spec)
    assert "settingg: unknown key; did you mean 'setting" in message


def test_spec_without_a_key(words, refused):
    spec = {key: value for key, value in SPECS[words[0]].items() if not key.startswith("setting")}
    said = "setting: the figure 'mechanism' needs a setting" if words[0] == "plot" else ": this key is required"
    assert said in refused(*words, spec=spec)


def test_spec_with_a_bad_value(refused, made, tmp_path: Path):
    spec = train_spec(protocol=PROTOCOL | {"steps": 0})
    message = refused("train", made.samples[1], tmp_path / "out.nc", spec=spec)
    assert "protocol.steps: must be greater than or equal to 1 (got 0)" in message


def test_model_that_diverges(refused, made, tmp_path: Path):
    """Weights near the largest float32 make the first loss infinite."""
    spec = train_spec(protocol=PROTOCOL | {"weighting": [3e38] * TIMES["times"]}, sizes=[5], seed=2)
    message = refused("train", made.samples[2], tmp_path / "out.nc", spec=spec)
    for word in (MODEL, NAME, "seed 2", "model size 5", "step 0", "diverged", "peak_lr"):
        assert word in message


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["trian"],
        ["sample"],
        ["sample", "out.nc"],
        ["sample", "out.nc", "--spec", "{}", "--seed", "1"],
    ],
)
def test_words_that_are_no_command(line: list[str], capsys, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(line)
    assert ended.value.code == 2
    assert "usage: python -m edgemem" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_command_line_ends_with_one_message_and_code_1(tmp_path: Path):
    line = [sys.executable, "-m", "edgemem", *command("sample", tmp_path / "out.nc", spec=json.dumps({"sed": 1}))]
    ended = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert ended.stderr.startswith("edgemem sample: --spec is not what this stage reads: ")
    assert list(tmp_path.iterdir()) == []
