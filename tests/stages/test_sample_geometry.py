"""Sizes at which half are copies, found by the geometry stage, are such sizes on points that it has not seen."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import xarray as xr

from edgemem.config.geometry import GeometrySpec
from edgemem.engine.sample_geometry import sample_geometry
from edgemem.numerics.centres import drawn, fixed, likelihood, ward
from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.memorization import memorized
from edgemem.numerics.references import MixturePosterior
from edgemem.numerics.sampling import ddim

from .conftest import geometry_spec


N, D, POINTS = 24, 8, 4000
TIMES = time_grid(10, 0.001, 0.999)
TRAINING = np.random.default_rng(5).normal(size=(N, D))


@pytest.fixture(scope="module")
def geometry() -> xr.Dataset:
    """What the stage says of made-up training samples."""
    samples = xr.Dataset({"x_train": (("sample", "feature"), TRAINING)})
    return sample_geometry(GeometrySpec.model_validate(geometry_spec(sampling={"times": len(TIMES)})), samples)


def ratio(name: str, size: int, threshold: float) -> float:
    """Return the fraction of copies among fresh points of centres."""
    centres = {"ward": ward, "likelihood": likelihood}[name.partition("_")[0]](TRAINING, size)
    if not name.endswith("sampled"):
        points = drawn(centres, POINTS, np.random.default_rng(6))
    else:
        with jax.enable_x64(True):
            denoiser = MixturePosterior(jnp.asarray(centres.mean), jnp.asarray(np.sqrt(centres.variance)))
            points = np.asarray(ddim(denoiser, jnp.asarray(TIMES), POINTS, D, key=jr.key(7)))
    return float(memorized(points, TRAINING, threshold).mean())


@pytest.mark.parametrize("threshold", [1 / 5, 1 / 3, 1 / 2])
@pytest.mark.parametrize("name", ["ward", "ward_sampled", "likelihood", "likelihood_sampled"])
def test_half_of_fresh_points_are_copies(geometry: xr.Dataset, name: str, threshold: float):
    """Below the size fewer than half, above it more, but for the noise of counting."""
    size = geometry.half_copies_by_threshold.sel(centres=name, threshold=threshold).item()
    assert ratio(name, int(np.floor(size)), threshold) < 0.5 + 0.08
    assert ratio(name, int(np.ceil(size)), threshold) > 0.5 - 0.08


def test_the_threshold_of_the_campaign_is_one_of_them(geometry: xr.Dataset):
    own = geometry.sel(threshold=1 / 3)
    np.testing.assert_array_equal(geometry.half_copies, own.half_copies_by_threshold)
    assert geometry.copy_variance == own.copy_variance_by_threshold
    assert (geometry.copy_variance_by_threshold.diff("threshold") > 0).all()
    assert (geometry.half_copies_by_threshold.diff("threshold") < 0).all()


def test_fixed_centres_have_the_variance_of_copies(geometry: xr.Dataset):
    size = geometry.half_copies.sel(centres="fixed_centres").item()
    around = [fixed(TRAINING, int(end(size))).variance for end in (np.floor, np.ceil)]
    assert around[0] >= geometry.copy_variance >= around[1]


def test_weights_of_times_are_fractions(geometry: xr.Dataset):
    """The posterior settles, shells shrink, and every path is decided once."""
    assert (geometry.posterior_weight.diff("time") > -0.01).all()
    assert geometry.shell_coverage[0] > 0.9 > 0.1 > geometry.shell_coverage[-1]
    assert geometry.decided.sum() == pytest.approx(1)
