"""Figures of training times draw what the table has of courses: ratios, losses, and what makes them one curve."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import QuadMesh

from edgemem.analysis.time_scaling import times_metrics
from edgemem.config.base import KeyProblem
from edgemem.config.study import Study
from edgemem.figures.course import CourseFigure
from edgemem.figures.courses import models_with_courses
from edgemem.figures.drawn_values import drawn_values
from edgemem.figures.phase import PhaseFigure
from edgemem.figures.plane import PlaneFigure
from edgemem.figures.planes import draw_ratios
from edgemem.figures.style import new_figure

from .conftest import COMMON, D, N, case, data, interval, labelled, log_interval


STEPS = [10, 1000]
MADE = "several models"


def of_seeds(name: str, pair: tuple[str, str], size: int) -> list[np.ndarray]:
    """Return a course of each seed from the evaluations themselves."""
    found = []
    for e in case(MADE).evaluations[pair]:
        own = e.sel(model_size=size)
        if name == "ratio":
            found.append(own.memorization_ratio.values)
        else:
            found.append(own.loss.sel(split=name, time=0.36).values)
    return found


def test_courses_by_setting_and_by_size():
    """Mixtures on two settings that differ in more than N have the names of these; the largest shared size is shown."""
    made = case(MADE)
    by_setting, by_size, losses, losses_by_size = made.draw("course").axes
    names = [setting.name for setting in made.spec.settings]
    lines = [(by_setting, losses, name, (name, "mixture"), COMMON[-1]) for name in names]
    lines += [(by_size, losses_by_size, f"size {size}", (names[0], "mixture"), size) for size in COMMON]
    for ratio, loss, label, pair, size in lines:
        (drawn,) = (line for line in ratio.lines if line.get_label() == label)
        np.testing.assert_allclose(data(drawn), [STEPS, interval(of_seeds("ratio", pair, size))[0]])
        (train,) = (line for line in loss.lines if line.get_label() == label)
        np.testing.assert_allclose(data(train), [STEPS, log_interval(of_seeds("train", pair, size))[0]])
        test = labelled(loss, f"{label}, test")
        np.testing.assert_allclose(data(test), [STEPS, log_interval(of_seeds("test", pair, size))[0]])


def test_what_a_course_is_of_can_be_chosen():
    made = case(MADE)
    second = made.spec.settings[1].name
    by_setting, by_size, *_ = made.draw("course", model="network", size=16, setting=second).axes
    assert (by_setting.get_title(), by_size.get_title()) == ("size 16", second)
    (drawn,) = (line for line in by_setting.lines if line.get_label() == f"N = {N}")
    np.testing.assert_allclose(data(drawn)[1], interval(of_seeds("ratio", (second, "network"), 16))[0])


@pytest.mark.parametrize("model", ["mixture", "network"])
def test_collapse_has_all_runs_on_three_axes(model: str):
    made = case(MADE)
    pairs = [pair for pair in made.pairs if pair[1] == model]
    panels = made.draw("collapse", model=model).axes
    for pair in pairs:
        own = made.row(made.transition, pair)
        sizes = [size for size in own.model_size.values if own.course_ratio.sel(model_size=size).notnull().all()]
        name = f"_N = {N}" if len(pairs) == 1 else f"_{pair[0]}"
        for size in sizes:
            ratio = interval(of_seeds("ratio", pair, size))[0]
            loss = log_interval(of_seeds("train", pair, size))[0]
            # Each step sees one noised point of each sample.
            for axes, x in zip(panels, (STEPS, np.array(STEPS) * size, loss), strict=True):
                (line,) = (line for line in axes.lines if line.get_label() == f"{name}, size {size}")
                np.testing.assert_allclose(data(line), [x, ratio])


def test_residuals_stand_above_the_panels():
    made = case(MADE)
    found = times_metrics(made.transition)
    residuals = [value for name, value in found.items() if name.endswith("/network/residual_on_points")]
    panel = made.draw("collapse", model="network").axes[0]
    assert [panel.get_title()] == [f"residual {value:.2g}" for value in residuals]


def cells(axes) -> np.ndarray:
    """Return what a plane is coloured by."""
    (mesh,) = (collection for collection in axes.collections if isinstance(collection, QuadMesh))
    return np.ma.filled(mesh.get_array(), np.nan)


@pytest.mark.parametrize("pair", [0, 2])
def test_plane_has_ratios_on_common_axes(pair: int):
    made = case(MADE)
    of = made.pairs[pair]
    (axes,) = made.draw("plane", of).axes
    table = made.row(made.transition, of)
    sizes = [size for size in table.model_size.values if table.course_ratio.sel(model_size=size).notnull().all()]
    expected = np.array([interval(of_seeds("ratio", of, size))[0] for size in sizes]).T
    np.testing.assert_allclose(cells(axes), expected)
    above = axes.child_axes[0]
    at = table.parameters.sel(model_size=sizes).values / (N * D)
    shown = {text.get_text(): place for place, text in zip(above.get_xticks(), above.get_xticklabels(), strict=True)}
    assert {str(sizes[0]), str(sizes[-1])} <= shown.keys()
    assert shown == {
        str(size): pytest.approx(place) for size, place in zip(sizes, at, strict=True) if str(size) in shown
    }
    for event, label in (("tau10", "reaches 0.1"), ("tau50", "reaches 0.5"), ("tau90", "reaches 0.9")):
        tau = table.tau.sel(event=event, model_size=sizes).transpose("seed", "model_size").values
        reached = (np.isfinite(tau) & (tau > 0)).all(axis=0)
        if not reached.any():
            assert label not in axes.get_legend_handles_labels()[1]
            continue
        mean = np.exp(np.log(tau[:, reached]).mean(axis=0))
        np.testing.assert_allclose(data(labelled(axes, label)), [at[reached], mean])


def test_phase_has_curves_by_number_of_samples():
    """The two settings differ in their variance: each has a panel of its own, of one row."""
    made = case(MADE)
    panels = made.draw("phase").axes
    for axes, setting in zip(panels, made.spec.settings, strict=True):
        own = made.row(made.transition, (setting.name, "mixture"))
        np.testing.assert_allclose(cells(axes), own.ratio_curve.values[None])
        np.testing.assert_allclose(data(labelled(axes, "reaches 0.5")), [[own.m50_pooled], [N]])


def test_cells_lie_around_their_places():
    """Ends are in the middle, on a logarithmic axis of the logarithms; what is unknown is left out of the table."""
    figure, (axes,) = new_figure()
    axes.set_yscale("log")
    ratio = np.array([[0.0, 0.2], [0.6, np.nan]])
    draw_ratios(axes, np.array([1.0, 3.0]), np.array([1.0, 100.0]), ratio)
    rows = [row for row in drawn_values(figure) if row["kind"] == "cells"]
    assert [row["value"] for row in rows] == [0.0, 0.2, 0.6]
    assert [row["x_low"] for row in rows] == [0, 2, 0] and [row["x_high"] for row in rows] == [2, 4, 2]
    np.testing.assert_allclose([row["y_low"] for row in rows], [0.1, 0.1, 10])
    np.testing.assert_allclose([row["y_high"] for row in rows], [10, 10, 1000])
    assert rows[0]["label"] == "memorization ratio"
    classes = [row["label"] for row in drawn_values(figure) if row["kind"] == "points"]
    assert classes == ["ratio 0 to 0.1", "ratio 0.1 to 0.5", "ratio 0.5 to 0.9", "ratio 0.9 to 1"]
    colours = axes.collections[0].to_rgba(axes.collections[0].get_array().filled(0).ravel())
    assert len({tuple(colour) for colour in colours[:3]}) == 3


MODEL = {"provides": [], "denoiser": "isotropic_mixture", "protocol_name": "p", "sizes": [1, "0.5 N"]}
PROTOCOL = {"steps": 100, "draws": 1, "peak_lr": 0.1, "final_lr": 0.1}


class Planned:
    """A campaign of models that are kept once or several times, on settings of one N or two."""

    def __init__(self, snapshots: dict[str, int | list[int]], n_samples: tuple[int, ...] = (10, 20)):
        settings = [{"family": "gaussian", "N": n, "d": 2, "K": 2} for n in n_samples]
        names = [f"gaussian_N{n}_d2_K2" for n in n_samples]
        self.study = Study.model_validate(
            {
                "campaign": "c",
                "seeds": [1],
                "settings": settings,
                "models": {
                    name: MODEL | {"protocol": PROTOCOL, "settings": names, "snapshots": kept}
                    for name, kept in snapshots.items()
                },
                "sampling": {},
                "evaluation": {},
            }
        )
        self.by_name = self.study.by_name


@pytest.mark.parametrize(
    ("options", "snapshots", "problem"),
    [
        ({}, {"a": 1, "b": [100]}, "no model is kept at several steps"),
        ({"model": "a"}, {"a": 1, "b": 5}, "a is not kept at several steps .allowed: b."),
        ({"setting": "gaussian_N30_d2_K2"}, {"b": 5}, "b is not trained on 'gaussian_N30_d2_K2'"),
        ({"size": 3}, {"b": 5}, "b has no size 3 .allowed: 1, 5, 10."),
    ],
)
def test_courses_that_are_not_there_are_refused(options: dict, snapshots: dict, problem: str):
    with pytest.raises(KeyProblem, match=problem):
        CourseFigure(figure="course", **options).check(Planned(snapshots))
    CourseFigure(figure="course", size=5, setting="gaussian_N20_d2_K2").check(Planned({"a": 1, "b": 5}))


@pytest.mark.parametrize(
    ("options", "n_samples", "problem"),
    [({}, (10,), "has N on an axis"), ({"model": "c"}, (10, 20), "the campaign has no model 'c'")],
)
def test_a_phase_diagram_needs_several_numbers_of_samples(options: dict, n_samples: tuple, problem: str):
    with pytest.raises(KeyProblem, match=problem):
        PhaseFigure(figure="phase", **options).check(Planned({"a": 1}, n_samples))
    PhaseFigure(figure="phase").check(Planned({"a": 1}))


def test_planes_are_drawn_of_models_that_are_kept_at_several_steps():
    planned = Planned({"a": 1, "b": 5})
    drawn = {c.model for c in planned.study.cases if PlaneFigure(figure="plane").is_drawn_of(c, planned.study)}
    assert drawn == {"b"}


def test_without_courses_none_are_found():
    assert models_with_courses(xr.Dataset()) == []
