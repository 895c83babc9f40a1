"""The paper's regression over the cases of a campaign: weights of the times, and the transitions that they predict."""

import numpy as np
import xarray as xr

from edgemem.analysis.cases import Cases
from edgemem.numerics.regression import (
    Fit,
    approximate_crossover,
    fit_weights,
    predicted_crossing,
)
from edgemem.numerics.simplex_weights import crossing_design, directions_above_noise


# The constant C of the partially memorizing loss in the fit of the weights, as in the paper's figure 1.
CONSTANT = 2.0


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
    singular = _directions(cases)
    variables = {
        "lambda_tilde": ("time", best, "fitted weight of each time in the crossover"),
        "lambda_tilde_by_start": (("start", "time"), fit.weights, "weights found from each start, best first"),
        "objective": ("start", fit.objectives, "objective of lambda_tilde_by_start"),
        "converged": ("start", fit.converged.astype(np.int8), "1 if the search from a start ended by itself"),
        "singular_value": (
            "direction",
            singular,
            "standard errors that predictions move by with weights on the simplex, by direction",
        ),
    }
    return xr.Dataset(
        {name: (dims, values, {"long_name": text, "units": "1"}) for name, (dims, values, text) in variables.items()}
    )


def _directions(cases: Cases) -> np.ndarray:
    """Return by how many standard errors the measurements tell each direction of the weights on the simplex."""
    used = cases.isotropic & np.isfinite(cases.measured)
    if not used.any() or not np.isfinite(cases.noise) or cases.noise <= 0:
        return np.full(1, np.nan)
    design = crossing_design(cases.variance[used], cases.snr, CONSTANT)
    return directions_above_noise(design, np.full(used.sum(), 1 / cases.noise))
