"""Figures that show samples as images: every pixel drawn is one of the data."""

import csv
import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgemem import pieces
from edgemem.analysis.metrics import metrics
from edgemem.analysis.prediction import predict_transitions
from edgemem.analysis.theory import CENTRES, CROSSINGS
from edgemem.analysis.transition import find_transitions
from edgemem.cli import main
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.plot import PlotSpec
from edgemem.config.regress import RegressSpec
from edgemem.config.sample import SampleSpec
from edgemem.engine.data import draw
from edgemem.files.netcdf import write_dataset

from .conftest import MODELS, N, evaluation, undated


NAME, SIZE = "image_digits_N20_K3_size6", 6
SETTING = {"family": "image", "templates": "digits", "N": N, "K": 3, "size": SIZE}
IMAGES = ("samples", "gallery", "templates")
SPEC = EvaluateSpec.model_validate(
    {
        "setting": SETTING,
        "seed": 4,
        "model": "coloured",
        "denoiser": "coloured_templates",
        "sampling": {},
        "evaluation": {"threshold": 0.2},
    }
)
TRAINED = {"coloured": {"provides": ["components", "learned_templates"], "settings": [NAME]}}


@functools.cache
def made(model: str = "mixture") -> dict[str, xr.Dataset]:
    """Samples, an evaluation and models of one data set; of five generated images, two are copies.

    Of two steps the last counts: at the first all images are alike.
    """
    samples = draw(SampleSpec.model_validate({"setting": SETTING, "seed": 4})).assign_attrs(seed=4)
    measured = evaluation(1.0, 1, 1.0, model).drop_vars("true_mean")
    rng = np.random.default_rng(1)
    x = samples.x_train.values
    shown = np.zeros((measured.sizes["model_size"], 2, 5, *x.shape[1:]), np.float32)
    for generated in shown[:, 1]:
        generated[:] = 3 * rng.normal(size=generated.shape)
        generated[[1, 3]] = x[rng.integers(N, size=2)] + 1e-3
    measured["generated"] = (("model_size", "step", "point", *samples.x_train.dims[1:]), shown)
    sizes = measured.model_size.values
    template = np.zeros((len(sizes), 2, N, SIZE * SIZE), np.float32)
    template[:, 1] = rng.normal(size=(len(sizes), N, SIZE * SIZE))
    for row, size in zip(template, sizes, strict=True):
        row[:, size:] = np.nan
    models = xr.Dataset(
        {
            "template": (("model_size", "step", "component", "pixel"), template),
            "colour_mean": (("model_size", "step", "component", "channel"), template[..., :3] + 1),
        },
        coords={"model_size": sizes, "step": measured.step},
    )
    datasets = {"samples": samples, "evaluations": measured, "models": models}
    return {kind: dataset.assign_attrs(spec=SPEC.canonical()) for kind, dataset in datasets.items()}


def plot_spec(figure: str, provides: Sequence[str] = ("components",), **options: Any) -> dict[str, Any]:
    of_model = "model" in pieces.figure_options(figure).subject
    model = {"model": "coloured", "provides": list(provides)} if of_model else {}
    return {"figure": {"figure": figure} | options, "setting": SETTING} | model


def drawn(figure: str, data: dict[str, xr.Dataset] | None = None, **options: Any) -> Figure:
    spec = PlotSpec.model_validate(plot_spec(figure, **options))
    inputs = {kind: [dataset] for kind, dataset in (data or made()).items()}
    return pieces.figure_module(figure).draw(spec.figure, spec.subject, inputs)


