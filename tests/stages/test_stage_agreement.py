"""Models of different samples: two that generalize make the same points of the same noise, two that memorize do not."""

from itertools import pairwise

import jax
import numpy as np
import pytest
import xarray as xr

from edgemem.config.agreement import AgreementSpec
from edgemem.engine.agreement import find_agreement
from edgemem.errors import EdgememError
from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.memorization import memorized
from edgemem.numerics.randomness import named_key

from .conftest import EVALUATION, NAME, PART_SIZES, SETTING, SIZES, SNAPSHOTS, TIMES, agreement_spec
from .test_stage_results import models_with


VARIANCE, COUNT = SETTING["variance"], EVALUATION["generated"]


def found(made, *models: xr.Dataset, **changes) -> xr.Dataset:
    """Return the agreement of two models, each on a part of the samples."""
    spec = AgreementSpec.model_validate(agreement_spec(**changes))
    return find_agreement(spec, [made.read("samples"), made.read("part_samples")], models)


def points(mean: np.ndarray, variance: float) -> np.ndarray:
    """Return what DDIM makes of the stage's noise by an equally weighted mixture, in NumPy."""
    times = time_grid(TIMES["times"], 0.001, 0.999)
    with jax.enable_x64(True):
        x = np.asarray(jax.random.normal(named_key(1, "agreement", NAME), (COUNT, SETTING["d"]), "float64"))
    for t, t_next in pairwise(times):
        a, a_next = np.sqrt(1 - t**2), np.sqrt(1 - t_next**2)
        total = a**2 * variance + t**2
        residual = x[:, None] - a * mean
        log_weight = -0.5 * (residual**2).sum(axis=-1) / total
        weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        denoised = np.einsum("pk,pkf->pf", weight, mean + a * variance / total * residual)
        x = a_next * denoised + t_next / t * (x - a * denoised)
    return x


def compared(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the mean squared distances of the points of one noise, and of different noises."""
    squares = ((x[:, None] - y[None]) ** 2).sum(axis=-1)
    own = np.eye(len(x), dtype=bool)
    return squares[own].mean(), squares[~own].mean()


def test_true_denoisers_agree_and_memorizing_ones_do_as_their_samples_say(made):
    """Both are mixtures that a models file can hold: the true one, and one without variance at the samples."""
    one, other = made.read("samples"), made.read("part_samples")
    true = found(made, *[models_with(made, {2: one.true_mean.values}, VARIANCE)] * 2)
    assert true.agreement.item() == pytest.approx(1, abs=1e-12)
    assert true.distance.item() == pytest.approx(0, abs=1e-12)
    x = points(one.true_mean.values, VARIANCE)
    assert true.random_distance.item() == pytest.approx(compared(x, x)[1], rel=1e-9)

    training = [part.x_train.values for part in (one, other)]
    memorizing = found(made, *(models_with(made, {10: means}, 1e-12) for means in training))
    drawn = [points(means, 0) for means in training]
    pairs, others = compared(*drawn)
    assert memorizing.distance.item() == pytest.approx(pairs, rel=1e-5)
    assert memorizing.random_distance.item() == pytest.approx(others, rel=1e-5)
    assert memorizing.agreement.item() == pytest.approx(1 - pairs / others, abs=1e-5)
    for result in (true, memorizing):
        assert result.memorizing_agreement.item() == pytest.approx(1 - pairs / others, abs=1e-9)
    assert memorizing.agreement_high.item() < 1
    counts = [memorized(part, means, 1 / 3).sum() for part, means in zip(drawn, training, strict=True)]
    np.testing.assert_array_equal(memorizing.memorized_count.values.ravel(), counts)


def test_models_are_compared_at_what_both_have(made):
    """Sizes and steps that only one part has are left out."""
    models, others = made.read("snapshot_models"), made.read("part_models")
    result = found(made, models, others.isel(step=[1, 2]))
    assert result.model_size.values.tolist() == sorted(set(SIZES) & set(PART_SIZES))
    assert result.step.values.tolist() == SNAPSHOTS[1:]
    xr.testing.assert_allclose(result, made.read("agreements").sel(step=SNAPSHOTS[1:]), rtol=1e-12)
    for name, value in (("model_size", [3]), ("step", [7])):
        with pytest.raises(EdgememError, match=f"{NAME}_part2, seed 1, have no {name} in common"):
            found(made, models, others.isel({name: [0]}).assign_coords({name: value}))


def test_a_model_and_itself_agree(made):
    """Whatever it has learned: the noise is the same."""
    result = found(made, *[made.read("snapshot_models")] * 2)
    np.testing.assert_allclose(result.agreement, 1, atol=1e-12)
    np.testing.assert_allclose(result.agreement_low, 1, atol=1e-12)
