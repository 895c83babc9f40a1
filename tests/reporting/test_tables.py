"""Tables show the numbers of metrics under their headings, and a dash or a word for what is unknown."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from edgemem.analysis import published
from edgemem.config.regress import PREDICTORS
from edgemem.config.report import ReportSpec
from edgemem.layout import CLAIMED
from edgemem.reporting.campaign_cases import called, groups, of_family, reported, setting_of, settings_of, studied
from edgemem.reporting.claims import cases_of, documented_claims
from edgemem.reporting.comparison import comparison_table
from edgemem.reporting.cost import Cost, cost_table
from edgemem.reporting.figure_values import CASE, comparisons, figure_table, training_differences
from edgemem.reporting.further_claims import FURTHER
from edgemem.reporting.skill import (
    agreement_table,
    error_table,
    has_predictions,
    has_transitions,
    noise_table,
    predictor_table,
    weights_text,
)
from edgemem.reporting.summary import headlines, ratio_table, transition_table, transitions

from .synthetic import GROUP, IMAGES, MIXTURES, SEEDS, Table, campaign, estimated, fraction, measured


def figures() -> Table:
    """Numbers a little off those of the paper's figures."""
    table: Table = {"campaign/seeds": float(SEEDS)}
    for name, values in (
        ("memorization_ratio", published.RATIO),
        ("trained_loss", published.TRAINED_LOSS),
        ("learned_variance", published.VARIANCE),
        ("partially_memorizing_loss", published.PARTIALLY_MEMORIZING_LOSS),
    ):
        for at, value in values.items():
            table |= measured(f"{CASE}/{name}_at_{at:g}", 0.95 * value, 0.02)
    return table | measured(f"{CASE}/generalizing_loss", published.GENERALIZING_LOSS, 0.02)


@pytest.mark.parametrize(
    ("what", "at", "paper", "digit"),
    [
        ("training loss", 0.5, 5.52, 0.01),
        ("learned variance", 0.5, 0.426, 0.001),
        ("partially", 0.5, 38.4, 0.1),
        ("memorization ratio", 0.8, 0.56, 0.0),
        ("generalizing", 1.0, 6.476, 0.001),
    ],
)
def test_numbers_of_figures_beside_ours(what: str, at: float, paper: float, digit: float):
    """With the error of one more data set, of reading the figure, and of a ratio's 50 points."""
    ours = paper if what == "generalizing" else 0.95 * paper
    error = np.sqrt(0.02**2 * (1 + 1 / SEEDS) + digit**2 / 12 + (what[:3] == "mem") * ours * (1 - ours) / 50)
    (found,) = (one for one in comparisons(figures()) if one.what.startswith(what) and one.fraction == at)
    half = stats.t.ppf(0.975, SEEDS - 1) * error
    assert (found.paper, found.standard_errors) == (paper, pytest.approx((paper - ours) / error))
    assert (found.low, found.high) == pytest.approx((ours - half, ours + half))
    assert found.inside == (abs(paper - ours) <= half)
    row = next(row for row in figure_table([found]).rows)
    assert row[1:3] == [f"{at:g}", f"{paper:g}"]
    assert row[3] == f"{ours:.3f} [{ours - 0.02:.3f}, {ours + 0.02:.3f}]"
    assert row[4:] == [
        f"[{found.low:.3f}, {found.high:.3f}]",
        f"{found.standard_errors:+.1f}",
        "yes" if found.inside else "**no**",
    ]


def test_numbers_without_any_error_do_not_differ():
    exact = figures() | measured(f"{CASE}/memorization_ratio_at_0.96", 1.0, 0.0)
    (found,) = (one for one in comparisons(exact) if one.what.startswith("mem") and one.fraction == 0.96)
    assert (found.standard_errors, found.low, found.inside) == (0.0, 1.0, True)


def test_differences_of_training_losses():
    """The paper's minus ours; those that are unknown are left out."""
    found = training_differences(figures())
    assert list(found) == list(published.TRAINED_LOSS)
    error = np.sqrt(0.02**2 * 1.1 + 0.01**2 / 12)
    assert found[0.5] == pytest.approx((0.05 * 5.52, error, SEEDS - 1))
    for change in ({f"{CASE}/trained_loss_at_0.5": None}, {f"{CASE}/trained_loss_at_0.5_seed_stddev": None}):
        assert set(found) - set(training_differences(figures() | change)) == {0.5}
    assert training_differences(figures() | {"campaign/seeds": None}) == {}