def images(axes: Axes) -> np.ndarray:
    """Return the images that a panel shows, (line, place, row, column, channel), cut apart at the white lines."""
    (image,) = axes.images
    canvas = np.asarray(image.get_array(), float)
    step = SIZE + 1
    lines, places = ((length + 1) // step for length in canvas.shape[:2])
    assert canvas.shape[:2] == (lines * step - 1, places * step - 1)
    between = np.ones(canvas.shape[:2], bool)
    result = np.empty((lines, places, SIZE, SIZE, canvas.shape[2]))
    for i, j in np.ndindex(lines, places):
        cut = slice(i * step, i * step + SIZE), slice(j * step, j * step + SIZE)
        result[i, j], between[cut] = canvas[cut], False
    assert (canvas[between] == 1).all()
    return result


def colours(x: np.ndarray) -> np.ndarray:
    """Return samples as colours: grey is zero, the largest value of the training samples is full."""
    return np.moveaxis(np.clip(0.5 + x / (2 * np.abs(made()["samples"].x_train.values).max()), 0, 1), -3, -1)


@pytest.mark.parametrize("columns", [1, 7, 100])
def test_samples_stand_above_the_templates_they_are_made_of(columns: int):
    (axes,) = drawn("samples", columns=columns).axes
    samples, count = made()["samples"], min(columns, N)
    above, below = images(axes)
    x = samples.x_train.values[:count]
    half = np.abs(x).max() * 2  # full colour for what is shown
    np.testing.assert_allclose(above, np.moveaxis(0.5 + x / half, 1, -1), atol=1e-12)
    template = samples.template.values[samples.component_train.values[:count]]
    np.testing.assert_allclose(below, np.repeat(template[..., None], 3, axis=-1), atol=1e-12)
    # A sample is its template times a colour.
    for sample, image in zip(x, template, strict=True):
        for channel in sample:
            np.testing.assert_allclose(channel * image.max(), channel[image == image.max()][0] * image)


def test_gallery_shows_generated_images_above_their_nearest_sample_and_frames_copies():
    sizes = [4, 12, 20]
    figure = drawn("gallery", fractions=[size / N for size in sizes])
    samples, measured = made()["samples"].x_train.values, made()["evaluations"]
    assert len(figure.axes) == len(sizes)
    for axes, size in zip(figure.axes, sizes, strict=True):
        above, below = images(axes)
        generated = measured.generated.sel(model_size=size, step=1000).values.astype(float)
        np.testing.assert_allclose(above, colours(generated), atol=1e-6)
        distance = ((generated[:, None] - samples[None]) ** 2).sum(axis=(2, 3, 4))
        np.testing.assert_allclose(below, colours(samples[distance.argmin(axis=1)]), atol=1e-12)
        nearest, second = np.sqrt(np.sort(distance, axis=1)[:, :2].T)
        copies = np.flatnonzero(nearest <= 0.2 * second)
        assert copies.tolist() == [1, 3]
        places = [round((patch.get_x() + 1) / (SIZE + 1)) for patch in axes.patches]
        assert places == copies.tolist()
        percent = 100 * measured.memorization_ratio.sel(model_size=size, step=1000).item()
        chance = 100 * measured.null_memorization_ratio.item()
        assert axes.get_title() == f"M = {size / N:g} N: {percent:.1f} % are copies, {chance:.1f} % by chance"


def learned_means(size: int) -> np.ndarray:
    """Return what the components of a model have learned: each a template times its mean colour."""
    model = made()["models"].sel(model_size=size, step=1000).isel(component=slice(size))
    means = model.template.values.astype(float)[:, None, :] * model.colour_mean.values.astype(float)[:, :, None]
    return means.reshape(size, 3, SIZE, SIZE)


def test_learned_means_stand_above_their_nearest_samples():
    figure = drawn("templates", fractions=[0.2, 1.0], columns=6)
    samples = made()["samples"].x_train.values
    for axes, size, count in zip(figure.axes, (4, 20), (4, 6), strict=True):
        means = learned_means(size)
        distance = np.sqrt(((means[:, None] - samples[None]) ** 2).sum(axis=(2, 3, 4)))
        above, below = images(axes)
        np.testing.assert_allclose(above[:count], colours(means[:count]), atol=1e-6)
        np.testing.assert_allclose(below[:count], colours(samples[distance.argmin(axis=1)][:count]), atol=1e-12)
        assert (above[count:] == 1).all() and (below[count:] == 1).all()
        mean = distance.min(axis=1).mean()
        assert axes.get_title() == f"M = {size / N:g} N: on average {mean:.2g} from the nearest sample"


def table(figure: str, folder: Path, **options: Any) -> list[dict[str, str]]:
    """Return what stands in the table beside a figure."""
    command(figure, folder, [folder / "values.csv"], **options)
    comment, *lines = (folder / "values.csv").read_text().splitlines()
    assert comment.startswith("# {")
    return list(csv.DictReader(lines))


def test_tables_say_what_images_are(tmp_path: Path):
    """Which image stands where, of which model, how far from which sample, and whether it is a copy."""
    samples, measured = made()["samples"], made()["evaluations"]
    rows = table("samples", tmp_path, columns=7)
    assert [int(row["template"]) for row in rows] == samples.component_train.values[:7].tolist()
    x = samples.x_train.values
    rows = table("gallery", tmp_path, fractions=[0.2, 1.0])
    assert len(rows) == 2 * 5
    for row, (size, place) in zip(rows, [(size, place) for size in (4, 20) for place in range(5)], strict=True):
        image = measured.generated.sel(model_size=size, step=1000).values[place].astype(float)
        distance = np.sqrt(((image - x) ** 2).sum(axis=(1, 2, 3)))
        nearest, second = np.sort(distance)[:2]
        assert (int(row["model_size"]), int(row["place"])) == (size, place + 1)
        assert int(row["nearest_sample"]) == distance.argmin()
        np.testing.assert_allclose([float(row["nearest_distance"]), float(row["second_distance"])], [nearest, second])
        assert int(row["copy"]) == (place in (1, 3)) == (nearest <= 0.2 * second)
        assert float(row["null_memorization_ratio"]) == measured.null_memorization_ratio
    rows = table("templates", tmp_path, fractions=[0.2, 1.0], columns=6)
    assert [(int(row["model_size"]), int(row["component"])) for row in rows] == [
        *((4, i) for i in range(4)),
        *((20, i) for i in range(6)),
    ]
    for row in rows:
        mean = learned_means(int(row["model_size"]))[int(row["component"])]
        distance = np.sqrt(((mean - x) ** 2).sum(axis=(1, 2, 3)))
        assert int(row["nearest_sample"]) == distance.argmin()
        np.testing.assert_allclose(float(row["nearest_distance"]), distance.min())


def test_nearest_trained_sizes_are_shown_once():
    titles = [axes.get_title() for axes in drawn("gallery", fractions=[0.19, 0.2, 0.21, 5.0]).axes]
    assert [title.split(":")[0] for title in titles] == ["M = 0.2 N", "M = 1 N"]


def test_sizes_that_are_no_components_are_called_what_they_are():
    """Those shown are the nearest by the fraction that they have in common with components."""
    titles = [
        axes.get_title() for axes in drawn("gallery", made("network"), provides=[], fractions=[0.1, 0.9, 3.0]).axes
    ]
    assert [size * MODELS["network"].unit for size in MODELS["network"].sizes] == pytest.approx([0.8, 1.6, 3.2, 6.4])
    assert [title.split(":")[0] for title in titles] == [f"{fraction:g} N d parameters" for fraction in (0.8, 3.2)]


@pytest.mark.parametrize("figure", IMAGES)
def test_title_says_what_is_shown(figure: str):
    title = drawn(figure).get_suptitle()
    for words in ("coloured templates", "digits", f"N = {N}", "K = 3", "size 6", "seed 4"):
        assert words in title


def test_losses_without_approximations_are_drawn_alone():
    """The approximations are those of an isotropic mixture; images have only what was measured."""
    spec = RegressSpec.model_validate(
        {"campaign": "c", "settings": [SETTING], "models": TRAINED, "seeds": [4], "regression": {}}
    )
    measured = {(NAME, "coloured", 4): made()["evaluations"]}
    transition = find_transitions(spec, measured)
    regression = predict_transitions(spec, measured, transition)
    known = regression.predicted_fraction.notnull().squeeze(["setting", "model"])
    assert sorted(regression.predictor.values[known.values]) == sorted(
        ["constant", "exact_fitted", *CROSSINGS, *CENTRES]
    )
    figure = drawn("losses", {"evaluations": made()["evaluations"], "regression": regression})
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["generalizing, measured", "partially memorizing, measured"]


def test_images_leave_the_predictions_of_mixtures_alone(tmp_path: Path):
    """In a campaign of both the weights are fitted to the mixtures, for which they speak, and the tables have both."""
    mixture = {"family": "gaussian", "N": N, "d": 3, "K": 2}
    mixtures = [mixture, mixture | {"variance": 4}]
    names = [pieces.setting_class("gaussian")(**setting).name for setting in mixtures]
    models = {"mixture": {"provides": ["components"], "settings": names}}
    seeds = [1, 2]

    def tables(settings, models):
        spec = RegressSpec.model_validate(
            {"campaign": "c", "settings": settings, "models": models, "seeds": seeds, "regression": {"holdout": 0}}
        )
        measured = {}
        for case, seed in ((case, seed) for case in spec.cases for seed in seeds):
            one = evaluation(case.setting.variance, seed, 1.0)
            if case.setting.family == "image":
                one = one.drop_vars("true_mean")
            measured[case.setting.name, case.model, seed] = one
        transition = find_transitions(spec, measured)
        regression = predict_transitions(spec, measured, transition)
        numbers = metrics(spec, measured, transition, regression)
        for name, table in (("transition", transition), ("regression", regression)):
            write_dataset(table, tmp_path / f"{name}.nc", kind=name, spec=spec, title=name)
        return regression, numbers

    (alone, _), (both, numbers) = tables(mixtures, models), tables([*mixtures, SETTING], models | TRAINED)
    np.testing.assert_array_equal(both.lambda_tilde, alone.lambda_tilde)
    own = both.sel(setting=alone.setting, model=alone.model).drop_sel(predictor="constant")
    np.testing.assert_array_equal(own.predicted_fraction, alone.drop_sel(predictor="constant").predicted_fraction)
    images = both.sel(setting=NAME, model="coloured")
    known = images.predictor.values[images.predicted_fraction.notnull().values].tolist()
    assert sorted(known) == sorted(["constant", "exact_fitted", *CROSSINGS, *CENTRES])
    assert both.predicted_fraction.sel(setting=NAME, model="mixture").isnull().all()
    assert "leave_one_family_out" in both.fold.values
    assert np.isfinite(both.squared_error.sel(predictor=["constant", "exact_losses", "fitted"], fold="train")).all()
    assert np.isnan(images.d) and images.templates == "digits" and both.templates[0] == ""
    assert numbers[f"{NAME}/coloured/predicted_m50_c2"] is None
    assert not any(name.startswith(f"{NAME}/coloured/constant_at") for name in numbers)
    assert numbers[f"{NAME}/coloured/generalizing_loss"] is not None


def command(figure: str, folder: Path, outs: Sequence[Path], **options: Any) -> None:
    """Write a figure from files in a folder."""
    paths = []
    for kind in pieces.figure_options(figure).reads:
        paths.append(folder / f"{kind}.nc")
        spec = SampleSpec.model_validate({"setting": SETTING, "seed": 4}) if kind == "samples" else SPEC
        if not paths[-1].exists():
            write_dataset(made()[kind], paths[-1], kind=kind, spec=spec, title=kind)
    words = ["plot", figure, *map(str, paths), "--out", *map(str, outs)]
    assert main([*words, "--spec", json.dumps(plot_spec(figure, **options))]) == 0


@pytest.mark.parametrize("figure", IMAGES)
def test_command_draws_the_same_file_twice(tmp_path: Path, figure: str):
    outs = [tmp_path / name for name in ("1.pdf", "1.png", "2.pdf")]
    for out in (outs[:2], outs[2:]):
        command(figure, tmp_path, out)
    assert undated(outs[0]) == undated(outs[2])
    assert plt.imread(outs[1])[..., :3].std() > 0.05


def test_all_figures_of_images_are_tested():
    assert {name for name in pieces.names("figure") if "images" in pieces.figure_options(name).requires} == set(IMAGES)
