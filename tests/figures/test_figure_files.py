"""The files of figures: they exist, show something, and are the same when drawn again."""

import json
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from edgemem import pieces
from edgemem.cli import main
from edgemem.config.evaluate import EvaluateSpec
from edgemem.files.attributes import read_attributes
from edgemem.files.netcdf import write_dataset

from .conftest import CASES, OF_CASES, Case, case, undated
from .flows import READS as FLOWS
from .test_image_figures import IMAGES


READS = {
    "losses": ("evaluations", "regression"),
    "transition": ("evaluations", "transition"),
    "mechanism": ("evaluations",),
    "prediction": ("transition", "regression"),
    "seeds": ("evaluations", "transition"),
    "copies": ("evaluations", "transition"),
    "sensitivity": ("sensitivity",),
    "barrier": ("barriers",),
    "agreement": ("agreements",),
    "starts": ("transition",),
    "regression": ("transition", "regression"),
    "refutation": ("transition", "regression"),
    "protocols": ("comparison",),
    "course": ("transition",),
    "collapse": ("transition",),
    "phase": ("transition",),
    "plane": ("transition",),
}


TABLES = ("transition", "regression", "comparison")


def test_every_figure_is_tested():
    assert set(READS) | set(IMAGES) | set(FLOWS) == set(pieces.names("figure"))
    for figure, reads in READS.items():
        assert pieces.figure_options(figure).reads == reads


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory):
    """A function that writes the files of a case, once, and returns its tables and those of one setting and model."""
    folder = tmp_path_factory.mktemp("inputs")

    def write(name: str, number: int = 0) -> dict[str, list[Path]]:
        made, into = case(name), folder / name
        pair = made.pairs[number]
        files = {kind: [into / f"{kind}.nc"] for kind in TABLES}
        for kind in OF_CASES:
            files[kind] = [into / "_".join(pair) / f"{kind}{seed}.nc" for seed in made.spec.seeds]
        if not into.exists():
            for kind in TABLES:
                write_dataset(getattr(made, kind), files[kind][0], kind=kind, spec=made.spec, title=kind)
        if not files["sensitivity"][-1].exists():
            (setting,) = (setting for setting in made.spec.settings if setting.name == pair[0])
            for kind in OF_CASES:
                datasets = getattr(made, kind)[pair]
                for seed, dataset, path in zip(made.spec.seeds, datasets, files[kind], strict=True):
                    spec = {"setting": setting, "seed": seed, "model": pair[1], "denoiser": "isotropic_mixture"}
                    spec = EvaluateSpec.model_validate(spec | {"sampling": {}, "evaluation": {}})
                    write_dataset(dataset, path, kind=kind, spec=spec, title=kind)
        return files

    return write


def plot(files: dict[str, list[Path]], made: Case, figure: str, out: Sequence[Path], number: int = 0) -> int:
    pair = made.pairs[number] if pieces.figure_options(figure).subject else None
    paths = [str(path) for kind in READS[figure] for path in files[kind]]
    spec = made.plot_spec(figure, pair).canonical()
    return main(["plot", figure, *paths, "--out", *map(str, out), "--spec", spec])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("figure", READS)
def test_figure_is_drawn_and_not_blank(inputs, tmp_path: Path, figure: str, name: str):
    png, open_before = tmp_path / "new/figure.png", plt.get_fignums()
    assert plot(inputs(name), case(name), figure, [png]) == 0
    assert list(png.parent.iterdir()) == [png]
    grey = plt.imread(png)[..., :3].mean(axis=2)
    assert grey.std() > 0.05
    # Each side of the image shows something, and the paper is white.
    middle = grey.shape[1] // 2
    assert min(grey[:, :middle].std(), grey[:, middle:].std()) > 0.05
    assert grey.max() == 1
    assert plt.get_fignums() == open_before


@pytest.mark.parametrize("figure", READS)
def test_figure_is_the_same_when_drawn_again(inputs, tmp_path: Path, figure: str):
    """Under version control, a figure changes only with its data, and with the time and the code in its lineage."""
    first, second, other = tmp_path / "1.pdf", tmp_path / "2.pdf", tmp_path / "1.png"
    assert plot(inputs("three seeds"), case("three seeds"), figure, [first, other]) == 0
    assert plot(inputs("three seeds"), case("three seeds"), figure, [second]) == 0
    assert sorted(tmp_path.iterdir()) == [first, other, second]
    assert first.read_bytes().startswith(b"%PDF")
    assert undated(first) == undated(second)
    assert {"spec", "inputs", "ancestry"} < read_attributes(first).keys()
    assert read_attributes(first).items() <= read_attributes(other).items()


