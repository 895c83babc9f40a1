"""The data drawn are the data computed, found by their labels."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from scipy import stats

from edgemem import pieces
from edgemem.analysis.published import WEIGHTS
from edgemem.config.regress import PREDICTORS
from edgemem.figures.style import mean_with_band, mean_with_interval, new_figure

from .conftest import (
    COMMON,
    GENERATED,
    MODELS,
    TIMES,
    D,
    N,
    bars,
    case,
    data,
    interval,
    labelled,
    last,
    log_interval,
)


def test_losses_over_psi(any_case):
    for pair in any_case.pairs:
        left = any_case.draw("losses", pair).axes[0]
        evaluations = any_case.evaluations[pair]
        psi = (1 - TIMES**2) / TIMES**2
        train = [e.reference_loss.sel(split="train") for e in evaluations]
        mean, low, high = log_interval([t.sel(reference="generalizing") - t.sel(reference="memorizing") for t in train])
        measured = labelled(left, "generalizing", "measured")
        np.testing.assert_allclose(data(measured), [psi, mean], rtol=1e-12)
        np.testing.assert_allclose(bars(measured), [low, high], rtol=1e-9)

        variance = evaluations[0].true_variance.item()
        theory = D * variance / (1 + psi * variance)
        np.testing.assert_allclose(data(labelled(left, "1 + ψ")), [psi, theory], rtol=1e-12)


@pytest.mark.parametrize(("time", "nearest"), [(0.36, 0.36), (0.9, 0.999), (0.06, 0.1), (0.01, 0.001)])
def test_losses_over_model_size(any_case, time: float, nearest: float):
    for pair in any_case.pairs:
        right = any_case.draw("losses", pair, time=time).axes[1]
        evaluations = any_case.evaluations[pair]
        at = [e.sel(split="train", time=nearest) for e in evaluations]
        memorizing = [e.reference_loss.sel(reference="memorizing").values for e in at]
        partial = [e.partially_memorizing_loss - m for e, m in zip(at, memorizing, strict=True)]
        mean = interval(partial)[0]
        measured = labelled(right, "partially memorizing", "measured")
        np.testing.assert_allclose(data(measured), [np.arange(1, N + 1) / N, mean], rtol=1e-12, atol=1e-15)

        variance = evaluations[0].true_variance.item()
        table = any_case.regression.sel(setting=pair[0])
        fraction = table.fraction.values
        for words, constant in (("C = 1", 1), ("C = 2", 2), ("C(M)", table.finite_size_constant.values)):
            drawn_curve = data(labelled(right, "d σ*²", words))
            np.testing.assert_allclose(drawn_curve, [fraction, constant * (1 - fraction) * D * variance], atol=1e-12)

        excess = [
            e.reference_loss.sel(reference="generalizing").values - m for e, m in zip(at, memorizing, strict=True)
        ]
        level = interval(excess)
        y = data(labelled(right, "generalizing", "measured"))[1]
        np.testing.assert_allclose(y, np.full(2, level[0]), rtol=1e-12)


def test_memorization_ratio(any_case):
    for pair in any_case.pairs:
        ratio = any_case.draw("transition", pair).axes[0]
        evaluations = last(any_case.evaluations[pair])
        assert len(ratio.containers) == len(evaluations)
        for container, evaluation in zip(ratio.containers, evaluations, strict=True):
            p = evaluation.memorized_count.values / GENERATED
            fraction = evaluation.model_size * MODELS[pair[1]].unit
            np.testing.assert_allclose(data(container), [fraction, p], rtol=1e-12)
            counts = evaluation.memorized_count.values
            wilson = [stats.binomtest(int(k), GENERATED).proportion_ci(method="wilson") for k in counts]
            expected = [[w.low for w in wilson], [w.high for w in wilson]]
            np.testing.assert_allclose(bars(container), expected, atol=1e-9)
        table = any_case.row(any_case.transition, pair)
        np.testing.assert_array_equal(data(labelled(ratio, "mean over seeds")), [table.fraction, table.ratio_curve])
        null = np.mean([e.null_memorization_ratio.item() for e in evaluations])
        np.testing.assert_allclose(data(labelled(ratio, "fresh"))[1], [null, null], rtol=1e-12)


@pytest.mark.parametrize(("panel", "split"), [(1, "train"), (2, "test")])
@pytest.mark.parametrize(("time", "nearest"), [(0.36, 0.36), (0.06, 0.1)])
def test_losses_over_the_transition(any_case, panel: int, split: str, time: float, nearest: float):
    for pair in any_case.pairs:
        model = MODELS[pair[1]]
        axes = any_case.draw("transition", pair, time=time).axes[panel]
        at = [e.sel(split=split, time=nearest) for e in last(any_case.evaluations[pair])]
        shared = sorted(set.intersection(*(set(e.model_size.values.tolist()) for e in at)))
        assert set(shared) >= set(model.sizes)
        fraction = np.array(shared) * model.unit
        expected = {"trained": [e.loss.sel(model_size=shared) for e in at]}
        # On the training samples the memorizing loss is zero but for rounding.
        for reference in ("generalizing", "memorizing") if split == "test" else ("generalizing",):
            values = [e.reference_loss.sel(reference=reference).item() for e in at]
            expected[reference] = [np.full(len(shared), value) for value in values]
        assert {container.get_label() for container in axes.containers} == set(expected)
        for name, values in expected.items():
            mean, low, high = log_interval(values)
            (artist,) = [container for container in axes.containers if container.get_label() == name]
            np.testing.assert_allclose(data(artist), [fraction, mean], rtol=1e-12)
            np.testing.assert_allclose(bars(artist), [low, high], rtol=1e-9)
        if model.unit == 1 / N:
            check_partially_memorizing(axes, split, [e.partially_memorizing_loss for e in at])
        # The models of each seed, also those of sizes that the seeds do not share.
        points = np.concatenate([np.transpose(data(line)) for line in axes.lines if len(line.get_xdata()) > 2])
        for e in at:
            own = np.stack([e.model_size * model.unit, e.loss], axis=1)
            assert all(np.isclose(points, row, rtol=1e-12).all(axis=1).any() for row in own)


def check_partially_memorizing(axes: Axes, split: str, losses: list[xr.DataArray]) -> None:
    """Check the curve at every size, with as many samples as a model has components.

    That of all training samples is zero: the curve ends before it, and a triangle on the axis tells of the rest.
    """
    shown = N - 1 if split == "train" else N
    curve = labelled(axes, "partially memorizing")
    mean, low, high = log_interval([loss.sel(subset_size=range(1, shown + 1)) for loss in losses])
    np.testing.assert_allclose(data(curve), [np.arange(1, shown + 1) / N, mean], rtol=1e-12)
    bottom, top = axes.get_ylim()
    assert axes.get_yscale() == "log" and bottom < mean.min() and mean.max() < top
    (band,) = [band for band in axes.collections if band.get_label() == "partially memorizing"]
    for x, least, most in zip(data(curve)[0], low, high, strict=True) if len(losses) > 1 else ():
        corners = band.get_paths()[0].vertices
        across = corners[np.isclose(corners[:, 0], x), 1]
        np.testing.assert_allclose([across.min(), across.max()], [least, most], rtol=1e-9)
    marks = [line for line in axes.lines if "zero at M = N" in str(line.get_label())]
    assert [data(mark)[0].tolist() for mark in marks] == ([[1]] if split == "train" else [])


@pytest.mark.parametrize(
    ("panel", "quantity", "words"),
    [
        (0, "learned_variance", "learned"),
        (1, "distance_to_nearest_sample", "training sample"),
        (1, "distance_to_nearest_true_mean", "true mean"),
    ],
)
def test_mechanism(any_case, panel: int, quantity: str, words: str):
    for pair in any_case.of("mechanism"):
        figure = any_case.draw("mechanism", pair)
        evaluations = last(any_case.evaluations[pair])
        shared = sorted(set.intersection(*(set(e.model_size.values.tolist()) for e in evaluations)))
        assert set(shared) >= set(COMMON)
        mean, low, high = interval([e[quantity].sel(model_size=shared) for e in evaluations])
        artist = labelled(figure.axes[panel], words)
        np.testing.assert_allclose(data(artist), [np.array(shared) / N, mean], rtol=1e-12)
        np.testing.assert_allclose(bars(artist), [low, high], rtol=1e-9)
        variance = evaluations[0].true_variance.item()
        x, y = data(labelled(figure.axes[0], "1 − M/N"))
        np.testing.assert_allclose(y, variance * (1 - x), rtol=1e-12)


def test_fractions_are_named_and_all_in_sight():
    """Up to N components fit between 0 and 1; other sizes are called what they are, and reach as far as they do."""
    made = case("several models")
    assert {model for _, model in made.pairs} == set(MODELS)
    for figure, panels in (("transition", (0, 1, 2)), ("seeds", (0, 1)), ("mechanism", (0, 1))):
        for pair in made.of(figure):
            model = MODELS[pair[1]]
            for axes in np.array(made.draw(figure, pair).axes)[list(panels)]:
                assert axes.get_xlabel() == model.fraction
                np.testing.assert_allclose(axes.get_xlim(), [0, 1.02 * max(1, model.unit * model.sizes[-1])])
    network = made.pairs[-1]
    assert max(made.draw("transition", network).axes[0].get_xlim()) > 5
    for pair, half in ((made.pairs[0], "M₅₀ / N"), (network, "P₅₀ / (N d)")):
        assert made.draw("seeds", pair).axes[2].get_xlabel().startswith(f"{half}, ")
        assert made.draw("sensitivity", pair).axes[0].get_xlabel() == half
        (note,) = made.draw("transition", pair).axes[0].texts
        value = made.row(made.transition, pair).m50_pooled.item()
        assert note.get_text() == f"{half.split(' / ')[0]} = {value:.3f} {half.split(' / ')[1]}"


def test_models_of_one_setting_are_told_apart():
    """Two models on the same data have each their own curves."""
    made = case("several models")
    first, second = made.pairs[:2]
    assert first[0] == second[0] and first[1] != second[1]
    for figure, panel, words in (
        ("transition", 0, "mean over seeds"),
        ("transition", 1, "trained"),
        ("mechanism", 0, "learned"),
        ("mechanism", 1, "training sample"),
        ("seeds", 0, "seed 1"),
    ):
        curves = [data(labelled(made.draw(figure, pair).axes[panel], words))[1] for pair in (first, second)]
        known = np.isfinite(curves).all(axis=0)
        assert np.abs(np.diff(curves, axis=0))[:, known].max() > 0.01
    points = [made.draw("sensitivity", pair).axes[0].containers[0].lines[0].get_xdata() for pair in (first, second)]
    assert abs(points[0] - points[1]) > 0.05


def test_predictions(any_case):
    """One row a predictor: what was measured minus what it says of settings whose sigma*^2 no fit has seen."""
    rows = any_case.draw("prediction").axes[0]
    assert rows.get_xscale() == "linear"
    regression, transition = any_case.regression, any_case.transition
    said = [
        name
        for name in regression.predictor.values
        if regression.predicted_fraction.sel(predictor=name).notnull().any()
    ]
    assert [label.get_text() for label in rows.get_yticklabels()] == [PREDICTORS[name] for name in said]
    for place, predictor in enumerate(said):
        row = regression.sel(predictor=predictor)
        artist = labelled(rows, PREDICTORS[predictor])
        expected = any_case.column(transition.m50_pooled) - any_case.column(row.predicted_unseen)
        x, y = data(artist)
        np.testing.assert_array_equal(x, expected)
        np.testing.assert_array_equal(y.round(), np.full(len(y), place))
        known = np.isfinite(expected)
        half = np.zeros(len(expected))
        for name, table in (("predicted_fraction", row), ("m50_pooled", transition)):
            # No bar where one seed says nothing of the spread.
            width = any_case.column(table[f"{name}_high"]) - any_case.column(table[f"{name}_low"])
            half = np.hypot(half, np.nan_to_num(width) / 2)
        if known.any():
            ends = np.array([expected - half, expected + half])[:, known]
            np.testing.assert_allclose(np.array(bars(artist, 0))[:, known], ends, rtol=1e-9, atol=1e-12)


def test_errors_of_predictions(any_case):
    """Mean squared errors stand in the row of their predictor, and the legend says of how many settings they are."""
    errors = any_case.draw("prediction").axes[1]
    table = any_case.regression
    for fold, words in (("train", "settings fitted"), ("holdout", "settings held out")):
        artist = labelled(errors, words)
        x, y = data(artist)
        said = table.predicted_fraction.notnull().any(["setting", "model"])
        np.testing.assert_array_equal(x, table.squared_error.sel(fold=fold, predictor=said))
        np.testing.assert_array_equal(y.round(), np.arange(len(x)))
        assert artist.get_label() == f"{words}: {int(table['count'].sel(fold=fold).max())}"
        # Of a curve through every setting there is no error, which no logarithmic axis shows.
        exact = np.flatnonzero(x <= 1e-8)
        marks = [line for line in errors.lines if line.get_marker() == "<" and (data(line)[1] - y[exact] == 0).all()]
        assert len(marks) == (len(exact) > 0)


def test_bars_on_logarithmic_axes_stay_above_zero():
    """There means and intervals are of the logarithms; where a seed has none, there is no point."""
    values = np.array([[0.1, 1.0, 2.0], [10.0, 1.0, 0.0], [30.0, 1.0, 2.0]])
    _, (plain, logarithmic) = new_figure(2)
    logarithmic.set_yscale("log")
    for axes, expected in ((plain, interval(values)), (logarithmic, log_interval(values))):
        drawn = mean_with_interval(axes, np.arange(3), values, color="black")
        mean, low, high = expected
        np.testing.assert_allclose(data(drawn), [np.arange(3), mean], rtol=1e-12)
        known = np.isfinite(mean)
        np.testing.assert_allclose(np.array(bars(drawn))[:, known], np.array([low, high])[:, known], rtol=1e-9)
        mean_with_band(axes, np.arange(3), values, color="black", label="band")
        np.testing.assert_allclose(data(axes.lines[-1])[1], mean, rtol=1e-12)
        low_end = axes.collections[-1].get_paths()[0].vertices[:, 1].min()
        np.testing.assert_allclose(low_end, np.nanmin(low), rtol=1e-9)
    assert interval(values)[1].min() < 0 < bars(logarithmic.containers[0])[0][0]


def test_dots_of_single_models_are_in_the_legend():
    for figure in ("transition", "mechanism"):
        drawn = case("three seeds").draw(figure)
        told = {text.get_text() for text in drawn.legends[0].get_texts()}
        dots = [line for axes in drawn.axes for line in axes.lines if line.get_marker() == "."]
        assert dots and {str(line.get_label()) for line in dots} <= told


def test_losses_are_defined():
    """An axis of a loss says what it is and at which time, and the caption how it is summed and averaged."""
    for figure, panels in (("losses", (1,)), ("transition", (1, 2)), ("seeds", (1,))):
        for panel in panels:
            label = case("three seeds").draw(figure).axes[panel].get_ylabel()
            assert "loss ‖x̂ − x‖²" in label and "t = 0.36 (ψ = 6.72)" in label
        text = pieces.figure_module(figure).CAPTION.text
        assert all(words in text for words in ("squared error of the denoised sample", "summed", "averaged"))


@pytest.mark.parametrize("figure", ["transition", "mechanism", "seeds"])
def test_models_left_out_are_crossed_out(figure: str):
    """A model that has not converged has a cross in every panel that shows it, and no other has one."""
    made = case("three seeds")
    pair = made.pairs[0]
    changed = [evaluation.copy() for evaluation in made.evaluations[pair]]
    changed[1]["converged"] = changed[1].converged.where(changed[1].model_size != 8, 0)
    spec = made.plot_spec(figure, pair)
    drawn = pieces.figure_module(figure).draw(spec.figure, spec.subject, made.inputs(pair) | {"evaluations": changed})
    panels = {"transition": 3, "mechanism": 2, "seeds": 2}[figure]
    for axes in drawn.axes[:panels]:
        crosses = [data(line) for line in axes.lines if "in no fit" in str(line.get_label())]
        points = np.concatenate([np.transpose(line.get_data()) for line in axes.lines if len(line.get_xdata()) > 2])
        assert crosses
        for x, y in crosses:
            np.testing.assert_allclose(x, [8 / N])
            assert np.isclose(points, [x[0], y[0]]).all(axis=1).any()
    assert "in no fit" in {text.get_text().split(", ")[-1] for text in drawn.legends[0].get_texts()}
    for axes in made.draw(figure, pair).axes:
        assert not any("in no fit" in str(line.get_label()) for line in axes.lines)


def test_title_says_what_is_shown(any_case):
    for figure in ("losses", "transition", "mechanism", "seeds", "copies", "sensitivity", "barrier", "agreement"):
        for pair in any_case.of(figure):
            title = any_case.draw(figure, pair).get_suptitle()
            seeds = len(any_case.spec.seeds)
            for word in (f"N = {N}", f"d = {D}", f"{seeds} seed{'s' if seeds > 1 else ''}"):
                assert word in title
            variance = any_case.evaluations[pair][0].true_variance.item()
            assert (f"σ*² = {variance:g}" in title) == (variance != 1)


def test_axes_are_named(any_case):
    """Each axis says what it is; one whose places have names, as predictors do, needs no other."""
    for figure in ("losses", "transition", "mechanism", "seeds", "copies", "prediction", "regression", "refutation"):
        for axes in any_case.draw(figure).axes:
            assert axes.get_xlabel()
        first = any_case.draw(figure).axes[0]
        assert first.get_ylabel() or any(label.get_text().strip("−.0123456789") for label in first.get_yticklabels())


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
        row = table.sel(setting=name, model=["quick", "slow"])
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
    """Each seed has its own line of ratios and losses, and its M50 with the binomial error."""
    for pair in any_case.pairs:
        ratio, loss, point = any_case.draw("seeds", pair).axes
        table = any_case.row(any_case.transition, pair)
        for i, (seed, e) in enumerate(zip(any_case.spec.seeds, last(any_case.evaluations[pair]), strict=True)):
            x = e.model_size * MODELS[pair[1]].unit
            np.testing.assert_allclose(data(labelled(ratio, f"seed {seed}")), [x, e.memorization_ratio])
            np.testing.assert_allclose(data(loss.lines[i]), [x, e.loss.sel(split="train", time=0.36)], rtol=1e-12)
            row = table.sel(seed=seed)
            np.testing.assert_array_equal(data(point.containers[i]), [[row.m50], [i]])
            if np.isfinite([row.m50_low, row.m50_high]).all():
                ends = np.ravel(bars(point.containers[i], 0))
                np.testing.assert_allclose(ends, [row.m50_low, row.m50_high], rtol=1e-12)
        assert [label.get_text() for label in point.get_yticklabels()] == [str(seed) for seed in any_case.spec.seeds]


def test_barrier(any_case):
    """Loss and ratio along both paths, one row a size, with the higher end; the barriers stand above."""
    for pair in any_case.pairs:
        measured = any_case.barriers[pair]
        axes = np.reshape(any_case.draw("barrier", pair).axes, (2, 2))
        for (loss, ratio), size in zip(axes, measured[0].model_size.values, strict=True):
            of_size = [dataset.sel(model_size=size) for dataset in measured]
            for path, label in (("line", "straight line"), ("curve", "trained curve")):
                of_path = [dataset.sel(path=path) for dataset in of_size]
                for panel, values in (
                    (loss, [dataset.loss for dataset in of_path]),
                    (ratio, [dataset.memorized_count / GENERATED for dataset in of_path]),
                ):
                    (curve,) = (line for line in panel.lines if line.get_label() == label)
                    np.testing.assert_allclose(data(curve), [of_path[0].place, interval(values)[0]], rtol=1e-12)
                height = np.mean([dataset.barrier for dataset in of_path])
                assert f"{height:.3g}" in loss.get_title()
            higher = data(labelled(loss, "higher end"))[1]
            np.testing.assert_allclose(higher, np.mean([dataset.higher_end_loss for dataset in of_size]))
            assert "from " + pair[1] in loss.get_xlabel()
            assert "to end" in loss.get_xlabel()


def test_agreement(any_case):
    """A curve a size over the steps, in both panels, beside what two memorizing denoisers agree by."""
    for pair in any_case.pairs:
        measured = any_case.agreements[pair]
        left, right = any_case.draw("agreement", pair).axes
        shared = sorted(set.intersection(*(set(one.model_size.values.tolist()) for one in measured)))
        assert len(left.containers) == len(right.containers) == len(shared) >= 4
        for i, size in enumerate(shared):
            of_size = [one.sel(model_size=size) for one in measured]
            fraction = f"{size * MODELS[pair[1]].unit:.3g}"
            ratios = [one.memorized_count.sum("part") / (2 * GENERATED) for one in of_size]
            for axes, values in ((left, [one.agreement for one in of_size]), (right, ratios)):
                mean, low, high = interval(values)
                assert fraction in axes.containers[i].get_label().split()
                np.testing.assert_allclose(data(axes.containers[i]), [[10, 1000], mean], rtol=1e-12, atol=1e-15)
                np.testing.assert_allclose(bars(axes.containers[i]), [low, high], rtol=1e-9, atol=1e-12)
        floor = np.mean([one.memorizing_agreement for one in measured])
        np.testing.assert_allclose(data(labelled(left, "two memorizing"))[1], [floor, floor])
        assert left.get_xscale() == right.get_xscale() == "log"


def test_agreement_of_one_step_is_drawn_over_the_size():
    made = case("three seeds")
    pair = made.pairs[0]
    measured = [one.isel(step=[-1]) for one in made.agreements[pair]]
    spec = made.plot_spec("agreement", pair)
    figure = pieces.figure_module("agreement").draw(spec.figure, spec.subject, {"agreements": measured})
    of_common = [one.isel(step=0).sel(model_size=COMMON) for one in measured]
    ratios = [one.memorized_count.mean("part") / GENERATED for one in of_common]
    for axes, values in zip(figure.axes, ([one.agreement for one in of_common], ratios), strict=True):
        np.testing.assert_allclose(
            data(labelled(axes, "trained")), [np.array(COMMON) / N, interval(values)[0]], rtol=1e-12
        )
        assert axes.get_xlabel() == "model size M / N"


def test_sensitivity(any_case):
    """One row a way; means over seeds with their intervals, single counts with 1.96 standard deviations."""
    for pair in any_case.pairs:
        (axes,) = any_case.draw("sensitivity", pair).axes
        measured = any_case.sensitivity[pair]
        drawn = {
            label.get_text(): container
            for label, container in zip(axes.get_yticklabels(), axes.containers, strict=True)
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
        for criterion, words in (("fitted", "fitted curve"), ("first", "first M with one half")):
            for points in (50, GENERATED):
                cells = [dataset.sel(criterion=criterion, points=points) for dataset in measured]
                mean = np.mean([cell.binomial_mean for cell in cells])
                artist = drawn[f"{words}, {points} points"]
                np.testing.assert_allclose(data(artist)[0], [mean], rtol=1e-12)
                if np.isfinite(mean):
                    half = 1.96 * np.sqrt(np.mean([cell.binomial_variance for cell in cells]))
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
    holdout = np.array([table.holdout.sel(setting=setting).item() for setting, _ in any_case.pairs])
    assert set(holdout) == {0, 1}
    for fold, name in ((0, "settings fitted"), (1, "settings held out")):
        predicted, measured = any_case.column(row.predicted_fraction), any_case.column(any_case.transition.m50_pooled)
        expected = [predicted[holdout == fold], measured[holdout == fold]]
        np.testing.assert_array_equal(data(labelled(fractions, name)), expected)
    constant = any_case.column(table.predicted_fraction.sel(predictor="constant"))[0]
    np.testing.assert_array_equal(data(labelled(fractions, "constant"))[1], [constant, constant])


def test_regression_on_the_times_of_the_paper():
    """There its weights are drawn beside ours."""
    made = case("three seeds")
    times = 0.999 - 0.998 * np.arange(26) / 25
    table = made.regression.isel(time=np.zeros(26, int)).assign_coords(time=times)
    inputs = {"transition": [made.transition], "regression": [table]}
    spec = made.plot_spec("regression", None)
    drawn = pieces.figure_module("regression").draw(spec.figure, spec.subject, inputs)
    np.testing.assert_allclose(data(labelled(drawn.axes[0], "paper")), [times, np.array(WEIGHTS) / np.mean(WEIGHTS)])


def test_refutation(any_case):
    """One panel a predictor; the points of each setting's models with the intervals of both fractions."""
    panels = any_case.draw("refutation").axes
    table, transition = any_case.regression, any_case.transition
    for axes, predictor in zip(panels, ("c2", "finite_size", "exact_losses", "fitted"), strict=True):
        row = table.sel(predictor=predictor)
        predicted, measured = any_case.column(row.predicted_unseen), any_case.column(transition.m50_pooled)
        ends = np.array([any_case.column(transition[f"m50_pooled_{end}"]) for end in ("low", "high")])
        for setting in any_case.spec.settings:
            artist = labelled(axes, f"σ*² = {setting.variance:g},")
            own = np.array([name == setting.name for name, _ in any_case.pairs])
            np.testing.assert_array_equal(data(artist), [predicted[own], measured[own]])
            known = np.isfinite(predicted[own] + measured[own] + ends[0, own])
            if known.any():
                found = np.array(bars(artist))[:, known]
                np.testing.assert_allclose(found, ends[:, own][:, known], rtol=1e-12)
        assert ("p = " in axes.get_title()) == bool(np.isfinite(row.p_value))
        assert ("slope" in axes.get_title()) == bool(np.isfinite(row.slope))
