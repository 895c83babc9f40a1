"""The data drawn are the data computed, found by their labels."""

import importlib

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from edgemem.config.plot import RegressionFigure
from edgemem.published import WEIGHTS

from .conftest import COMMON, GENERATED, TIMES, D, N, bars, case, data, interval, labelled


def test_losses_over_psi(any_case):
    for setting in any_case.settings:
        left = any_case.draw("losses", setting).axes[0]
        evaluations = any_case.evaluations[setting]
        psi = (1 - TIMES**2) / TIMES**2
        train = [e.loss.sel(split="train").isel(model_size=0) for e in evaluations]
        mean, low, high = interval([t.sel(denoiser="generalizing") - t.sel(denoiser="memorizing") for t in train])
        measured = labelled(left, "generalizing", "measured")
        np.testing.assert_allclose(data(measured), [psi, mean], rtol=1e-12)
        np.testing.assert_allclose(bars(measured), [low, high], rtol=1e-9)

        variance = evaluations[0].true_variance.item()
        theory = D * variance / (1 + psi * variance)
        np.testing.assert_allclose(data(labelled(left, "1 + ψ")), [psi, theory], rtol=1e-12)


@pytest.mark.parametrize(("time", "nearest"), [(0.36, 0.36), (0.9, 0.999), (0.06, 0.1), (0.01, 0.001)])
def test_losses_over_model_size(any_case, time: float, nearest: float):
    right = any_case.draw("losses", time=time).axes[1]
    evaluations = any_case.evaluations[any_case.settings[0]]
    at = [e.sel(split="train", time=nearest) for e in evaluations]
    memorizing = [e.loss.sel(denoiser="memorizing").values[0] for e in at]
    partial = [e.partially_memorizing_loss - m for e, m in zip(at, memorizing, strict=True)]
    mean = interval(partial)[0]
    measured = labelled(right, "partially memorizing", "measured")
    np.testing.assert_allclose(data(measured), [np.arange(1, N + 1) / N, mean], rtol=1e-12, atol=1e-15)

    variance = evaluations[0].true_variance.item()
    table = any_case.regression.sel(setting=any_case.settings[0])
    fraction = table.fraction.values
    for words, constant in (("C = 1", 1), ("C = 2", 2), ("C(M)", table.finite_size_constant.values)):
        drawn_curve = data(labelled(right, "d σ*²", words))
        np.testing.assert_allclose(drawn_curve, [fraction, constant * (1 - fraction) * D * variance], atol=1e-12)

    level = interval([e.loss.sel(denoiser="generalizing").values[0] - m for e, m in zip(at, memorizing, strict=True)])
    y = data(labelled(right, "generalizing", "measured"))[1]
    np.testing.assert_allclose(y, np.full(2, level[0]), rtol=1e-12)


def test_memorization_ratio(any_case):
    for setting in any_case.settings:
        ratio = any_case.draw("transition", setting).axes[0]
        evaluations = any_case.evaluations[setting]
        assert len(ratio.containers) == len(evaluations)
        for container, evaluation in zip(ratio.containers, evaluations, strict=True):
            p = evaluation.memorized_count.values / GENERATED
            np.testing.assert_allclose(data(container), [evaluation.model_size / N, p], rtol=1e-12)
            counts = evaluation.memorized_count.values
            wilson = [stats.binomtest(int(k), GENERATED).proportion_ci(method="wilson") for k in counts]
            expected = [[w.low for w in wilson], [w.high for w in wilson]]
            np.testing.assert_allclose(bars(container), expected, atol=1e-9)
        table = any_case.transition.sel(setting=setting)
        np.testing.assert_array_equal(data(labelled(ratio, "mean over seeds")), [table.fraction, table.ratio_curve])
        null = np.mean([e.null_memorization_ratio.item() for e in evaluations])
        np.testing.assert_allclose(data(labelled(ratio, "fresh"))[1], [null, null], rtol=1e-12)