def test_cases_by_their_names():
    cases = [*MIXTURES, IMAGES, f"{MIXTURES[0].rpartition('/')[0]}/other"]
    assert setting_of("a/b/c") == "a/b"
    assert len(settings_of(cases)) == len(cases) - 1
    assert of_family(cases, "image") == [IMAGES]
    metrics = campaign() | {"components/gaussian/other/between_data_sets": 1.0, f"{GROUP}/N=50/between_data_sets": 1.0}
    assert groups(metrics, MIXTURES) == [GROUP]
    assert groups(metrics, cases) == [GROUP, "components/gaussian/other"]
    assert groups(metrics, [IMAGES]) == []
    assert called(MIXTURES[:1]) == "1 setting"
    assert called(MIXTURES[:2]) == "2 settings"
    assert called(cases) == f"{len(cases)} settings and models"
    assert studied(metrics, MIXTURES[:1]) == "1 setting of 10 data sets"
    assert studied({"campaign/seeds": 1.0}, MIXTURES[:2]) == "2 settings of 1 data set each"
    assert studied({}, MIXTURES[:2]) == "2 settings of 0 data sets each"


def test_fractions_at_which_something_is_reported():
    """In order; unknown ones, ends of intervals and other cases are not among them."""
    table: Table = {f"a/m/x_at_{at}": value for at, value in (("0.9", 1.0), ("0.5", 1.0), ("1", 1.0), ("0.7", None))}
    table |= {"a/m/x_at_0.5_low": 1.0, "a/m/x_at_1e-05": 1.0, "b/m/x_at_0.3": 1.0, "a/m/x_at_other": 1.0}
    assert reported(table, "a/m", "x") == [1e-05, 0.5, 0.9, 1.0]


def test_cases_with_components():
    """Those of which a learned variance is reported."""
    table: Table = {"a/m/m50_pooled": 0.8, "a/m/learned_variance_at_0.5": 1.0, "a/net/m50_pooled": 0.8}
    assert cases_of(table) == ["a/m"]


def test_documented_claims_name_campaigns():
    """A claim stands once, with a row for each campaign by which it is judged."""
    metrics = campaign()
    rows = documented_claims(dict.fromkeys(CLAIMED, metrics)).rows
    first, second = rows[:2]
    assert first[0].startswith("**Transition.** A transition exists")
    assert second[:3] == ["**Transition**", "", "`paper-seeds`"]
    assert first[4] == "**supported**"
    assert len(documented_claims(dict.fromkeys(CLAIMED, metrics), FURTHER).rows) > 10


def test_errors_of_predictors_by_fold():
    """Known folds first, then those of axes by name; a row of counts, the largest of all predictors."""
    table: Table = {}
    for i, fold in enumerate(("leave_one_d_out", "leave_one_N_out", "extrapolation", "holdout", "train")):
        table |= {f"predictor/constant/squared_error_{fold}": 1e-3 * (i + 1), f"predictor/fitted/count_{fold}": 5.0 + i}
        table |= {f"predictor/constant/count_{fold}": None, f"predictor/c2/count_{fold}": 2.0}
    table |= estimated("predictor/constant/bias", -0.01, 0.002) | estimated("predictor/constant/slope", 0.5, 0.1)
    table |= estimated("predictor/constant/within_slope", 0.25, 0.1) | {"predictor/constant/p_value": 0.04}
    found = predictor_table(table)
    assert found.header[1:6] == ["train", "holdout", "extrapolation", "leave one N out", "leave one d out"]
    assert found.rows[0] == ["settings in the fold", "9", "8", "7", "6", "5", "", "", "", ""]
    assert found.rows[1][1:] == [
        *("5.00e-03", "4.00e-03", "3.00e-03", "2.00e-03", "1.00e-03"),
        *("-0.0100 [-0.0140, -0.0060]", "0.50 [0.30, 0.70]", "0.25 [0.05, 0.45]", "4.0e-02"),
    ]
    # Those of which nothing is known are left out.
    assert [row[0] for row in found.rows[1:]] == [PREDICTORS[name] for name in ("constant", "c2", "fitted")]
    assert found.rows[2][1:] == ["–"] * 9
    errors, agreement = error_table(table), agreement_table(table)
    assert [row[:6] for row in found.rows] == errors.rows
    assert [row[:1] + row[6:] for row in found.rows[1:]] == agreement.rows
    assert found.header == errors.header + agreement.header[1:]


