"""Random features: a layer that is drawn and stays, and weights on it that gradient flow trains in closed form."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from edgemem.denoisers.abstract import AbstractDenoiser, Solved
from edgemem.families.rows import rows
from edgemem.numerics.diffusion import alpha, nearest_time, time_grid
from edgemem.numerics.mixture_loss import matmul
from edgemem.numerics.per_time_mixture import grouped
from edgemem.numerics.random_features import (
    Clock,
    Features,
    Flow,
    Moments,
    drawn_moments,
    flow_test_loss,
    flow_training_loss,
    gaussian_moments,
    gradient_flow,
    learned_part,
    output_weights,
)
from edgemem.numerics.randomness import named_key, named_part


# Training times at which losses are told in closed form: from where nothing is learned yet, so many a decade.
FIRST_TIME, PER_DECADE = 1e-2, 50
# How near to its limit a training loss has converged.
NEAR = 0.01
# What the data must provide for the test loss in closed form: a mixture of equal, round Gaussians.
ROUND_MIXTURE = {"true_mean", "true_variance", "isotropic_theory"}


class RandomFeatures(AbstractDenoiser):
    """xhat = (x + t^2 B_t phi(x)) / alpha, phi(x) = tanh(gain (W x / sqrt(d) + b)), of M features; for any data.

    W and b are drawn once, B_t is trained for each time t of the grid by itself, in float64. A point is denoised by the
    weights of the time of the grid that is nearest to its own. Without bias the score B phi is odd: whatever else, a
    deterministic sampler then makes as many mirror images of samples as copies.

    **Attributes:** `output_weight`: B of each time, `t_max` first; `feature_weight`: W; `feature_bias`: b.
    """

    output_weight: Float[Array, "time feature unit"]
    feature_weight: Float[Array, "unit feature"]
    feature_bias: Float[Array, "unit"]
    gain: float = eqx.field(static=True)
    t_min: float = eqx.field(static=True)
    t_max: float = eqx.field(static=True)

    provides: ClassVar[tuple[str, ...]] = ("closed_form",)
    starts: ClassVar[Mapping[str, tuple[str, ...]]] = {"zero": ()}
    # `bias`: standard deviation of b; `feature_seed`: the seed of W and b, for all data sets the same, that of the data
    # if 0.
    options: ClassVar[Mapping[str, Any]] = {
        "bias": 1.0,
        "gain": 1.0,
        "feature_seed": 0,
        "times": 26,
        "t_min": 0.001,
        "t_max": 0.999,
    }
    frozen: ClassVar[tuple[str, ...]] = ("feature_weight", "feature_bias")

    @classmethod
    def start(
        cls,
        name: str,
        samples: xr.Dataset,
        size: int,
        *,
        key: PRNGKeyArray,
        bias: float = 1.0,
        gain: float = 1.0,
        feature_seed: int = 0,
        times: int = 26,
        t_min: float = 0.001,
        t_max: float = 0.999,
        **options: Any,
    ) -> "RandomFeatures":
        """Return features drawn from N(0, 1) and from N(0, bias^2), with weights of zero."""
        dim = rows(samples.x_train).shape[1]
        own = named_key(feature_seed, "random features", size, dim) if feature_seed else key
        return cls(
            jnp.zeros((times, dim, size)),
            jr.normal(named_part(own, "weight"), (size, dim)),
            bias * jr.normal(named_part(own, "bias"), (size,)),
            gain,
            t_min,
            t_max,
        )

    @staticmethod
    def n_parameters(size: int, dim: int, **options: Any) -> int:
        """Return M d, those of one time: each time is a problem of its own, with the N d numbers of the samples."""
        return size * dim

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return the estimate of each point."""
        count, dim = self.output_weight.shape[:2]
        # Points in rows of one time each, which meets the weights of its time.
        groups = grouped(nearest_time(t, count, self.t_min, self.t_max), count)

        def score(weight, point):
            field = matmul(x[point], self.feature_weight.T) / np.sqrt(dim) + self.feature_bias
            return matmul(jnp.tanh(self.gain * field), weight.T)

        scores = jax.vmap(score)(self.output_weight[groups.time], groups.point).reshape(-1, dim)[groups.place]
        return (x + t[:, None] ** 2 * scores) / alpha(t)[:, None]

    def solved(
        self,
        samples: xr.Dataset,
        steps: Sequence[int],
        abilities: Collection[str],
        *,
        key: PRNGKeyArray,
        clock: Clock = "eps",
        draws: int | None = None,
        ridge: float = 0.0,
        **flow: Any,
    ) -> Solved:
        """Return the model after each training time, and what is exact of each time t of the grid: `eigenvalue` of U,
        and `flow_loss`, both losses over d at times tau to infinity; test losses of mixtures of round Gaussians alone.
        """
        features = Features(np.asarray(self.feature_weight), np.asarray(self.feature_bias), self.gain)
        times = time_grid(self.output_weight.shape[0], self.t_min, self.t_max)
        tau = _course(max(steps))
        weights, losses, eigenvalue, course = [], [], [], []
        for i, t in enumerate(times.tolist()):
            noise = None if draws is None else (draws, named_part(key, "noise", i))
            own = gradient_flow(_training_moments(features, rows(samples.x_train), t, noise), t)
            part = learned_part(own, np.asarray(steps), clock=clock, ridge=ridge)
            weights.append(output_weights(own, part))
            losses.append(flow_training_loss(own, part))
            eigenvalue.append(own.eigenvalue[::-1])
            law = _law_moments(features, samples, t) if set(abilities) >= ROUND_MIXTURE else None
            course.append(_losses(own, learned_part(own, tau, clock=clock, ridge=ridge), law))
        denoisers = [
            eqx.tree_at(lambda model: model.output_weight, self, jnp.asarray(of_step))
            for of_step in np.stack(weights, axis=1)
        ]
        how = {
            "clock": clock,
            "draws": np.inf if draws is None else float(draws),
            "ridge": ridge,
            "biased": int(features.bias.any()),
            "gain": self.gain,
        }
        exact = xr.Dataset(
            {
                "eigenvalue": (
                    ("time", "mode"),
                    eigenvalue,
                    {"long_name": "eigenvalues of the features' second moment, at least 1e-13", "units": "1"},
                ),
                "flow_loss": (
                    ("time", "split", "tau"),
                    course,
                    {"long_name": "loss of the noise over d at each training time", "units": "1", **how},
                ),
            },
            {
                "mode": (
                    "mode",
                    np.arange(1, len(self.feature_bias) + 1),
                    {"long_name": "rank of an eigenvalue, the largest first", "units": "1"},
                ),
                "split": ("split", ["train", "test"], {"long_name": "samples on which it is measured"}),
                "tau": ("tau", tau, {"long_name": "training time, the last one without end", "units": "1"}),
            },
        )
        loss, limit = np.mean(losses, axis=0), np.mean(course, axis=0)[0, -1]
        return Solved(denoisers, loss, bool(loss[-1] <= (1 + NEAR) * limit), exact)