@pytest.mark.parametrize(("panel", "split"), [(1, "train"), (2, "test")])
@pytest.mark.parametrize(("time", "nearest"), [(0.36, 0.36), (0.06, 0.1)])
def test_losses_over_the_transition(any_case, panel: int, split: str, time: float, nearest: float):
    axes = any_case.draw("transition", time=time).axes[panel]
    evaluations = any_case.evaluations[any_case.settings[0]]
    at = [e.loss.sel(split=split, time=nearest) for e in evaluations]
    shared = sorted(set.intersection(*(set(e.model_size.values.tolist()) for e in evaluations)))
    assert set(shared) >= set(COMMON)
    names = {"trained": "trained", "generalizing": "generalizing", "partially_memorizing": "partially memorizing"}
    if split == "test":  # on the training samples it is zero but for rounding
        names["memorizing"] = "memorizing"
    for denoiser, name in names.items():
        mean, low, high = interval([loss.sel(denoiser=denoiser, model_size=shared) for loss in at])
        (artist,) = [container for container in axes.containers if container.get_label() == name]
        np.testing.assert_allclose(data(artist), [np.array(shared) / N, mean], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(bars(artist), [low, high], rtol=1e-9, atol=1e-12)
    # The models of each seed, also those of sizes that the seeds do not share.
    points = np.concatenate([np.transpose(data(line)) for line in axes.lines if len(line.get_xdata()) > 2])
    for loss in at:
        own = np.stack([loss.model_size / N, loss.sel(denoiser="trained")], axis=1)
        assert all(np.isclose(points, row, rtol=1e-12).all(axis=1).any() for row in own)


@pytest.mark.parametrize(
    ("panel", "quantity", "words"),
    [
        (0, "learned_variance", "learned"),
        (1, "distance_to_nearest_sample", "training sample"),
        (1, "distance_to_nearest_true_mean", "true mean"),
    ],
)
def test_mechanism(any_case, panel: int, quantity: str, words: str):
    for setting in any_case.settings:
        figure = any_case.draw("mechanism", setting)
        evaluations = any_case.evaluations[setting]
        shared = sorted(set.intersection(*(set(e.model_size.values.tolist()) for e in evaluations)))
        mean, low, high = interval([e[quantity].sel(model_size=shared) for e in evaluations])
        artist = labelled(figure.axes[panel], words)
        np.testing.assert_allclose(data(artist), [np.array(shared) / N, mean], rtol=1e-12)
        np.testing.assert_allclose(bars(artist), [low, high], rtol=1e-9)
        variance = evaluations[0].true_variance.item()
        x, y = data(labelled(figure.axes[0], "1 − M/N"))
        np.testing.assert_allclose(y, variance * (1 - x), rtol=1e-12)


PREDICTORS = {
    "constant": "constant",
    "c1": "λ = 1, C = 1",
    "c2": "λ = 1, C = 2",
    "snr_weight": "λ = ψ",
    "finite_size": "finite-size",
    "exact_losses": "exact",
    "fitted": "fitted λ̃",
}


def test_predictions(any_case):
    scatter = any_case.draw("prediction").axes[0]
    regression, transition = any_case.regression, any_case.transition
    assert set(PREDICTORS) == set(regression.predictor.values)
    for predictor, words in PREDICTORS.items():
        row = regression.sel(predictor=predictor)
        artist = labelled(scatter, words)
        np.testing.assert_array_equal(data(artist), [row.predicted_fraction, transition.m50_pooled])
        known = np.isfinite(row.predicted_fraction.values + transition.m50_pooled.values)
        for direction, name, table in ((0, "predicted_fraction", row), (1, "m50_pooled", transition)):
            # No bar where one seed says nothing of the spread.
            value = table[name].values
            ends = np.stack([table[f"{name}_low"].values, table[f"{name}_high"].values])
            expected = np.where(np.isfinite(ends), ends, value)[:, known]
            if known.any():
                np.testing.assert_allclose(np.array(bars(artist, direction))[:, known], expected, rtol=1e-12)


def test_errors_of_predictions(any_case):
    errors = any_case.draw("prediction").axes[1]
    assert len(errors.containers) == 2
    by_predictor = any_case.regression.squared_error
    names = [label.get_text().replace(" ", "_") for label in errors.get_yticklabels()]
    assert names == by_predictor.predictor.values.tolist()
    for container, fold in zip(errors.containers, ("train", "holdout"), strict=True):
        widths = [bar.get_width() for bar in container]
        np.testing.assert_array_equal(widths, by_predictor.sel(fold=fold))
        assert [round(bar.get_y() + bar.get_height() / 2) for bar in container] == list(range(len(names)))


def test_title_says_what_is_shown(any_case):
    for figure in ("losses", "transition", "mechanism", "seeds", "sensitivity"):
        for setting, table in zip(any_case.settings, any_case.spec.settings, strict=True):
            title = any_case.draw(figure, setting).get_suptitle()
            seeds = len(any_case.spec.seeds)
            for word in (f"N = {N}", f"d = {D}", f"{seeds} seed{'s' if seeds > 1 else ''}"):
                assert word in title
            assert (f"σ*² = {table.variance:g}" in title) == (table.variance != 1)


def test_axes_are_named(any_case):
    for figure in ("losses", "transition", "mechanism", "seeds", "prediction", "regression", "refutation"):
        for axes in any_case.draw(figure).axes:
            assert axes.get_xlabel()
        assert any_case.draw(figure).axes[0].get_ylabel()


def test_cases_are_what_they_are_called():
    assert np.isfinite(case("three seeds").transition.m50_pooled).all()
    for name in ("never memorizing", "one seed, never memorizing"):
        assert np.isnan(case(name).transition.m50_pooled).all()
    inside = case("ends inside the transition").transition
    assert np.isfinite(inside.m50_pooled).all()
    assert np.isnan(inside.m90_pooled).all()
    assert isinstance(inside, xr.Dataset)


def test_protocols(any_case):
    """Each setting's differences stand beside its protocol, cheapest first, with intervals; so does the cost."""
    m50, variance, cost = any_case.draw("protocols").axes
    table = any_case.comparison
    assert [label.get_text() for label in m50.get_yticklabels()] == ["quick", "slow"]
    for name in table.setting.values:
        row = table.sel(setting=name, protocol=["quick", "slow"])
        for axes, variable, scale in (
            (m50, "m50", lambda x: x),
            (variance, "log_variance", lambda x: 100 * np.expm1(x)),
        ):
            drawn = labelled(axes, f"{name},")
            np.testing.assert_allclose(data(drawn)[0], scale(row[f"{variable}_mean"].values), rtol=1e-9, atol=1e-12)
            if np.isfinite(row[f"{variable}_low"]).all():
                ends = scale(row[f"{variable}_low"].values), scale(row[f"{variable}_high"].values)
                np.testing.assert_allclose(bars(drawn, 0), ends, rtol=1e-9, atol=1e-12)
    assert [bar.get_width() for bar in cost.patches] == [10, 100]


def test_seeds(any_case):
    """Each seed has its own line of ratios and losses, and its M50 with the error of counting."""
    evaluations, setting = any_case.evaluations[any_case.settings[0]], any_case.settings[0]
    ratio, loss, place = any_case.draw("seeds").axes
    table = any_case.transition.sel(setting=setting)
    for i, (seed, evaluation) in enumerate(zip(any_case.spec.seeds, evaluations, strict=True)):
        x = evaluation.model_size / N
        np.testing.assert_allclose(data(labelled(ratio, f"seed {seed}")), [x, evaluation.memorization_ratio])
        trained = evaluation.loss.sel(split="train", denoiser="trained", time=0.36)
        np.testing.assert_allclose(data(loss.lines[i]), [x, trained], rtol=1e-12)
        row = table.sel(seed=seed)
        np.testing.assert_array_equal(data(place.containers[i]), [[row.m50], [i]])
        if np.isfinite([row.m50_low, row.m50_high]).all():
            np.testing.assert_allclose(np.ravel(bars(place.containers[i], 0)), [row.m50_low, row.m50_high], rtol=1e-12)
    assert [label.get_text() for label in place.get_yticklabels()] == [str(seed) for seed in any_case.spec.seeds]


def test_sensitivity(any_case):
    """One row a way; means over seeds with their intervals, single counts with 1.96 standard deviations."""
    (axes,) = any_case.draw("sensitivity").axes
    measured = any_case.sensitivity[any_case.settings[0]]
    drawn = {
        label.get_text(): container for label, container in zip(axes.get_yticklabels(), axes.containers, strict=True)
    }
    # Variant, threshold.
    ways = {
        "DDIM, 26 times down to 0.001, threshold 1/3": (0, 0),
        "threshold 1/5": (0, 1),
        "threshold 1/2": (0, 2),
        "DDIM, 101 times": (1, 0),
        "DDPM, 26 times": (2, 0),
        "DDPM, 101 times": (3, 0),
        "down to 0.1": (4, 0),
    }
    for name, (variant, threshold) in ways.items():
        mean, low, high = interval([dataset.m50.values[variant, threshold] for dataset in measured])
        np.testing.assert_allclose(data(drawn[name])[0], [mean], rtol=1e-12)
        if np.isfinite([low, high]).all():
            np.testing.assert_allclose(np.ravel(bars(drawn[name], 0)), [low, high], rtol=1e-9)
    for rule, words in (("fitted", "fitted curve"), ("first", "first M with one half")):
        for points in (50, GENERATED):
            cells = [dataset.sel(rule=rule, points=points) for dataset in measured]
            mean = np.mean([cell.counting_mean for cell in cells])
            artist = drawn[f"{words}, {points} points"]
            np.testing.assert_allclose(data(artist)[0], [mean], rtol=1e-12)
            if np.isfinite(mean):
                half = 1.96 * np.sqrt(np.mean([cell.counting_variance for cell in cells]))
                np.testing.assert_allclose(np.ravel(bars(artist, 0)), [mean - half, mean + half], rtol=1e-9)
    assert len(drawn) == len(ways) + 4


def test_regression(any_case):
    """The fitted weights with mean one, and measured against predicted fractions of both folds."""
    weights, fractions = any_case.draw("regression").axes
    table = any_case.regression
    fitted = labelled(weights, "fitted here")
    np.testing.assert_allclose(data(fitted), [TIMES, table.lambda_tilde / table.lambda_tilde.mean()], rtol=1e-12)
    # The paper's weights belong to its own times, of which there are 26.
    assert not any("paper" in str(line.get_label()) for line in weights.lines)
    row = table.sel(predictor="fitted")
    for fold, name in ((0, "settings fitted"), (1, "settings held out")):
        chosen = table.holdout.values == fold
        expected = [row.predicted_fraction.values[chosen], any_case.transition.m50_pooled.values[chosen]]
        np.testing.assert_array_equal(data(labelled(fractions, name)), expected)
    constant = table.predicted_fraction.sel(predictor="constant").values[0]
    np.testing.assert_array_equal(data(labelled(fractions, "constant"))[1], [constant, constant])


def test_regression_on_the_times_of_the_paper():
    """There its weights are drawn beside ours."""
    made = case("three seeds")
    times = 0.999 - 0.998 * np.arange(26) / 25
    table = made.regression.isel(time=np.zeros(26, int)).assign_coords(time=times)
    inputs = {"transition": [made.transition], "regression": [table]}
    drawn = importlib.import_module("edgemem.figures.regression").draw(
        RegressionFigure(figure="regression"), None, inputs
    )
    np.testing.assert_allclose(data(labelled(drawn.axes[0], "paper")), [times, np.array(WEIGHTS) / np.mean(WEIGHTS)])
    plt.close(drawn)


def test_refutation(any_case):
    """One panel a predictor; each setting's point with the intervals of both fractions."""
    panels = any_case.draw("refutation").axes
    table, transition = any_case.regression, any_case.transition
    for axes, predictor in zip(panels, ("c2", "finite_size", "exact_losses", "fitted"), strict=True):
        for i, setting in enumerate(any_case.spec.settings):
            artist = labelled(axes, f"σ*² = {setting.variance:g},")
            cell = table.sel(predictor=predictor).isel(setting=i)
            measured = transition.isel(setting=i)
            np.testing.assert_array_equal(data(artist), [[cell.predicted_fraction], [measured.m50_pooled]])
            if np.isfinite([measured.m50_pooled, measured.m50_pooled_low, cell.predicted_fraction]).all():
                ends = [measured.m50_pooled_low, measured.m50_pooled_high]
                np.testing.assert_allclose(np.ravel(bars(artist)), ends, rtol=1e-12)
        row = table.sel(predictor=predictor)
        assert ("p = " in axes.get_title()) == bool(np.isfinite(row.p_value))
        assert ("slope" in axes.get_title()) == bool(np.isfinite(row.slope))