def test_where_nothing_is_predicted_all_predictors_have_a_row():
    """A table without rows says nothing; predictors that say nothing are left out beside those that do."""
    rows = agreement_table({"predictor/constant/bias": None}).rows
    assert rows == [[name, "–", "–", "–", "–"] for name in PREDICTORS.values()]


def test_variances_by_their_sources():
    """Components of every group, then counting by both criteria and numbers of points."""
    table = (
        campaign() | fraction("between_settings", 2e-5, 1e-5, 3e-5) | {"campaign/binomial_variance_first_1000": 1e-5}
    )
    table |= {"campaign/binomial_variance_fitted_1000": 2e-5}
    rows = noise_table(table).rows
    assert rows[0][:3] == ["gaussian/mixture", "9 × 10", "2.0e-05 [1.0e-05, 3.0e-05]"]
    assert rows[0][4:] == ["1.0e-06", "0.90 [0.72, 0.99]"]
    assert [row[0] for row in rows[1:]] == [
        "counting 50 generated points, the first M with a ratio of one half",
        "counting 1,000 generated points, the first M with a ratio of one half",
        "counting 50 generated points, the fitted curve",
        "counting 1,000 generated points, the fitted curve",
    ]
    assert [row[4] for row in rows[1:]] == ["1.7e-04", "1.0e-05", "–", "2.0e-05"]
    assert [row[0] for row in noise_table({}).rows] == [row[0] for row in (rows[1], rows[3])]


def test_the_search_for_weights_in_words():
    table: Table = {"regression/objective": 1e-5, "regression/objective_worst": 2e-5, "regression/starts": 75.0}
    table |= {"regression/starts_converged": 70.0, "regression/starts_at_best": 3.0}
    table |= {"regression/identified_directions": 2.0, "regression/noise_variance": 3e-5}
    text = weights_text(table)
    assert "75 starts; 70 ended by themselves, and 3 within 1 % of the best" in text
    assert "1.000e-05 (worst: 2.000e-05)" in text
    assert "tell **2** of its directions above the noise, whose variance is 3.0e-05." in text
    assert "could not be fitted" in weights_text(table | {"regression/objective": None})
    assert "could not be fitted" in weights_text(table | {"regression/objective_worst": None})
    assert "above the noise.\n" in weights_text(table | {"regression/noise_variance": None})


def test_comparisons_in_a_table():
    """One row a model and setting, the model that saw the fewest points first; logarithms as percent."""
    names = ("m50", "log_variance", "log_train_loss", "log_test_loss")
    data = {}
    for i, name in enumerate(names):
        for end, shift in (("mean", 0.0), ("low", -0.01), ("high", 0.01)):
            values = np.array([[0.1 * (i + 1), -0.1 * (i + 1)], [np.nan, 0.0]]) + shift
            data[f"{name}_{end}"] = (("model", "setting"), values)
    data |= {
        "equivalent": (("model", "setting"), [[1, 0], [0, 1]]),
        "points": (("model", "setting"), [[20_000, 10_000], [300, 150]]),
    }
    coordinates = {"model": ["slow", "fast"], "setting": ["s", "r"], "reference": ("setting", ["exact", "other"])}
    table = comparison_table(xr.Dataset(data, coordinates))
    assert table.rows[0] == ["fast", "300", "s", "exact", *["unknown"] * 4, "no"]
    assert table.rows[1][:5] == ["fast", "150", "r", "other", "+0.0000 [-0.0100, +0.0100]"]
    assert table.rows[2] == [
        *("slow", "20,000", "s", "exact", "+0.1000 [+0.0900, +0.1100]"),
        *("+22.1 [+20.9, +23.4] %", "+35.0 [+33.6, +36.3] %", "+49.2 [+47.7, +50.7] %", "yes"),
    ]
    assert table.rows[3][2:5] == ["r", "other", "-0.1000 [-0.1100, -0.0900]"]
    assert len(table.header) == len(table.rows[0])


def test_costs_with_their_sum():
    found = {"train": Cost(1200, 7200.0, 3600.0, 1500.0), "plot": Cost(2, 36.0, 18.0, 100.0)}
    assert cost_table(found).rows == [
        ["train", "1,200", "2.000", "1.000", "1,500"],
        ["plot", "2", "0.010", "0.005", "100"],
        ["all", "1,202", "2.010", "1.005", "1,500"],
    ]


