"""What predictors of the transition are fitted to and judged by."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from edgemem.config.regress import RegressSpec


class Cases(NamedTuple):
    """The cases that predictors are fitted to.

    **Attributes:** `group`: cases with one name share the weights and curves of a fit, those of a family and model;
    None of models without components, of which no predictor speaks; `measured`: M50 / N, NaN where it is unknown;
    `noise`: variance of one of them between data sets, NaN with one seed; `isotropic`: whether the approximations
    apply; `variance`: sigma*^2, NaN where a family has none; `difference`: by case the difference of the two exact
    losses, (subset size, time), mean over seeds, None where the data have no true denoiser.
    """

    spec: RegressSpec
    group: list[str | None]
    snr: Float[np.ndarray, "time"]
    measured: Float[np.ndarray, "case"]
    noise: float
    isotropic: Bool[np.ndarray, "case"]
    variance: Float[np.ndarray, "case"]
    difference: list[np.ndarray | None]
