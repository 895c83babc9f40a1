"""Models are compared seed by seed with their reference, and what does not belong is refused."""

import json

import numpy as np
import pytest
import xarray as xr

from edgemem.analysis.comparison import compare
from edgemem.cli import main
from edgemem.config.compare import CompareSpec
from edgemem.reporting.comparison import comparison_table

from .conftest import NAME, PROTOCOL, SEEDS, SETTING, command


SPEC = {
    "campaign": "tiny",
    "settings": [SETTING],
    "seeds": SEEDS,
    "candidates": {"same": PROTOCOL, "other": PROTOCOL | {"steps": 10}},
    "references": {NAME: "reference"},
}


def runs(difference: float):
    """A reference; the same again; and one whose transition, variance and losses are off by `difference`."""
    sizes, n = np.array([2, 4, 6, 8, 10]), 10
    made = {}
    for seed in SEEDS:
        for name, off in (("reference", 0.0), ("same", 0.0), ("other", difference)):
            # On the scale of log-odds the ratio is a straight line through one half at 0.7 + off + a little by seed.
            middle = 0.7 + off + 0.01 * seed
            counts = np.round(10**6 / (1 + np.exp(-(sizes / n - middle) / 0.1)))
            evaluation = xr.Dataset(
                {
                    "memorized_count": ("model_size", counts.astype(int)),
                    "generated_count": ((), 10**6),
                    "learned_variance": ("model_size", np.where(sizes < n, (1 + off) / sizes, 0.0)),
                    "loss": (
                        ("split", "model_size", "time"),
                        np.full((2, 5, 2), 2.0) * (1 + off) * np.array([1, 3])[:, None, None],
                    ),
                },
                coords={
                    "model_size": sizes,
                    "fraction": ("model_size", sizes / n),
                    "split": ["train", "test"],
                    "time": [0.9, 0.36],
                },
            )
            # Before the last step all is otherwise: nothing of it is compared.
            changing = ("memorized_count", "learned_variance", "loss")
            before = evaluation.assign({name: 7 * evaluation[name] for name in changing})
            evaluation = xr.concat([before, evaluation], "step", data_vars=list(changing))
            made[NAME, name, seed] = evaluation
    return made


@pytest.mark.parametrize(("difference", "equivalent"), [(0.005, True), (0.02, False), (-0.06, False)])
def test_differences_are_those_put_in(difference, equivalent):
    """The transition point, variance and losses differ by what they were made to differ."""
    result = compare(CompareSpec.model_validate(SPEC), runs(difference)).isel(setting=0)
    same, other = result.sel(model="same"), result.sel(model="other")
    assert float(same.m50_mean) == float(same.log_variance_mean) == 0
    assert bool(same.equivalent)
    np.testing.assert_allclose(other.m50, difference, atol=2e-4)
    for name in ("log_variance", "log_train_loss", "log_test_loss"):
        np.testing.assert_allclose(other[name], np.log1p(difference), rtol=1e-9)
    assert bool(other.equivalent) == equivalent
    assert (int(same.points), int(other.points)) == (40, 20)


def test_every_variable_says_what_it_is():
    """Every variable has a name in words, and a unit, which only labels have not."""
    for name, variable in compare(CompareSpec.model_validate(SPEC), runs(0.0)).variables.items():
        assert variable.attrs["long_name"], name
        assert (variable.attrs.get("units") == "1") == (variable.dtype.kind in "iuf"), name


def test_table_has_a_row_for_each_model_and_setting():
    """The cheapest model comes first; differences, intervals, verdict and cost are those of the comparison."""
    table = comparison_table(compare(CompareSpec.model_validate(SPEC), runs(0.02)))
    other, same = table.rows
    assert other[:4] == ["other", "20", NAME, "reference"]
    assert other[4].startswith("+0.02")
    assert other[5] == "+2.0 [+2.0, +2.0] %"
    assert (other[-1], same[-1]) == ("no", "yes")
    assert len(table.header) == len(other)