def report() -> ReportSpec:
    """As much of a campaign as tables of cases read."""
    cases = [
        SimpleNamespace(name=f"{name}/mixture", setting=SimpleNamespace(name=name), model="mixture")
        for name in ("a", "b")
    ]
    regression = SimpleNamespace(report_fractions=[0.5, 0.9])
    return cast(
        ReportSpec,
        SimpleNamespace(cases=cases, settings=["a", "b"], seeds=[1, 2, 3], models=["mixture"], regression=regression),
    )


def of_cases() -> Table:
    table: Table = {}
    for i, case in enumerate(("a/mixture", "b/mixture")):
        for level, value in (("m10", 0.7), ("m50", 0.8), ("m90", 0.9)):
            table |= measured(f"{case}/{level}_pooled", value + 0.01 * i, 0.02)
        table |= {f"{case}/predicted_m50_exact_losses": 0.75, f"{case}/null_memorization_ratio": 0.034}
        for at in ("0.5", "0.9"):
            table |= measured(f"{case}/memorization_ratio_at_{at}", float(at), 0.05)
    return table | {"a/mixture/models": 20.0, "a/mixture/models_left_out": 2.0}


def test_transitions_of_cases():
    first, second = transitions(report(), of_cases())
    assert (first.setting, first.model, second.setting) == ("a", "mixture", "b")
    assert (first.m10, first.m50, first.m90) == (0.7, 0.8, 0.9)
    assert (first.low, first.high, first.predicted) == (pytest.approx(0.78), pytest.approx(0.82), 0.75)


def test_ratios_of_cases():
    table = ratio_table(report(), of_cases())
    assert table.header == ["setting", "model", "by chance", "M/N = 0.5", "M/N = 0.9", "left out"]
    ratios = ["0.500 [0.450, 0.550]", "0.900 [0.850, 0.950]"]
    assert table.rows[0] == ["`a`", "`mixture`", "0.034", *ratios, "2 of 20"]
    assert table.rows[1][-1] == "–"


def test_many_ratios_stand_below_each_other():
    """As many as do not fit beside each other are rows where there are fewer cases, and no column is lost."""
    fractions = [0.1 * i for i in range(1, 8)]
    spec = report()
    spec.regression.report_fractions[:] = fractions
    table = ratio_table(spec, of_cases())
    assert table.header == ["setting", "`a`", "`b`"]
    names = ["model", "by chance", *(f"M/N = {fraction:g}" for fraction in fractions), "left out"]
    assert [row[0] for row in table.rows] == names
    assert table.rows[6] == ["M/N = 0.5", *2 * ["0.500 [0.450, 0.550]"]]
    spec.regression.report_fractions[:] = fractions[:6]
    assert ratio_table(spec, of_cases()).header[0:2] == ["setting", "model"]


def test_transitions_in_a_table():
    table = transition_table(transitions(report(), of_cases() | {"b/mixture/m90_pooled": None}))
    assert table.header == ["setting", "model", "M₁₀ / N", "M₅₀ / N", "M₉₀ / N", "predicted"]
    assert table.rows[0] == ["`a`", "`mixture`", "0.700", "0.800 [0.780, 0.820]", "0.900", "0.750"]
    assert table.rows[1][4] == "–"


def test_headlines_of_a_campaign():
    """Place, error of the regression and number of data sets."""
    table = of_cases() | {"campaign/m50_mean": 0.8, "campaign/m50_mean_low": 0.78, "campaign/m50_mean_high": 0.82}
    table |= {"predictor/fitted/squared_error_holdout": 1e-4, "predictor/constant/squared_error_holdout": 2e-3}
    table |= {"predictor/fitted/count_holdout": 16.0}
    place, error, data = headlines(report(), table)
    assert place == ("0.800", "[0.780, 0.820]", "transition point, M₅₀ / N, with its 95 % interval, mean over settings")
    assert error[:2] == ("1.0e-04", "[5.5e-05, 2.3e-04]")
    assert error.meaning.endswith("on 16 settings held out; a constant has 2.0e-03")
    assert data == ("6", "2 × 3", "data sets: settings × seeds")
    assert all(
        "transition point" not in one.meaning for one in headlines(report(), table | {"campaign/m50_mean_low": None})
    )


def test_pages_are_without_predictions_and_noise_where_no_transition_was_found():
    """A campaign of models that never reach one half has neither; one of a single setting has noise alone."""
    nothing = {"predictor/constant/squared_error_train": None, "components/all/between_data_sets": None}
    assert not has_predictions(nothing)
    assert not has_transitions(nothing)
    assert has_predictions(nothing | {"predictor/constant/squared_error_train": 0.0})
    assert has_transitions(nothing | {"components/all/settings": 1.0})
