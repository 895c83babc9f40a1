"""By how much other weights of the times move the transition."""

import json

import numpy as np
import pytest
import xarray as xr

from edgemem.analysis.weightings import weightings_metrics
from edgemem.config.protocol import Protocol
from edgemem.config.regress import RegressSpec


SETTING = "gaussian_N10_d2_K2"
PLACES = {"eps": [0.8, 0.82], "again": [0.7, 0.7], "v": [0.81, 0.85], "elsewhere": [0.9, 0.9], "templates": [0.5, 0.5]}


def spec() -> RegressSpec:
    models = {name: {"provides": ["components"], "settings": [SETTING], "weighting": "eps"} for name in PLACES}
    models["v"]["weighting"] = models["elsewhere"]["weighting"] = models["templates"]["weighting"] = "v"
    models["elsewhere"]["start"] = "random"
    models["templates"]["provides"] = []
    values = {
        "campaign": "c",
        "settings": [{"family": "gaussian", "N": 10, "d": 2, "K": 2}],
        "models": models,
        "seeds": [1, 2],
        "regression": {},
    }
    return RegressSpec.parse(json.dumps(values))


def test_what_differs_in_its_weights_alone_is_compared_with_the_first():
    """Data set by data set; another start, another denoiser and equal weights are no comparison."""
    table = xr.Dataset(
        {"m50": (("setting", "model", "seed"), np.array([list(PLACES.values())]))},
        {"setting": [SETTING], "model": list(PLACES)},
    )
    found = weightings_metrics(spec(), table)
    name = f"weightings/{SETTING}/v/v/m50_from_first"
    assert set(found) == {name, f"{name}_low", f"{name}_high"}
    assert found[name] == pytest.approx(0.02)
    assert found[f"{name}_high"] - found[name] == pytest.approx(12.7062 * 0.01, rel=1e-4)


@pytest.mark.parametrize(
    ("weighting", "name"),
    [
        ("eps", "eps"),
        ({"preset": "min_snr", "gamma": 3}, "min_snr-3"),
        ({"preset": "eps", "interval": [0.2, 0.6]}, "eps-0.2-0.6"),
        ([1.0, 2.0], "list"),
    ],
)
def test_weightings_have_names(weighting: object, name: str):
    protocol = Protocol.model_validate(
        {"steps": 10, "draws": 1, "peak_lr": 1e-3, "final_lr": 1e-3, "weighting": weighting}
    )
    assert protocol.weighting_name == name
