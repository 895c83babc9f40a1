"""Stage 4, beside regress: compare training protocols with a reference."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from edgemem.config.compare import CompareSpec
from edgemem.errors import EdgememError
from edgemem.numerics.statistics import crossing, equivalence, monotone_logit
from edgemem.stages.campaign_spec import add_campaign_spec
from edgemem.storage import read_dataset, write_dataset
from edgemem.writing import write_whole


# Bounds within which a protocol is equivalent to the reference.
BOUNDS = {"m50": 0.01, "log_variance": np.log(1.05)}
# Time of the losses that are compared, the nearest of the grid; psi = 6.7.
LOSS_TIME = 0.36

Evaluations = dict[tuple[str, int, str], xr.Dataset]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("evaluations", nargs="+", metavar="EVALUATION.nc", help="one file a setting, seed and protocol")
    parser.add_argument("--comparison", required=True, metavar="OUT.nc", help="comparison file to write")
    parser.add_argument("--table", required=True, metavar="OUT.md", help="the same as a table in Markdown")
    add_campaign_spec(parser, "settings, seeds, protocols and references")


def run(options: argparse.Namespace) -> None:
    """Write the comparison and its table."""
    spec = CompareSpec.parse(options.spec)
    comparison = compare(spec, _evaluations(spec, options.evaluations))
    write_dataset(
        comparison,
        options.comparison,
        kind="comparison",
        spec=spec,
        inputs=options.evaluations,
        title=f"Training protocols of campaign {spec.campaign}",
    )
    text = table(comparison)
    write_whole(options.table, lambda path: path.write_text(text, encoding="utf-8"))


def _evaluations(spec: CompareSpec, paths: list[str]) -> Evaluations:
    """Return the evaluations by setting, seed and protocol, whose name is that of the file.

    **Raises:** EdgememError if one is missing or foreign.
    """
    names = {json.dumps(setting.model_dump(mode="json"), sort_keys=True): setting.name for setting in spec.settings}
    found: Evaluations = {}
    for path in paths:
        dataset = read_dataset(path, "evaluations")
        made_for = json.loads(dataset.attrs["spec"])
        name = names.get(json.dumps(made_for["setting"], sort_keys=True))
        if name is None or made_for["seed"] not in spec.seeds:
            raise EdgememError(
                f"{path} was made for setting {made_for['setting']}, seed {made_for['seed']}, "
                "which is not among the settings and seeds of --spec"
            )
        found[name, made_for["seed"], Path(path).stem] = dataset
    for setting in spec.settings:
        for seed in spec.seeds:
            for protocol in (*spec.candidates, spec.references[setting.name]):
                if (setting.name, seed, protocol) not in found:
                    raise EdgememError(f"no evaluation of {setting.name}, seed {seed}, protocol {protocol} was given")
    return found


def compare(spec: CompareSpec, evaluations: Evaluations) -> xr.Dataset:
    """Return each protocol's difference from the reference, with the intervals of two one-sided tests.

    Differences are taken seed by seed: on the same data, from the same start. Of a model they are averaged over all
    sizes below N, where the variance is zero.
    """
    shape = (len(spec.candidates), len(spec.settings), len(spec.seeds))
    differences = {name: np.full(shape, np.nan) for name in ("m50", "log_variance", "log_train_loss", "log_test_loss")}
    for j, setting in enumerate(spec.settings):
        for k, seed in enumerate(spec.seeds):
            measured = {
                protocol: _measured(evaluations[setting.name, seed, protocol], setting.N)
                for protocol in {*spec.candidates, spec.references[setting.name]}
            }
            reference = measured[spec.references[setting.name]]
            for i, protocol in enumerate(spec.candidates):
                for name, difference in differences.items():
                    difference[i, j, k] = np.mean(measured[protocol][name] - reference[name])

    dataset = xr.Dataset(
        coords={
            "protocol": ("protocol", list(spec.candidates), {"long_name": "training protocol"}),
            "setting": ("setting", [setting.name for setting in spec.settings], {"long_name": "setting"}),
            "seed": ("seed", spec.seeds, {"long_name": "seed of a data set and its models", "units": "1"}),
            "reference": (
                "setting",
                [spec.references[setting.name] for setting in spec.settings],
                {"long_name": "protocol with which the others are compared"},
            ),
        }
    )
    what = {
        "m50": "M50 / N",
        "log_variance": "log of the learned variance",
        "log_train_loss": f"log of the training loss at t = {LOSS_TIME}",
        "log_test_loss": f"log of the test loss at t = {LOSS_TIME}",
    }
    for name, difference in differences.items():
        long_name = f"difference of {what[name]} from the reference"
        dataset[name] = (("protocol", "setting", "seed"), difference, {"long_name": long_name, "units": "1"})
        intervals = np.array([equivalence(row) for row in difference])  # protocol, (mean, low, high), setting
        for column, end in enumerate(("mean", "low", "high")):
            dataset[f"{name}_{end}"] = (
                ("protocol", "setting"),
                intervals[:, column],
                {"long_name": f"{long_name}, {end} over seeds" + " of 90 %" * (column > 0), "units": "1"},
            )
    inside = [(dataset[f"{name}_low"] > -bound) & (dataset[f"{name}_high"] < bound) for name, bound in BOUNDS.items()]
    dataset["equivalent"] = np.logical_and(*inside).astype(np.int8)
    dataset["equivalent"].attrs = {
        "long_name": f"1 if M50 is within {BOUNDS['m50']:g} N and the variance within 5 %, both at 5 %, else 0",
        "units": "1",
    }
    dataset["points"] = (
        "protocol",
        [protocol.steps * protocol.draws for protocol in spec.candidates.values()],
        {"long_name": "noised points that training sees of each sample, steps times draws", "units": "1"},
    )
    return dataset


def _measured(evaluation: xr.Dataset, n_samples: int) -> dict[str, np.ndarray]:
    """Return what is compared of one setting, seed and protocol."""
    logit = monotone_logit(evaluation.memorized_count.values[None], int(evaluation.generated_count))
    m50 = crossing(evaluation.model_size.values / n_samples, logit, 0.5)
    below = evaluation.where(evaluation.model_size < n_samples, drop=True)
    loss = below.loss.sel(denoiser="trained").sel(time=LOSS_TIME, method="nearest")
    return {
        "m50": np.where(np.isfinite(m50), m50, np.nan),
        "log_variance": np.log(below.learned_variance.values),
        "log_train_loss": np.log(loss.sel(split="train").values),
        "log_test_loss": np.log(loss.sel(split="test").values),
    }


def table(comparison: xr.Dataset) -> str:
    """Return the comparison in Markdown: one row a protocol and setting, the cheapest protocols first."""
    lines = [
        "| protocol | points | setting | reference | ΔM₅₀ / N | variance | train loss | test loss | equivalent |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]

    def interval(row: xr.Dataset, name: str, change: Callable[[float], float], form: str, unit: str = "") -> str:
        values = [change(float(row[f"{name}_{end}"])) for end in ("mean", "low", "high")]
        if not np.isfinite(values).all():
            return "unknown"  # in some data set one of the two has no transition
        mean, low, high = (format(value, form) for value in values)
        return f"{mean} [{low}, {high}]{unit}"

    for protocol in comparison.protocol.values[np.argsort(comparison.points.values, kind="stable")]:
        for setting in comparison.setting.values:
            row = comparison.sel(protocol=protocol, setting=setting)
            percent = [
                interval(row, name, lambda x: 100 * np.expm1(x), "+.1f", " %")
                for name in ("log_variance", "log_train_loss", "log_test_loss")
            ]
            cells = [protocol, f"{int(row.points):,}", setting, row.reference.item()]
            cells += [interval(row, "m50", float, "+.4f"), *percent, "yes" if row.equivalent else "no"]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])
