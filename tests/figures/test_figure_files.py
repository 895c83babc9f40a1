"""The files of figures: they exist, show something, and are the same when drawn again."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from edgemem.attributes import read_attributes
from edgemem.cli import main
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.plot import FIGURES, PlotSpec
from edgemem.storage import write_dataset

from .conftest import CASES, OVER_ALL, Case, case, undated
from .test_picture_figures import PICTURES


READS = {
    "losses": ("evaluations", "regression"),
    "transition": ("evaluations", "transition"),
    "mechanism": ("evaluations",),
    "prediction": ("transition", "regression"),
    "seeds": ("evaluations", "transition"),
    "sensitivity": ("sensitivity",),
    "regression": ("transition", "regression"),
    "refutation": ("transition", "regression"),
    "protocols": ("comparison",),
}


TABLES = ("transition", "regression", "comparison")


def test_every_figure_is_tested():
    assert set(READS) | set(PICTURES) == set(FIGURES)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory):
    """A function that writes the files of a case, once, and returns those that a figure reads."""
    folder = tmp_path_factory.mktemp("inputs")

    def write(name: str) -> dict[str, list[Path]]:
        made, into = case(name), folder / name
        files = {kind: [into / f"{kind}.nc"] for kind in TABLES}
        for kind in ("evaluations", "sensitivity"):
            files[kind] = [into / f"{kind}{seed}.nc" for seed in made.spec.seeds]
        if not into.exists():
            for kind in TABLES:
                write_dataset(getattr(made, kind), files[kind][0], kind=kind, spec=made.spec, title=kind)
            for kind, datasets in (("evaluations", made.evaluations), ("sensitivity", made.sensitivity)):
                for seed, dataset, path in zip(made.spec.seeds, datasets[made.settings[0]], files[kind], strict=True):
                    spec = {"setting": made.spec.settings[0], "seed": seed, "sampling": {}, "evaluation": {}}
                    write_dataset(dataset, path, kind=kind, spec=EvaluateSpec.model_validate(spec), title=kind)
        return files

    return write


def plot(files: dict[str, list[Path]], made: Case, figure: str, out: Sequence[Path]) -> None:
    setting = None if figure in OVER_ALL else made.settings[0]
    spec = PlotSpec.model_validate({"figure": {"figure": figure}, "setting": setting}).canonical()
    paths = [str(path) for kind in READS[figure] for path in files[kind]]
    assert main(["plot", figure, *paths, "--out", *map(str, out), "--spec", spec]) == 0


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("figure", READS)
def test_figure_is_drawn_and_not_blank(inputs, tmp_path: Path, figure: str, name: str):
    png, open_before = tmp_path / "new/figure.png", plt.get_fignums()
    plot(inputs(name), case(name), figure, [png])
    assert list(png.parent.iterdir()) == [png]
    grey = plt.imread(png)[..., :3].mean(axis=2)
    assert grey.std() > 0.05
    # Each side of the picture shows something, and the paper is white.
    middle = grey.shape[1] // 2
    assert min(grey[:, :middle].std(), grey[:, middle:].std()) > 0.05
    assert grey.max() == 1
    assert plt.get_fignums() == open_before


@pytest.mark.parametrize("figure", READS)
def test_figure_is_the_same_when_drawn_again(inputs, tmp_path: Path, figure: str):
    """Under version control, a figure changes only with its data, and with the time and the code in its lineage."""
    first, second, other = tmp_path / "1.pdf", tmp_path / "2.pdf", tmp_path / "1.png"
    plot(inputs("three seeds"), case("three seeds"), figure, [first, other])
    plot(inputs("three seeds"), case("three seeds"), figure, [second])
    assert sorted(tmp_path.iterdir()) == [first, other, second]
    assert first.read_bytes().startswith(b"%PDF")
    assert undated(first) == undated(second)
    assert {"spec", "inputs", "ancestry"} < read_attributes(first).keys()
    assert read_attributes(first).items() <= read_attributes(other).items()
