"""Models are compared with their reference seed by seed, over the sizes below N, at the end of training."""

import functools

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from edgemem.analysis.comparison import _measured, compare
from edgemem.config.compare import CompareSpec

from .synthetic import MIXTURES, NAMES, SEEDS, SHOWN, evaluation, place, spec


PROTOCOL = {"steps": 10, "draws": 3, "peak_lr": 0.1, "final_lr": 0.1}
# By candidate how much later, more variable and worse it is than the reference.
CANDIDATES = {"same": 0.0, "near": 0.004, "later": 0.02, "wider": 0.0}
WIDER = 1.06


def off(candidate: str, setting: int, seed: int) -> float:
    """Return by how much more than the reference of its setting something is, differently on each data set."""
    return CANDIDATES[candidate] * (1 + 0.1 * np.sin(5 * setting + 2 * seed))


@functools.cache
def table() -> xr.Dataset:
    compared = CompareSpec.model_validate(
        {
            "campaign": "tiny",
            "settings": MIXTURES[:2],
            "seeds": SEEDS,
            "candidates": dict.fromkeys(CANDIDATES, PROTOCOL),
            "references": {NAMES[0]: "small", NAMES[1]: "large"},
        }
    )
    made = {}
    for i, case in enumerate(spec(MIXTURES[:2], {"mixture": (0, 1)}).cases):
        for seed in SEEDS:
            own = evaluation(case, seed)
            # The first sizes hold what must not be used elsewhere; here all models count.
            good = own.isel(model_size=slice(2, None))
            for name in ("small", "large"):
                made[case.setting.name, name, seed] = good if (name == "large") == (i == 1) else own * np.nan
            for name in CANDIDATES:
                more = off(name, i, seed)
                later = evaluation(case, seed, place(case.setting.name, "mixture", seed) + more)
                one = later.isel(model_size=slice(2, None))
                one["learned_variance"] = one.learned_variance * np.exp(more) * (WIDER if name == "wider" else 1)
                factor = xr.DataArray([np.exp(2 * more), np.exp(3 * more)], dims="split")
                made[case.setting.name, name, seed] = one.assign(loss=one.loss * factor)
    return compare(compared, made)


def test_differences_are_those_that_were_made():
    """Means over the seeds, and two one-sided tests at 5 % with the spread of both settings together."""
    found = table()
    for name, factor in (("m50", 1), ("log_variance", 1), ("log_train_loss", 2), ("log_test_loss", 3)):
        for candidate in ("same", "near", "later"):
            expected = factor * np.array([[off(candidate, i, seed) for seed in SEEDS] for i in range(2)])
            own = found[name].sel(model=candidate)
            np.testing.assert_allclose(own, expected, atol=1.5e-3 if name == "m50" else 1e-9)
            np.testing.assert_allclose(found[f"{name}_mean"].sel(model=candidate), own.mean("seed"))
            variance = np.mean(own.values.var(axis=1, ddof=1))
            half = stats.t.ppf(0.95, 4) * np.sqrt(variance / 3)
            np.testing.assert_allclose(found[f"{name}_low"].sel(model=candidate), own.mean("seed") - half, atol=1e-12)
            np.testing.assert_allclose(found[f"{name}_high"].sel(model=candidate), own.mean("seed") + half, atol=1e-12)
        assert "of 90 %" in found[f"{name}_low"].long_name
        assert "%" not in found[f"{name}_mean"].long_name


def test_equivalence_takes_both():
    """A hundredth of N in the place, five percent in the variance."""
    found = table()
    for model, expected in (("same", 1), ("near", 1), ("later", 0), ("wider", 0)):
        np.testing.assert_array_equal(found.equivalent.sel(model=model), expected)
    assert list(found.reference.values) == ["small", "large"]
    np.testing.assert_array_equal(found.points, 30)


def test_a_missing_transition_is_unknown_and_not_equivalent():
    """Its losses are compared all the same."""
    case = spec(MIXTURES[:2], {"mixture": (0, 1)}).cases[0]
    found = _measured(evaluation(case, 1, 2.0).isel(model_size=slice(2, None)))
    assert np.isnan(found["m50"]).all()
    assert np.isfinite(found["log_train_loss"]).all()
    assert len(found["log_variance"]) == case.setting.N - 3  # without N, where the variance is zero
    loss = evaluation(case, 1).loss.isel(step=-1, time=SHOWN).sel(split="train")[2:-1]
    np.testing.assert_allclose(found["log_train_loss"], np.log(loss))


@pytest.mark.parametrize("name", ["model", "setting", "seed", "reference", "equivalent", "points", "m50", "m50_low"])
def test_everything_has_a_name_in_words(name: str):
    assert table()[name].long_name
