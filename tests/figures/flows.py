"""Models in closed form on a few numbers of samples, small enough to be trained here, and the table of their flows."""

import functools
import json
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from edgemem import pieces
from edgemem.analysis.evaluations import Evaluations, case_coordinates
from edgemem.analysis.flows import flow_table
from edgemem.config.plot import PlotSpec
from edgemem.config.regress import RegressSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.train import TrainSpec
from edgemem.engine.closed_form import train_in_closed_form
from edgemem.engine.data import draw


DIM, SEEDS, N_SAMPLES = 5, [1, 2], (10, 15, 20)
GRID = {"times": 2, "t_min": 0.1407, "t_max": 0.4258}
# The denoiser's options, its protocol, its sizes and the settings that it is trained on.
MODELS: dict[str, tuple[dict, dict, list[int], tuple[int, ...]]] = {
    "time": ({"bias": 0.0}, {"clock": "score"}, [20, 40], N_SAMPLES),
    "noise": ({"bias": 0.0}, {"clock": "eps"}, [40], (10, 20)),
    "draws1": ({"bias": 0.0}, {"clock": "score", "draws": 1, "ridge": 1e-3}, [5, 10, 40], (10,)),
    "biased": ({}, {"clock": "eps"}, [20], (10,)),
}
READS = {"flow": "evaluations", "spectrum": "evaluations", "flow_times": "transition", "draws": "transition"}


def setting(n: int, components: int = 1) -> dict[str, Any]:
    return {"family": "gaussian", "N": n, "d": DIM, "K": components, "separation": 0 if components == 1 else 1}


def name(n: int) -> str:
    return f"gaussian_N{n}_d{DIM}_K1_sep0"


@functools.cache
def evaluation(model: str, n: int, seed: int, components: int = 1) -> xr.Dataset:
    """What an evaluation has of a flow."""
    options, protocol, sizes, _ = MODELS[model]
    data = {"setting": setting(n, components), "seed": seed}
    samples = draw(SampleSpec.parse(json.dumps(data)))
    spec = data | {"model": model, "denoiser": "random_features", "options": GRID | options, "sizes": sizes}
    spec |= {"protocol": {"steps": 10**13} | protocol, "time_grid": GRID}
    models = train_in_closed_form(TrainSpec.parse(json.dumps(spec)), samples)
    return models[["eigenvalue", "flow_loss"]].merge(samples[["true_mean", "true_variance"]])


def spec() -> RegressSpec:
    models = {
        model: {"provides": ["closed_form"], "settings": [name(n) for n in own[3]], "start": "zero"}
        for model, own in MODELS.items()
    }
    settings = [setting(n) for n in N_SAMPLES]
    values = {"campaign": "flows", "settings": settings, "models": models, "seeds": SEEDS, "regression": {}}
    return RegressSpec.model_validate(values)


def evaluations() -> Evaluations:
    return {
        (name(n), model, seed): evaluation(model, n, seed)
        for model, own in MODELS.items()
        for n in own[3]
        for seed in SEEDS
    }


@functools.cache
def table() -> xr.Dataset:
    """The table of a campaign, as far as flows go."""
    return case_coordinates(spec()).merge(flow_table(spec(), evaluations()))


def drawn(figure: str, model: str = "time", n: int = 10, **options: Any) -> Figure:
    of_case = READS[figure] == "evaluations"
    subject = {"setting": setting(n), "model": model, "provides": ["closed_form"]} if of_case else {}
    plot = PlotSpec.model_validate(subject | {"figure": {"figure": figure, **options}})
    inputs = [evaluation(model, n, seed) for seed in SEEDS] if of_case else [table()]
    return pieces.figure_module(figure).draw(plot.figure, plot.subject, {READS[figure]: inputs})


def mean_of_logs(values: list[np.ndarray]) -> np.ndarray:
    return np.exp(np.log(values).mean(axis=0))
