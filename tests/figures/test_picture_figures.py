"""Figures that show samples as pictures: every pixel drawn is one of the data."""

import functools
import importlib
import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgemem.cli import main
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.plot import FIGURES, PlotSpec, SettingFigure
from edgemem.config.regress import RegressSpec
from edgemem.config.sample import SampleSpec
from edgemem.stages.sample import draw
from edgemem.storage import write_dataset
from edgemem.tables.metrics import metrics
from edgemem.tables.prediction import predict_transitions
from edgemem.tables.transition import find_transitions

from .conftest import N, evaluation, undated


NAME, SIZE = "image_digits_N20_K3_size6", 6
SETTING = {"family": "image", "templates": "digits", "N": N, "K": 3, "size": SIZE}
PICTURES = ("samples", "gallery", "templates")
SPEC = EvaluateSpec.model_validate({"setting": SETTING, "seed": 4, "sampling": {}, "evaluation": {"threshold": 0.2}})


@functools.cache
def made() -> dict[str, xr.Dataset]:
    """Samples, an evaluation and models of one data set; of five generated pictures, two are copies."""
    samples = draw(SampleSpec.model_validate({"setting": SETTING, "seed": 4}))
    measured = evaluation(1.0, 1, 1.0).drop_vars("true_mean")
    rng = np.random.default_rng(1)
    x = samples.x_train.values
    shown = np.empty((measured.sizes["model_size"], 5, *x.shape[1:]), np.float32)
    for model in shown:
        model[:] = 3 * rng.normal(size=model.shape)
        model[[1, 3]] = x[rng.integers(N, size=2)] + 1e-3
    measured["generated"] = (("model_size", "point", *samples.x_train.dims[1:]), shown)
    sizes = measured.model_size.values
    template = rng.normal(size=(len(sizes), N, SIZE, SIZE)).astype(np.float32)
    for row, size in zip(template, sizes, strict=True):
        row[size:] = np.nan
    models = xr.Dataset(
        {"template": (("model_size", "component", "row", "column"), template)}, coords={"model_size": sizes}
    )
    datasets = {"samples": samples, "evaluations": measured, "models": models}
    return {kind: dataset.assign_attrs(spec=SPEC.canonical()) for kind, dataset in datasets.items()}


def drawn(figure: str, **options: Any) -> Figure:
    spec = PlotSpec.model_validate({"figure": {"figure": figure} | options, "setting": NAME})
    inputs = {kind: [dataset] for kind, dataset in made().items()}
    result = importlib.import_module(f"edgemem.figures.{figure}").draw(spec.figure, NAME, inputs)
    plt.close(result)
    return result


def pictures(axes: Axes) -> np.ndarray:
    """Return the pictures that a panel shows, (line, place, row, column, channel), cut apart at the white lines."""
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
    above, below = pictures(axes)
    x = samples.x_train.values[:count]
    half = np.abs(x).max() * 2  # full colour for what is shown
    np.testing.assert_allclose(above, np.moveaxis(0.5 + x / half, 1, -1), atol=1e-12)
    template = samples.template.values[samples.component_train.values[:count]]
    np.testing.assert_allclose(below, np.repeat(template[..., None], 3, axis=-1), atol=1e-12)
    # A sample is its template times a colour.
    for sample, picture in zip(x, template, strict=True):
        for channel in sample:
            np.testing.assert_allclose(channel * picture.max(), channel[picture == picture.max()][0] * picture)


def test_gallery_shows_generated_pictures_above_their_nearest_sample_and_frames_copies():
    sizes = [4, 12, 20]
    figure = drawn("gallery", fractions=[size / N for size in sizes])
    samples, measured = made()["samples"].x_train.values, made()["evaluations"]
    assert len(figure.axes) == len(sizes)
    for axes, size in zip(figure.axes, sizes, strict=True):
        above, below = pictures(axes)
        generated = measured.generated.sel(model_size=size).values.astype(float)
        np.testing.assert_allclose(above, colours(generated), atol=1e-6)
        distance = ((generated[:, None] - samples[None]) ** 2).sum(axis=(2, 3, 4))
        np.testing.assert_allclose(below, colours(samples[distance.argmin(axis=1)]), atol=1e-12)
        nearest, second = np.sqrt(np.sort(distance, axis=1)[:, :2].T)
        copies = np.flatnonzero(nearest <= 0.2 * second)
        assert copies.tolist() == [1, 3]
        places = [round((patch.get_x() + 1) / (SIZE + 1)) for patch in axes.patches]
        assert places == copies.tolist()
        percent = 100 * measured.memorization_ratio.sel(model_size=size).item()
        assert f"M = {size / N:g} N: {percent:.1f} %" in axes.get_title()


def test_learned_templates_stand_below_the_true_ones():
    figure = drawn("templates", fractions=[0.2, 1.0], columns=6)
    truth, few, all_of_them = (pictures(axes)[0] for axes in figure.axes)
    template = made()["samples"].template.values
    expected = template / template.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(truth[:3], np.repeat(expected[..., None], 3, axis=-1), atol=1e-12)
    assert (truth[3:] == 1).all() and (few[4:] == 1).all()
    for size, shown in ((4, few[:4]), (20, all_of_them)):
        learned = made()["models"].template.sel(model_size=size).values[: len(shown)].astype(float)
        # The sign is the one with the larger sum; the brightest pixel is white, and what is negative black.
        learned = np.array([picture * np.sign(picture.sum()) / np.abs(picture).max() for picture in learned])
        np.testing.assert_allclose(shown, np.repeat(np.clip(learned, 0, 1)[..., None], 3, axis=-1), atol=1e-6)


