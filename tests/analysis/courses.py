"""Evaluations of models that are kept at several steps, with training times that are known by formulas."""

import numpy as np
import xarray as xr

from edgemem import pieces
from edgemem.analysis.evaluations import Evaluations
from edgemem.config.regress import RegressSpec


N_SAMPLES, SIZES, SEEDS = (16, 32, 64, 128), (32, 64, 128), [1, 2, 3]
STEPS = np.unique((10.0 * 10 ** (np.arange(25) / 7)).round()).astype(int)  # seven a decade, from 10 to 26,827
GENERATED, DRAWS = 2000, 4
DIM = 30
# The loss is least in the middle of the three times.
TIMES, SHOWN = np.array([0.9, 0.4, 0.1]), 1
BATCH = 128


def setting(n: int, **axes: float) -> dict:
    """Return a setting of N samples."""
    return {"family": "gaussian", "N": n, "d": DIM, "K": 3, **axes}


def name(n: int, **axes: float) -> str:
    """Return its name."""
    return pieces.setting_class("gaussian")(**setting(n, **axes)).name


def spec(n_samples: tuple[int, ...] = N_SAMPLES, seeds: list[int] = SEEDS, **models: list[str]) -> RegressSpec:
    """Return what the regress stage reads; of a model the settings, `mlp` on all if none is named."""
    names = [name(n) for n in n_samples]
    return RegressSpec.model_validate(
        {
            "campaign": "time",
            "settings": [setting(n) for n in n_samples],
            "models": {
                model: {"provides": [], "settings": own, "start": "random"}
                for model, own in (models or {"mlp": names}).items()
            },
            "seeds": seeds,
            "regression": {},
        }
    )


def tau50(n: int, size: int, seed: int) -> float:
    """Return the step at which the ratio is one half: N / W, and a little of the seed."""
    return 2000.0 * n / size * np.exp(0.05 * np.sin(3 * seed + n + size))


def tau_test(seed: int) -> float:
    """Return the step of the least test loss, the same for all N and W."""
    return 150.0 * np.exp(0.02 * np.cos(5 * seed))


def ratio(step: np.ndarray, tau: float) -> np.ndarray:
    """Return the ratio, a straight line in log step from 0 at tau / 8 to 1 at 8 tau."""
    return np.clip(0.5 + np.log(step / tau) / (2 * np.log(8)), 0, 1)


def evaluation(n: int, seed: int, sizes: tuple[int, ...] = SIZES, steps: np.ndarray = STEPS) -> xr.Dataset:
    """Return an evaluation of which the training loss is 4 (1 - ratio) + 0.02 before the ratio is one."""
    courses = np.array([ratio(steps, tau50(n, size, seed)) for size in sizes])
    counts = np.rint(GENERATED * courses).astype(int)
    drift = 0.3 * np.log(np.array([tau50(n, size, seed) for size in sizes])[:, None] / steps).clip(0)
    train = 0.02 + 4 * (1 - courses) + drift
    test = np.tile(4.2 + 0.1 * np.log(steps / tau_test(seed)) ** 2, (len(sizes), 1))
    by_time = np.array([1e3, 1.0, 1e-3])
    loss = np.stack([train, test])[..., None] * by_time
    return xr.Dataset(
        {
            "loss": (("split", "model_size", "step", "time"), loss),
            "loss_stderr": (("split", "model_size", "step", "time"), 1e-3 * loss),
            "memorized_count": (("model_size", "step"), counts),
            "memorization_ratio": (("model_size", "step"), counts / GENERATED),
            "generated_count": ((), GENERATED),
        },
        {
            "model_size": list(sizes),
            "parameters": ("model_size", 100 * np.array(sizes)),
            "step": steps,
            "points": ("step", steps * BATCH),
            "time": TIMES,
            "split": ["train", "test"],
        },
    )


def evaluations(of: RegressSpec) -> Evaluations:
    """Return the evaluations of a campaign."""
    return {
        (case.setting.name, case.model, seed): evaluation(case.setting.N, seed)
        for case in of.cases
        for seed in of.seeds
    }