def _course(last: int) -> Float[np.ndarray, "step"]:
    """Return the training times of courses, and infinity."""
    count = int(np.ceil(PER_DECADE * np.log10(last / FIRST_TIME))) + 1
    return np.append(np.geomspace(FIRST_TIME, last, count), np.inf)


def _training_moments(
    features: Features, x: Float[np.ndarray, "sample feature"], t: float, noise: tuple[int, PRNGKeyArray] | None
) -> Moments:
    """Return the moments of the training loss, of some draws of the noise with their key or of the mean over all."""
    if noise is None:
        return gaussian_moments(features, np.sqrt(1 - t**2) * x, t**2, t)
    draws, key = noise
    return drawn_moments(features, x, t, np.asarray(jr.normal(key, (draws, *x.shape))))


def _law_moments(features: Features, samples: xr.Dataset, t: float) -> Moments:
    """Return the moments of the test loss of a mixture of equal, round Gaussians."""
    variance = (1 - t**2) * samples.true_variance.item() + t**2
    return gaussian_moments(features, np.sqrt(1 - t**2) * samples.true_mean.values, variance, t)


def _losses(own: Flow, part: Float[np.ndarray, "step mode"], law: Moments | None) -> Float[np.ndarray, "2 step"]:
    """Return training and test loss, the latter NaN where the law has no moments in closed form."""
    train = flow_training_loss(own, part)
    return np.stack([train, np.full(len(train), np.nan) if law is None else flow_test_loss(own, part, law)])
