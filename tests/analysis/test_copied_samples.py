"""Which samples are copied first: at the model nearest to the transition, by ranks, each different sample once."""

import numpy as np
import pytest
from scipy import stats

from edgemem.analysis.copied_samples import (
    BOUND,
    copied_samples,
    density_correlation,
    duplicated_over_single,
    which_first,
)

from .synthetic import NAMES, SEEDS, analysed, campaign, evaluations, place, spec


CASE = NAMES[5], "mixture"
N = 20
# Rows 0 and 4 are one sample, 2, 6 and 9 another.
REPEATS = {4: 0, 6: 2, 9: 2}


def with_duplicates(evaluation):
    """Return an evaluation of data with some rows equal: only the first of them has copies."""
    copies_of = np.array([REPEATS.get(row, row) for row in range(N)])
    copied = evaluation.copied.where(evaluation.copied.sample.isin(np.unique(copies_of)), 0)
    return evaluation.assign(copies_of=("sample", copies_of), copied=copied)


def at_transition(seed: int):
    """Return what is measured of the model nearest to M50, whose size follows from the formula of the ratio."""
    size = round(place(*CASE, seed) * N)
    return size, campaign().evaluations[*CASE, seed].isel(step=-1).sel(model_size=size)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_model_is_the_one_nearest_to_the_transition(seed: int):
    size, model = at_transition(seed)
    found = copied_samples(campaign().evaluations[*CASE, seed].isel(step=-1), place(*CASE, seed))
    assert found.size == size
    np.testing.assert_array_equal(found.copies, model.copied)
    np.testing.assert_array_equal(found.log_density, model.log_density)
    assert density_correlation(found) == pytest.approx(stats.spearmanr(model.copied, model.log_density).statistic)
    assert np.isnan(duplicated_over_single(found))


def test_models_that_have_not_converged_are_not_asked():
    """The models of sizes 1 and 2 hold what must not be used."""
    found = copied_samples(campaign().evaluations[*CASE, 1].isel(step=-1), 0.01)
    assert found.size == 3


def test_a_sample_that_occurs_several_times_is_one():
    _, model = at_transition(1)
    found = copied_samples(with_duplicates(campaign().evaluations[*CASE, 1]).isel(step=-1), place(*CASE, 1))
    different = [row for row in range(N) if row not in REPEATS]
    np.testing.assert_array_equal(found.copies, model.copied[different])
    np.testing.assert_array_equal(found.log_density, model.log_density[different])
    assert found.occurrences.tolist() == [{0: 2, 2: 3}.get(row, 1) for row in different]
    single = [row for row in different if row not in (0, 2)]
    expected = model.copied[[0, 2]].mean() / model.copied[single].mean()
    assert duplicated_over_single(found) == pytest.approx(expected.item())


def test_without_a_transition_nothing_is_known():
    found = copied_samples(campaign().evaluations[*CASE, 1].isel(step=-1), float("nan"))
    assert found is None
    assert np.isnan([density_correlation(found), duplicated_over_single(found)]).all()


def test_metrics_have_means_over_seeds_with_their_intervals():
    """Of data without duplicates there is no number of them."""
    by_seed = [stats.spearmanr(model.copied, model.log_density).statistic for _, model in map(at_transition, SEEDS)]
    half = stats.t.ppf(0.975, len(SEEDS) - 1) * stats.sem(by_seed)
    name = "/".join(CASE) + "/copies_density_correlation"
    found = [campaign().metrics[f"{name}{end}"] for end in ("", "_low", "_high")]
    np.testing.assert_allclose(found, np.mean(by_seed) + half * np.array([0, -1, 1]), rtol=1e-6)
    assert not any("copies_of_duplicated" in name for name in campaign().metrics)


def test_metrics_compare_duplicates_with_single_samples():
    of = spec()
    made = {name: with_duplicates(one) if name[:2] == CASE else one for name, one in evaluations(of).items()}
    by_seed = [
        duplicated_over_single(copied_samples(made[*CASE, seed].isel(step=-1), place(*CASE, seed))) for seed in SEEDS
    ]
    table = analysed(of, made).metrics
    names = [name for name in table if "copies_of_duplicated_over_single" in name]
    assert {name.rsplit("/", 1)[0] for name in names} == {"/".join(CASE)}
    assert table["/".join(CASE) + "/copies_of_duplicated_over_single"] == pytest.approx(np.mean(by_seed), rel=1e-6)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.5, -BOUND - 0.01, "sparse regions first: supported"),
        (BOUND + 0.01, 0.5, "prototypes first: supported"),
        (-0.5, -BOUND + 0.01, "which first: cannot tell"),
        (BOUND - 0.01, 0.5, "which first: cannot tell"),
        (-0.05, 0.05, "which first: cannot tell"),
        (float("nan"), float("nan"), "which first: cannot tell"),
    ],
)
def test_verdict_is_by_the_whole_interval(low: float, high: float, verdict: str):
    assert which_first(low, high) == verdict
