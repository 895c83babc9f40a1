"""The paper's regression over the cases of a campaign: weights of the times, and the transitions that they predict."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from edgemem.config.regress import RegressSpec
from edgemem.numerics.regression import (
    Fit,
    approximate_crossover,
    fit_weights,
    identified_directions,
    predicted_crossing,
)


# The constant C of the partially memorizing loss in the fit of the weights, as in the paper's figure 1.
CONSTANT = 2.0


class Cases(NamedTuple):
    """The cases that weights are fitted to: where the transition is, and whether the approximations apply."""

    spec: RegressSpec
    snr: np.ndarray
    measured: np.ndarray
    isotropic: np.ndarray


def fit(cases: Cases, chosen: np.ndarray) -> Fit | None:
    """Return the weights fitted to some cases; None where none of them has a transition and the approximations."""
    groups: dict[tuple[int, float], list[float]] = {}
    for case, value, fitted in zip(cases.spec.cases, cases.measured, chosen & cases.isotropic, strict=True):
        if fitted and np.isfinite(value):
            groups.setdefault((case.setting.N, case.setting.axes["variance"]), []).append(value)
    if not groups:
        return None
    return fit_weights(
        [
            approximate_crossover(*group, snr=cases.snr, constant=CONSTANT, measured=np.array(m))
            for group, m in groups.items()
        ]
    )


def fitted_predictions(cases: Cases, fit: Fit | None) -> np.ndarray:
    """Return Mbar / N of each case; NaN where the approximations do not apply."""
    predicted = np.full(len(cases.spec.cases), np.nan)
    if fit is not None:
        for i in np.flatnonzero(cases.isotropic):
            setting = cases.spec.cases[i].setting
            crossover = approximate_crossover(
                setting.N, setting.axes["variance"], cases.snr, CONSTANT, measured=np.array([])
            )
            predicted[i] = predicted_crossing(crossover, fit.weights[0])
    return predicted


def weights(cases: Cases, fit: Fit | None) -> xr.Dataset:
    """Return the fitted weights, how the search for them went, and what of them the settings can tell."""
    snr = cases.snr
    fit = fit or Fit(np.full((1, len(snr)), np.nan), np.full(1, np.nan), np.zeros(1, bool))
    best = fit.weights[0]
    # Each setting once: a second model on it tells nothing more of the weights.
    isotropic = [case.setting for case, applies in zip(cases.spec.cases, cases.isotropic, strict=True) if applies]
    variances = np.array([axes["variance"] for axes in {setting.name: setting.axes for setting in isotropic}.values()])
    known = np.isfinite(best).all()
    singular = identified_directions(variances, snr, best) if known else np.full(min(len(variances), len(snr)), np.nan)
    variables = {
        "lambda_tilde": ("time", best, "fitted weight of each time in the crossover"),
        "lambda_tilde_by_start": (("start", "time"), fit.weights, "weights found from each start, best first"),
        "objective": ("start", fit.objectives, "objective of lambda_tilde_by_start"),
        "converged": ("start", fit.converged.astype(np.int8), "1 if the search from a start ended by itself"),
        "singular_value": ("direction", singular, "singular values of the predictions' derivative by lambda_tilde"),
    }
    return xr.Dataset(
        {name: (dims, values, {"long_name": text, "units": "1"}) for name, (dims, values, text) in variables.items()}
    )
