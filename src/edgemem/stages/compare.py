"""Stage 4, beside regress: compare training protocols with a reference."""

import argparse
import json
from pathlib import Path

import numpy as np
import xarray as xr

from edgemem.config.compare import CompareSpec
from edgemem.errors import EdgememError
from edgemem.numerics.randomness import named_generator
from edgemem.numerics.statistics import crossing_estimates, equivalence
from edgemem.storage import read_dataset, write_dataset, write_whole


# Bounds within which a protocol is equivalent to the reference.
BOUNDS = {"m50": 0.01, "log_variance": np.log(1.05)}
# Time of the losses that are compared, the nearest of the grid; psi = 6.7.
LOSS_TIME = 0.36

Runs = dict[tuple[str, int, str], tuple[xr.Dataset, xr.Dataset]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("evaluations", nargs="+", metavar="EVALUATION.nc", help="one file a setting, seed and protocol")
    parser.add_argument("--models", nargs="+", required=True, metavar="MODELS.nc", help="the models of each evaluation")
    parser.add_argument("--comparison", required=True, metavar="OUT.nc", help="comparison file to write")
    parser.add_argument("--table", required=True, metavar="OUT.md", help="the same as a table in Markdown")
    parser.add_argument("--spec", required=True, metavar="JSON", help="settings, seeds, protocols and references")


def run(options: argparse.Namespace) -> None:
    """Write the comparison and its table."""
    spec = CompareSpec.parse(options.spec)
    runs = _runs(spec, options.evaluations, options.models)
    comparison = compare(spec, runs)
    write_dataset(
        comparison,
        options.comparison,
        kind="comparison",
        spec=spec,
        inputs=[*options.evaluations, *options.models],
        title=f"Training protocols of campaign {spec.campaign}",
    )
    text = table(spec, comparison)
    write_whole(options.table, lambda path: path.write_text(text, encoding="utf-8"))


def _runs(spec: CompareSpec, evaluations: list[str], models: list[str]) -> Runs:
    """Return evaluation and models by setting, seed and protocol, whose name is that of the file.

    **Raises:** EdgememError if one is missing.
    """
    names = {json.dumps(setting.model_dump(mode="json"), sort_keys=True): setting.name for setting in spec.settings}
    found: dict[str, dict[tuple[str, int, str], xr.Dataset]] = {"evaluations": {}, "models": {}}
    for kind, paths in (("evaluations", evaluations), ("models", models)):
        for path in paths:
            dataset = read_dataset(path, kind)
            made_for = json.loads(dataset.attrs["spec"])
            setting = names.get(json.dumps(made_for["setting"], sort_keys=True))
            if setting is None or made_for["seed"] not in spec.seeds:
                raise EdgememError(f"{path} is of a setting or seed that is not in --spec")
            found[kind][setting, made_for["seed"], Path(path).stem] = dataset
    runs = {}
    for setting in spec.settings:
        for seed in spec.seeds:
            for protocol in {*spec.candidates, spec.references[setting.name]}:
                key = setting.name, seed, protocol
                for kind, have in found.items():
                    if key not in have:
                        raise EdgememError(f"no {kind} file of {key[0]}, seed {seed}, protocol {protocol} was given")
                runs[key] = found["evaluations"][key], found["models"][key]
    return runs


def compare(spec: CompareSpec, runs: Runs) -> xr.Dataset:
    """Return each protocol's difference from the reference, with the intervals of two one-sided tests.

    Differences are taken seed by seed: on the same data, from the same start. Of a model they are averaged over all
    sizes below N, where the variance is zero.
    """
    shape = (len(spec.candidates), len(spec.settings), len(spec.seeds))
    differences = {name: np.full(shape, np.nan) for name in ("m50", "log_variance", "log_train_loss", "log_test_loss")}
    seconds, reference_seconds = np.full(shape, np.nan), np.full(shape[1:], np.nan)
    for j, setting in enumerate(spec.settings):
        for k, seed in enumerate(spec.seeds):
            rng = named_generator(seed, "compare", setting.name)
            state = rng.bit_generator.state

            def measured(protocol: str, setting=setting, seed=seed, rng=rng, state=state) -> dict[str, np.ndarray]:
                rng.bit_generator.state = state
                return _measured(*runs[setting.name, seed, protocol], setting.N, rng)

            reference = measured(spec.references[setting.name])
            reference_seconds[j, k] = reference["seconds"]
            for i, protocol in enumerate(spec.candidates):
                candidate = measured(protocol)
                seconds[i, j, k] = candidate["seconds"]
                for name, difference in differences.items():
                    difference[i, j, k] = np.mean(candidate[name] - reference[name])

    dataset = xr.Dataset(
        coords={
            "protocol": list(spec.candidates),
            "setting": [setting.name for setting in spec.settings],
            "seed": spec.seeds,
            "reference": ("setting", [spec.references[setting.name] for setting in spec.settings]),
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
    inside = [
        (dataset[f"{name}_low"] > -bound) & (dataset[f"{name}_high"] < bound) for name, bound in BOUNDS.items()
    ]
    dataset["equivalent"] = np.logical_and(*inside).astype(np.int8)
    dataset["equivalent"].attrs = {
        "long_name": f"1 if M50 is within {BOUNDS['m50']:g} N and the variance within 5 %, both at 5 %, else 0",
        "units": "1",
    }
    dataset["seconds"] = (
        ("protocol", "setting", "seed"),
        seconds,
        {"long_name": "wall-clock time of training one model, mean over sizes", "units": "s"},
    )
    dataset["reference_seconds"] = (
        ("setting", "seed"),
        reference_seconds,
        {"long_name": "wall-clock time of training one model by the reference, mean over sizes", "units": "s"},
    )
    return dataset


def _measured(
    evaluation: xr.Dataset, models: xr.Dataset, n_samples: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return what is compared of one setting, seed and protocol."""
    counts, total = evaluation.memorized_count.values, int(evaluation.generated_count)
    m50 = crossing_estimates(evaluation.model_size.values / n_samples, counts, total, (0.5,), rng=rng)[0].value
    below = evaluation.where(evaluation.model_size < n_samples, drop=True)
    loss = below.loss.sel(denoiser="trained").sel(time=LOSS_TIME, method="nearest")
    return {
        "m50": np.array(m50),
        "log_variance": np.log(below.learned_variance.values),
        "log_train_loss": np.log(loss.sel(split="train").values),
        "log_test_loss": np.log(loss.sel(split="test").values),
        "seconds": models.train_seconds.mean().values,
    }


def table(spec: CompareSpec, comparison: xr.Dataset) -> str:
    """Return the comparison in Markdown: one row a protocol and setting, the cheapest protocols first."""
    lines = [
        "| protocol | setting | reference | ΔM₅₀ / N | variance | train loss | test loss | equivalent | s a model |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]

    def percent(row: xr.Dataset, name: str) -> str:
        mean, low, high = (100 * np.expm1(float(row[f"{name}_{end}"])) for end in ("mean", "low", "high"))
        return f"{mean:+.1f} % [{low:+.1f}, {high:+.1f}]"

    order = comparison.seconds.sum(("setting", "seed")).argsort().values
    for i in order:
        for j, setting in enumerate(comparison.setting.values):
            row = comparison.isel(protocol=int(i), setting=j)
            m50 = [float(row[f"m50_{end}"]) for end in ("mean", "low", "high")]
            cost = float(row.reference_seconds.mean() / row.seconds.mean())
            lines.append(
                f"| {row.protocol.item()} | {setting} | {row.reference.item()} "
                f"| {m50[0]:+.4f} [{m50[1]:+.4f}, {m50[2]:+.4f}] | {percent(row, 'log_variance')} "
                f"| {percent(row, 'log_train_loss')} | {percent(row, 'log_test_loss')} "
                f"| {'yes' if row.equivalent else 'no'} | {float(row.seconds.mean()):.2f} ({cost:,.0f} × less) |"
            )
    made = comparison.attrs
    keys = "; ".join(
        f"`{name}`: {protocol.steps:,} steps × {protocol.draws} draws" for name, protocol in spec.candidates.items()
    )
    seeds = len(spec.seeds)
    _ = made
    return "\n".join([*lines, "", f"{seeds} seeds. {keys}.", ""])