def test_nearest_trained_sizes_are_shown_once():
    titles = [axes.get_title() for axes in drawn("gallery", fractions=[0.19, 0.2, 0.21, 5.0]).axes]
    assert [title.split(":")[0] for title in titles] == ["M = 0.2 N", "M = 1 N"]


@pytest.mark.parametrize("figure", PICTURES)
def test_title_says_what_is_shown(figure: str):
    title = drawn(figure).get_suptitle()
    for words in ("coloured templates", "digits", f"N = {N}", "K = 3", "size 6", "seed 4"):
        assert words in title


def test_losses_without_approximations_are_drawn_alone():
    """The approximations are those of an isotropic mixture; pictures have only what was measured."""
    spec = RegressSpec.model_validate({"campaign": "c", "settings": [SETTING], "seeds": [4], "regression": {}})
    measured = {(NAME, 4): made()["evaluations"]}
    transition = find_transitions(spec, measured)
    regression = predict_transitions(spec, measured, transition)
    known = regression.predicted_fraction.notnull().squeeze("setting")
    assert sorted(regression.predictor.values[known.values]) == ["constant", "exact_losses"]
    figure = PlotSpec.model_validate({"figure": {"figure": "losses"}, "setting": NAME}).figure
    module = importlib.import_module("edgemem.figures.losses")
    result = module.draw(figure, NAME, {"evaluations": [made()["evaluations"]], "regression": [regression]})
    plt.close(result)
    (legend,) = result.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["generalizing, measured", "partially memorizing, measured"]


def test_pictures_leave_the_predictions_of_mixtures_alone(tmp_path: Path):
    """In a campaign of both the weights are fitted to the mixtures, for which they speak, and the tables have both."""
    mixture = {"family": "gaussian", "N": N, "d": 3, "K": 2}
    mixtures = [mixture, mixture | {"variance": 4}]
    seeds = [1, 2]

    def tables(settings):
        spec = RegressSpec.model_validate(
            {"campaign": "c", "settings": settings, "seeds": seeds, "regression": {"holdout": 0}}
        )
        measured = {}
        for setting, seed in ((setting, seed) for setting in spec.settings for seed in seeds):
            measured[setting.name, seed] = evaluation(setting.variance, seed, 1.0)
            if setting.family == "image":
                measured[setting.name, seed] = measured[setting.name, seed].drop_vars("true_mean")
        transition = find_transitions(spec, measured)
        regression = predict_transitions(spec, measured, transition)
        numbers = metrics(spec, measured, transition, regression)
        for name, table in (("transition", transition), ("regression", regression)):
            write_dataset(table, tmp_path / f"{name}.nc", kind=name, spec=spec, title=name)
        return regression, numbers

    (alone, _), (both, numbers) = tables(mixtures), tables([*mixtures, SETTING])
    np.testing.assert_array_equal(both.lambda_tilde, alone.lambda_tilde)
    own = both.sel(setting=alone.setting).drop_sel(predictor="constant")
    np.testing.assert_array_equal(own.predicted_fraction, alone.drop_sel(predictor="constant").predicted_fraction)
    pictures = both.sel(setting=NAME)
    known = pictures.predictor.values[pictures.predicted_fraction.notnull().values].tolist()
    assert known == ["constant", "exact_losses"]
    assert "leave_one_family_out" in both.fold.values
    assert np.isfinite(both.squared_error.sel(predictor=["constant", "exact_losses", "fitted"], fold="train")).all()
    assert np.isnan(pictures.d) and pictures.templates == "digits" and both.templates[0] == ""
    assert numbers[f"{NAME}/predicted_m50_c2"] is None
    assert not any(name.startswith(f"{NAME}/constant_at") for name in numbers)
    assert numbers[f"{NAME}/generalizing_loss"] is not None


@pytest.mark.parametrize("figure", PICTURES)
def test_command_draws_the_same_file_twice(tmp_path: Path, figure: str):
    paths = []
    reads = PlotSpec.model_validate({"figure": {"figure": figure}, "setting": NAME}).figure.reads
    for kind in reads:
        paths.append(tmp_path / f"{kind}.nc")
        write_dataset(made()[kind], paths[-1], kind=kind, spec=SPEC, title=kind)
    spec = json.dumps({"figure": {"figure": figure}, "setting": NAME})
    outs = [tmp_path / name for name in ("1.pdf", "1.png", "2.pdf")]
    for out in (outs[:2], outs[2:]):
        assert main(["plot", figure, *map(str, paths), "--out", *map(str, out), "--spec", spec]) == 0
    assert undated(outs[0]) == undated(outs[2])
    assert plt.imread(outs[1])[..., :3].std() > 0.05


def test_all_figures_of_pictures_are_tested():
    classes = {entry.model_fields["figure"].annotation.__args__[0]: entry for entry in SettingFigure.__subclasses__()}
    assert {name for name, entry in classes.items() if entry.pictures} == set(PICTURES)
    assert set(PICTURES) <= set(FIGURES)