def test_a_transition_that_is_never_reached_is_not_equivalent():
    """Where a candidate's models never memorize there is no difference to speak of, and no equivalence."""
    made = runs(0.0)
    for seed in SEEDS:
        made[NAME, "other", seed]["memorized_count"][:] = 0
    result = compare(CompareSpec.model_validate(SPEC), made).isel(setting=0).sel(model="other")
    assert np.isnan(result.m50).all()
    assert not bool(result.equivalent)
    table = comparison_table(compare(CompareSpec.model_validate(SPEC), made))
    assert "unknown" in table.rows[0]


@pytest.fixture
def files(made, tmp_path):
    """Evaluations of the tiny campaign as those of three models; what their files are called tells nothing."""
    paths = []
    for seed in SEEDS:
        evaluation = xr.load_dataset(made.evaluations[seed])
        for name in ("same", "other", "reference"):
            path = tmp_path / f"{len(paths)}.nc"
            evaluation.assign_attrs(model=name).to_netcdf(path)
            paths.append(path)
    return paths


def line(files, tmp_path, spec=SPEC):
    """The command line."""
    out = ["--comparison", tmp_path / "protocols.nc", "--table", tmp_path / "protocols.md"]
    return command("compare", *files, *out, spec=spec)


def test_command(files, tmp_path):
    """The command writes the comparison with its lineage, and the table."""
    assert main(line(files, tmp_path)) == 0
    comparison = xr.load_dataset(tmp_path / "protocols.nc")
    assert comparison.attrs["edgemem_file"] == "comparison"
    assert len(json.loads(comparison.attrs["inputs"])) == 6
    assert not comparison.log_variance.any()
    assert (tmp_path / "protocols.md").read_text().count("\n") == 4


def test_what_is_missing_or_foreign_is_named(files, tmp_path, capsys):
    """A file that is missing, or of another setting, is named; nothing is written."""
    assert main(line(files[1:], tmp_path)) == 1
    assert f"no evaluation of same on {NAME}, seed 1 was given (1 are missing)" in capsys.readouterr().err
    foreign = SPEC | {"settings": [SETTING | {"N": 11}], "references": {NAME.replace("N10", "N11"): "reference"}}
    assert main(line(files, tmp_path, foreign)) == 1
    assert f"{files[0]} was made for same on {NAME}, seed 1, which is not among" in capsys.readouterr().err
    assert main(line([*files, files[2]], tmp_path)) == 1
    assert f"{files[2]} is a second evaluation of reference on {NAME}, seed 1" in capsys.readouterr().err
    assert not (tmp_path / "protocols.nc").exists()


def published(files, tmp_path, template: str) -> int:
    """Compare, then publish into a template."""
    assert main(line(files, tmp_path)) == 0
    (tmp_path / "template.md").write_text(template)
    (tmp_path / "figure.png").write_bytes(b"image")
    words = ["publish", "template.md", "page.md", "--data", "protocols.nc", "--table", "protocols.md"]
    words += ["--image", "figure.png", "--copy", "images/copy.png"]
    return main([word if word.startswith("-") or "." not in word else str(tmp_path / word) for word in words])


def test_publish_puts_the_table_in_its_place(files, tmp_path):
    """The page is the template with the table and what made it; the image lies beside it."""
    assert published(files, tmp_path, "# Title\n\n{{ table }}\n\nEnd\n") == 0
    page = (tmp_path / "page.md").read_text()
    table_text = (tmp_path / "protocols.md").read_text()
    assert page.startswith(f"# Title\n\n{table_text}")
    assert page.endswith("\n\nEnd\n")
    assert xr.load_dataset(tmp_path / "protocols.nc").attrs["git_commit"][:12] in page
    assert (tmp_path / "images/copy.png").read_bytes() == b"image"


def test_publish_needs_a_place(files, tmp_path, capsys):
    """A template without a place for the table is refused, and no page is written."""
    assert published(files, tmp_path, "# Title\n") == 1
    assert "has no place for what belongs there; write {{ table }} into it" in capsys.readouterr().err
    assert not (tmp_path / "page.md").exists()