@pytest.mark.parametrize("figure", READS)
def test_figure_says_what_it_is_of(inputs, tmp_path: Path, figure: str):
    """By its attributes: no name is parsed out of a path."""
    made, out = case("several models"), tmp_path / "figure.png"
    for number in (0, 1):
        assert plot(inputs(made.name, number), made, figure, [out], number) == 0
        attributes = read_attributes(out)
        of = dict(zip(("setting", "model"), made.pairs[number], strict=True))
        subject = pieces.figure_options(figure).subject
        for name in ("setting", "model"):
            assert attributes.get(name) == (of[name] if name in subject else None)
        assert attributes["edgemem_file"] == "figure"


@pytest.mark.parametrize("figure", ["transition", "mechanism", "sensitivity"])
def test_files_of_another_model_are_refused(inputs, tmp_path: Path, capsys, figure: str):
    made, out = case("several models"), tmp_path / "figure.png"
    files = inputs(made.name, 1) | {kind: inputs(made.name, 0)[kind] for kind in TABLES}
    assert plot(files, made, figure, [out], 0) == 1
    message = capsys.readouterr().err
    assert str(files[READS[figure][0]][0]) in message
    assert "is of model other, but --spec says mixture" in message
    assert not out.exists()


def test_tables_without_the_model_are_refused(inputs, tmp_path: Path, capsys):
    made, out = case("several models"), tmp_path / "figure.png"
    files = inputs(made.name, 1) | {"transition": inputs("three seeds")["transition"]}
    assert plot(files, made, "transition", [out], 1) == 1
    message = capsys.readouterr().err
    assert f"{files['transition'][0]} is of model mixture, but --spec says other" in message


@pytest.mark.parametrize(
    ("figure", "changes", "problem"),
    [
        ("mechanism", {"model": None}, "model: the figure 'mechanism' needs a model (got None)"),
        ("mechanism", {"setting": None}, "setting: the figure 'mechanism' needs a setting (got None)"),
        ("prediction", {"model": "mixture"}, "model: the figure 'prediction' is not drawn of one model"),
    ],
)
def test_spec_without_its_subject_is_refused(inputs, tmp_path: Path, capsys, figure: str, changes: dict, problem: str):
    made = case("three seeds")
    pair = made.pairs[0] if pieces.figure_options(figure).subject else None
    spec = json.loads(made.plot_spec(figure, pair).canonical()) | changes
    paths = [str(path) for kind in READS[figure] for path in inputs(made.name)[kind]]
    out = tmp_path / "figure.png"
    assert main(["plot", figure, *paths, "--out", str(out), "--spec", json.dumps(spec)]) == 1
    assert problem in capsys.readouterr().err
    assert not out.exists()


MINE = '''
from typing import ClassVar, Literal

from edgemem.config.plot import CaseFigure, Caption


class Mine(CaseFigure):
    """Memorized points by model size."""

    reads: ClassVar = ("evaluations",)
    figure: Literal["mine"]
    colour: str = "black"


CAPTION = Caption("Mine", "A line plot.", "What I want to see.")


def draw(options, subject, inputs):
    from edgemem.figures.style import case_title, new_figure

    figure, (axes,) = new_figure(1)
    figure.suptitle(case_title(subject, len(inputs["evaluations"])))
    for evaluation in inputs["evaluations"]:
        axes.plot(evaluation.fraction, evaluation.memorized_count.isel(step=-1), color=options.colour)
    return figure
'''


def test_figure_of_the_users_own(inputs, tmp_path: Path, capsys):
    """One file outside the package, drawn by the same command."""
    made, out, extension = case("three seeds"), tmp_path / "figure.png", tmp_path / "mine.py"
    extension.write_text(MINE)
    setting = made.spec.settings[0].model_dump()
    spec = {"figure": {"figure": "mine", "colour": "red"}, "setting": setting, "model": "mixture"}
    others = [str(tmp_path / name) for name in ("mine.csv", "column/mine.png")]
    words = ["plot", "mine", *map(str, inputs(made.name)["evaluations"]), "--spec", json.dumps(spec)]
    words += ["--out", str(out), others[0], "--column", others[1]]
    try:
        assert main(words) == 1
        assert "there is no figure 'mine'" in capsys.readouterr().err
        assert main([*words, "--extensions", str(extension)]) == 0
    finally:
        pieces.register([])
    image = plt.imread(out)
    assert ((image[..., 0] > 0.9) & (image[..., 1] < 0.1)).any()
    assert read_attributes(out)["model"] == "mixture"
    assert all(read_attributes(path)["model"] == "mixture" for path in others)
    seeds = len(made.spec.seeds)
    assert (
        Path(others[0]).read_text().count(",curve,")
        == seeds * made.inputs(made.pairs[0])["evaluations"][0].sizes["model_size"]
    )
