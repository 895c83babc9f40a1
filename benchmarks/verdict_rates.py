"""How often verdicts are wrong, and how often they are right: docs/measured/verdict-rates.json.

python -m benchmarks.verdict_rates; python -m edgemem pages docs/verdicts.md

Simulated campaigns (`benchmarks.simulated_campaigns`) go through tables, fits, metrics and the judges of all claims.
What is true of a claim in a campaign is written in `TRUTHS`; a verdict is false if it says the opposite.
"""

import argparse
import json
import platform
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.simulated_campaigns import (
    COUNTING,
    DESIGNS,
    EFFECT,
    NO_EFFECT,
    THEORY,
    WORLDS,
    Simulated,
    simulate,
    simulate_images,
)
from edgemem.analysis import published
from edgemem.analysis.agreement import clustered_mean
from edgemem.config.regress import PREDICTORS
from edgemem.numerics.errors_in_variables import clustered_slope, within_slope
from edgemem.numerics.evidence import CANNOT_TELL, CONTRADICTED, SUPPORTED, interval
from edgemem.numerics.statistics import wilson_interval
from edgemem.numerics.variance_components import one_seed_interval
from edgemem.reporting import bounds
from edgemem.reporting.claims import campaign_claims
from edgemem.reporting.figure_values import CASE
from edgemem.reporting.further_claims import FURTHER
from edgemem.reporting.paper_claims import PAPER
from edgemem.reporting.prediction_claims import UNFITTED
from edgemem.reporting.quantities import error_interval


ROOT = Path(__file__).parents[1]
NUMBERS = ROOT / "docs/measured/verdict-rates.json"
LISTS = {"paper": [claim.name for claim in PAPER], "further": [claim.name for claim in FURTHER]}
# At most as many verdicts may be false, and so many intervals hold the truth.
FALSE, COVERAGE = 0.05, (0.93, 0.97)
# Numbers of settings and of data sets.
SETTINGS, DATA_SETS = (2, 64), (1, 10)
# Numbers of data sets for which power is stated.
SEEDS = (1, 2, 3, 5, 10)
# Claims that a campaign with several sigma*^2 can tell of; of others the places do not depend on sigma*^2.
WITH_EFFECT = (
    "Four fifths",
    "Regression",
    "Some weights",
    "Equal weights, C = 2",
    "Equal weights, finite-size C",
    "Equal weights, the exact losses",
    "Within one variance",
    "Better than a constant",
    "Interpolation",
    "Extrapolation",
    "Better than a curve",
    "Data sets or settings",
)
NEAR, PLACE = bounds.NEAR, (bounds.POINT - bounds.NEAR, bounds.POINT + bounds.NEAR)
NAMES = tuple(PREDICTORS)
# A slope or bias this near to a bound is neither in nor out of it.
AT_BOUND = {"slope": 0.05, "bias": 0.002}

Answer = bool | None


class Judged(NamedTuple):
    """A verdict on a claim in a simulated campaign, and what is true."""

    claim: str
    verdict: str
    truth: Answer

    @property
    def false(self) -> bool:
        """Whether the verdict says the opposite of what is true."""
        return self.truth is not None and self.verdict == (CONTRADICTED if self.truth else SUPPORTED)

    @property
    def right(self) -> bool:
        """Whether the verdict says what is true."""
        return self.truth is not None and self.verdict == (SUPPORTED if self.truth else CONTRADICTED)


def agreed(*answers: Answer) -> Answer:
    """Return an answer if all are the same; what is true by chance of a few settings is neither true nor false."""
    return answers[0] if len(set(answers)) == 1 else None


def everywhere(
    values: np.ndarray, low: float, high: float, centre: float | None = None, between: float | None = None
) -> Answer:
    """Return whether all of the values are inside; None if some are not, but their mean is and they differ little.

    **Arguments:** `centre`, `between`: mean and variance of the distribution that they are from.
    """

    def off(mean: float, stddev: float) -> bool:
        return not low <= mean <= high or stddev > (high - low) / 2

    own = off(float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0)
    drawn = own if centre is None or between is None else off(centre, float(np.sqrt(between)))
    if np.all((low <= values) & (values <= high)):
        return None if drawn and centre is not None else True
    return False if own and drawn else None


def constants(values: np.ndarray, low: float, high: float) -> Answer:
    """Return whether a constant is inside at every fraction below one."""
    found = [everywhere(column, low, high) for column in values.T[:-1]]
    return False if False in found else agreed(*found)


def errors(sim: Simulated, predictor: str, predicted: str = "predicted_unseen") -> np.ndarray:
    """Return squared differences of predictions from the true places, by case."""
    values = sim.regression[predicted].sel(predictor=predictor).values[:, 0]
    return np.asarray((values - sim.truth.place) ** 2)


def noise(sim: Simulated) -> float:
    """Return the variance of a measured place."""
    return (sim.truth.between_data_sets**2 + COUNTING**2) / len(sim.spec.seeds)


def beyond_noise(predictor: str, ends: bool | None) -> Callable[[Simulated], Answer]:
    """Return whether predictions for unseen sigma*^2, at the ends, between them or all, are right within the bound."""

    def truth(sim: Simulated) -> Answer:
        variances = sim.regression.variance.values
        if len(set(variances)) < 3:
            return None
        end = np.isin(variances, [variances.min(), variances.max()])
        chosen = errors(sim, predictor)[np.ones_like(end) if ends is None else end == ends]
        return bool(chosen.mean() < bounds.EXCESS_ERROR) if np.isfinite(chosen).all() else None

    return truth


def regression(sim: Simulated) -> Answer:
    """Return whether the regression's error is below the bound, on the settings held out and on all."""
    found, held = errors(sim, "fitted", "predicted_fraction") + noise(sim), sim.regression.holdout.values == 1
    if not np.isfinite(found).all() or not held.any():
        return None
    return agreed(*(bool(part.mean() < bounds.REGRESSION) for part in (found, found[held])))


def better_than_constant(sim: Simulated) -> Answer:
    """Return whether the regression is better than a constant; where nothing has an effect it can be so by chance."""
    if sim.truth.world == NO_EFFECT:
        return False
    constant, fitted = (errors(sim, name, "predicted_fraction") for name in ("constant", "fitted"))
    held = sim.regression.holdout.values == 1
    shares = [
        np.mean((constant - fitted)[part]) / (constant[part].mean() + noise(sim))
        for part in (held, np.ones_like(held))
        if part.any()
    ]
    return agreed(*(bool(share > bounds.GAIN) for share in shares)) if np.isfinite(shares).all() else None


def better_than_curves(sim: Simulated) -> Answer:
    """Return whether the regression is better than both curves on sigma*^2 that it has not seen."""
    fitted = errors(sim, "fitted")
    curves = [errors(sim, name) for name in ("line", "parabola")]
    shares = [np.mean(curve - fitted) / (curve.mean() + noise(sim)) for curve in curves]
    return all(share > bounds.GAIN for share in shares) if np.isfinite(shares).all() else None


def crossing(predictor: str) -> Callable[[Simulated], Answer]:
    """Return whether places are where losses cross, by slope and bias over the settings."""

    def truth(sim: Simulated) -> Answer:
        if sim.truth.world == THEORY and predictor == "exact_losses":
            return True
        exact = predictor == "exact_losses"
        predicted = sim.regression.predicted_fraction.sel(predictor=predictor).values[:, 0]
        predicted, place = sim.truth.crossing if exact else predicted, sim.truth.place
        bias = abs(float(np.mean(place - predicted)))
        biased = None if abs(bias - NEAR) < AT_BOUND["bias"] else bias > NEAR
        if np.ptp(predicted.round(3)) == 0:  # no slope
            return False if biased else None
        if sim.truth.world == NO_EFFECT:
            return False
        off = abs(float(np.polyfit(predicted, place, 1)[0]) - 1)
        sloped = None if abs(off - bounds.SLOPE) < AT_BOUND["slope"] else off > bounds.SLOPE
        return (
            False
            if True in (biased, sloped)
            else agreed(not biased, not sloped)
            if None not in (biased, sloped)
            else None
        )

    return truth


def nothing_fitted(sim: Simulated) -> Answer:
    """Return whether one of the predictors that fit nothing is expected to have a squared error below the bound."""
    found = np.array([errors(sim, predictor, "predicted_fraction").mean() for predictor in UNFITTED]) + noise(sim)
    return bool(np.nanmin(found) < bounds.UNFITTED_ERROR)


def data_sets_outweigh(sim: Simulated) -> Answer:
    """Return whether data sets have most of the variance, by the distribution of the places and by the places."""
    own = sim.truth.between_data_sets**2
    between = (sim.truth.between, float(sim.truth.place.var(ddof=1)))
    # Of normal places the claim is about what they are drawn from.
    return agreed(*(own / (own + one) > bounds.MOST for one in between[: 1 if sim.truth.normal else 2]))


# By claim: true, false, or no answer (None), in a simulated campaign; of images in one of images.
TRUTHS: dict[str, Callable[[Simulated], Answer]] = {
    "Transition": lambda sim: sim.truth.complete > bounds.MOST,
    "Four fifths": lambda sim: everywhere(sim.truth.place, *PLACE, sim.truth.centre, sim.truth.between),
    "Regression": regression,
    "Some weights": beyond_noise("exact_fitted", None),
    "Generalizing loss": lambda sim: everywhere(sim.truth.ratio, 1 - bounds.RELATIVE, 1 + bounds.RELATIVE),
    "Partially memorizing loss": lambda sim: constants(
        sim.truth.constant, bounds.CONSTANTS[0] * (1 - bounds.RELATIVE), bounds.CONSTANTS[1] * (1 + bounds.RELATIVE)
    ),
    "Learned variance": lambda sim: (
        sim.truth.variance[1.0] < NEAR and abs(sim.truth.variance[0.7] - 0.3) < bounds.FORMULA
    ),
    "Seeds": lambda sim: sim.truth.between_data_sets < NEAR,
    "Training loss": lambda sim: (
        bool(np.abs(sim.truth.losses).max() < bounds.FORMULA * published.GENERALIZING_LOSS)
        if CASE in sim.cases
        else None
    ),
    "Images": lambda sim: sim.truth.complete > bounds.MOST,
    "Equal weights, C = 2": crossing("c2"),
    "Equal weights, finite-size C": crossing("finite_size"),
    "Equal weights, the exact losses": crossing("exact_losses"),
    "Weights of training, C = 2": crossing("own_c2"),
    "Weights of training, the exact losses": crossing("own_exact"),
    "Nothing fitted": nothing_fitted,
    "Within one variance": lambda sim: sim.truth.world == THEORY,
    "Better than a constant": better_than_constant,
    "Interpolation": beyond_noise("fitted", False),
    "Extrapolation": beyond_noise("fitted", True),
    "Better than a curve": better_than_curves,
    "C = 2": lambda sim: constants(
        sim.truth.constant, bounds.CONSTANTS[1] * (1 - bounds.DRAWN), bounds.CONSTANTS[1] * (1 + bounds.DRAWN)
    ),
    "Finite-size C": lambda sim: constants(
        sim.truth.constant / sim.truth.formula, 1 - bounds.FORMULA, 1 + bounds.FORMULA
    ),
    "Data sets or settings": data_sets_outweigh,
    "Place, images": lambda sim: everywhere(sim.truth.place, *PLACE),
    "Width, images": lambda sim: sim.truth.width < bounds.WIDTH,
}
OF_IMAGES = ("Images", "Place, images", "Width, images")


def judged(sim: Simulated, images: Simulated | None = None) -> list[Judged]:
    """Return the verdicts on all claims; those on images are of another campaign."""
    found = []
    for one, names in ((sim, set(TRUTHS) - set(OF_IMAGES)), (images, OF_IMAGES)):
        if one is not None:
            claims = [row for table in (PAPER, FURTHER) for row in campaign_claims(one.metrics, one.cases, table)]
            found += [Judged(row.name, row.verdict, TRUTHS[row.name](one)) for row in claims if row.name in names]
    return found


def campaign(world: str, number: int, seed: int, largest: int = SETTINGS[1]) -> tuple[Simulated, Simulated]:
    """Return a simulated campaign of mixtures and one of images.

    Half of the numbers of settings are uniform from 2 to the largest, half of their logarithms. Campaigns with an
    effect have two or five values of sigma*^2 and numbers of data sets in turn, others what chance gives them.
    """
    rng = np.random.default_rng([seed, WORLDS.index(world), number])
    uniform, end = rng.random() < 0.5, largest + 1
    count = int(rng.integers(SETTINGS[0], end)) if uniform else int(np.exp(rng.uniform(*np.log([SETTINGS[0], end]))))
    if world == EFFECT:
        design, seeds = ("two", "five")[number % 2], SEEDS[number // 2 % len(SEEDS)]
    else:
        design, seeds = str(rng.choice(list(DESIGNS))), int(rng.integers(*DATA_SETS, endpoint=True))
    return simulate(world, design, count, seeds, rng), simulate_images(int(rng.integers(1, 5)), seeds, rng)


Hits = dict[tuple[str, str], list[bool]]


def covered(sim: Simulated) -> Iterator[tuple[str, str, bool]]:
    """Yield quantities of the metrics, of what design they are, and whether their interval holds the truth."""
    truth, seeds, metrics = sim.truth, len(sim.spec.seeds), sim.metrics
    several = "1 data set" if seeds == 1 else "2 data sets" if seeds == 2 else "3 to 10 data sets"

    def hit(name: str, value: float) -> bool | None:
        low, high = metrics.get(f"{name}_low"), metrics.get(f"{name}_high")
        return None if low is None or high is None else low <= value <= high

    def each() -> Iterator[tuple[str, str, bool | None]]:
        # The cases of a campaign have the same spread: a few of them are enough.
        for case, place in list(zip(sim.cases, truth.place, strict=True))[:3]:
            for name, step in (("m10", -0.5), ("m50", 0.0), ("m90", 0.5)):
                alike = "" if seeds > 1 else ", settings alike" if truth.between == 0 else ", settings differ"
                for kind in ("", "corrected_"):
                    yield (
                        f"{kind}{name}",
                        several + alike,
                        hit(f"{case}/{kind}{name}_pooled", place + step * truth.width),
                    )
            if seeds > 1:
                yield "corrected width", several, hit(f"{case}/corrected_width", truth.width)
        if truth.normal:
            yield "mean of m50 over settings", "", hit("campaign/m50_mean", truth.centre)
            group, variance = "components/gaussian/mixture", truth.between_data_sets**2
            alike = "settings alike" if truth.between == 0 else "settings differ"
            if seeds > 1:
                yield "variance between data sets", "", hit(f"{group}/between_data_sets", variance)
                yield "variance between settings", alike, hit(f"{group}/between_settings", truth.between)
                share = variance / (variance + truth.between)
                yield "share of data sets", alike, hit(f"{group}/share_of_data_sets", share)
            total = truth.between + (variance + COUNTING**2) / seeds
            yield "variance of settings’ means", "", hit(f"{group}/total", total)
            held = metrics["predictor/constant/count_holdout"] or 0
            if held >= bounds.MIN_HELD_OUT:
                _, low, high = error_interval(metrics["predictor/constant/squared_error_holdout"] or 0, round(held))
                expected = total * (1 + 1 / (len(sim.cases) - held))
                yield "squared error on settings held out", "", low <= expected <= high
        if truth.world == THEORY:
            clusters = "settings" if len(set(sim.regression.variance.values)) < 3 else "5 values of σ*²"
            for name, value in (("bias", 0.0), ("slope", 1.0), ("within_slope", 1.0)):
                alone = ", 1 data set" if seeds == 1 else ""
                yield (
                    f"{name} of exact losses".replace("_", " "),
                    clusters + alone,
                    hit(f"predictor/exact_losses/{name}", value),
                )

    yield from ((name, design, found) for name, design, found in each() if found is not None)


def clusters(repeats: int, rng: np.random.Generator) -> Iterator[tuple[str, str, bool]]:
    """Yield whether intervals of clustered quantities hold the truth, by the number of clusters."""
    for count in (3, 4, 5, 8, 12):
        for _ in range(repeats):
            label = np.repeat(np.arange(count), rng.integers(2, 11, count))
            # Places, their spread, errors of predictions and effects of clusters as measured in `refute`.
            x = np.linspace(0.72, 0.886, count)[label] + 0.015 * rng.standard_normal(len(label))
            y = x + 0.004 * rng.standard_normal(count)[label] + 0.006 * rng.standard_normal(len(label))
            seen, stderr = x + 0.003 * rng.standard_normal(len(label)), np.full(len(label), 0.003)
            for name, found, true in (
                ("slope", clustered_slope(seen, y, stderr, label), 1.0),
                ("within slope", within_slope(seen, y, stderr, label), 1.0),
                ("bias", clustered_mean(y - seen, label), 0.0),
            ):
                _, low, high = interval(found)
                if np.isfinite(low):
                    yield name, f"{count} clusters", low <= true <= high


def single(repeats: int, rng: np.random.Generator) -> Iterator[tuple[str, str, bool]]:
    """Yield whether intervals from one data set of each setting hold a setting's mean, where settings do not differ."""
    for count in (3, 8, 24, 64):
        for _ in range(repeats):
            low, high = one_seed_interval(rng.standard_normal(count), np.zeros(count))
            yield "m50", f"1 data set, {count} settings alike", bool(low[0] <= 0 <= high[0])


def shares(repeats: int, rng: np.random.Generator) -> Iterator[tuple[str, str, bool]]:
    """Yield whether Wilson's interval of a share that is anything from 0 to 1 holds it."""
    for total in (5, 50, 2000):
        true = rng.random(repeats)
        low, high = wilson_interval(rng.binomial(total, true), total)
        yield from (("ratio (Wilson)", f"{total} points", bool(hit)) for hit in (low <= true) & (true <= high))


def folds(repeats: int, rng: np.random.Generator) -> Iterator[tuple[str, str, bool]]:
    """Yield whether the interval of a fold's error holds it, where half of the error is a misfit by sigma*^2 or none.

    A hold-out has the values of sigma*^2 that the fit has seen: the misfits are what they are. What would be with other
    values is another question, of which the interval does not speak.
    """
    for count in (8, 16, 40):
        label = np.arange(count) % 5
        for part, what in (
            (0.0, "no misfit"),
            (0.5, "misfit by σ*², same values"),
            (0.5, "misfit by σ*², other values"),
        ):
            for _ in range(repeats):
                misfit = np.sqrt(part) * rng.standard_normal(5)[label]
                error = misfit + np.sqrt(1 - part) * rng.standard_normal(count)
                expected = 1.0 if "other" in what else 1 - part + float(np.mean(misfit**2))
                _, low, high = error_interval(float(np.mean(error**2)), count)
                yield "squared error of a fold", f"{count} settings, {what}", low <= expected <= high


def share(count: int, total: int) -> dict[str, Any]:
    """Return a share with its interval."""
    if not total:
        return {"count": 0, "share": None, "low": None, "high": None}
    low, high = wilson_interval(np.array([count]), total)
    return {"count": total, "share": count / total, "low": float(low[0]), "high": float(high[0])}


def _within_bar(row: dict[str, Any]) -> dict[str, Any]:
    """Say on which side of the bar a coverage is shown to be, if on one."""
    low, high = COVERAGE
    side = "too narrow" if row["high"] < low else "too wide" if row["low"] > high else ""
    return row | {"outside": side}


def of_claim(found: list[Judged]) -> dict[str, Any]:
    """Return how often verdicts on one claim are false, and how often nothing can be told, where there is a truth."""
    known = [one for one in found if one.truth is not None]
    told = Counter(one.verdict for one in known)
    return share(sum(one.false for one in known), len(known)) | {
        "true": sum(bool(one.truth) for one in known) / max(len(known), 1),
        "right": sum(one.right for one in known) / max(len(known), 1),
        "cannot_tell": told[CANNOT_TELL] / max(len(known), 1),
    }


def numbers(count: int, seed: int) -> dict[str, Any]:
    """Return all rates."""
    counts = {NO_EFFECT: count, EFFECT: count, THEORY: count // 4}
    found: dict[str, list[list[Judged]]] = defaultdict(list)
    sizes: list[tuple[str, int]] = []
    hits: Hits = defaultdict(list)
    for world, campaigns in counts.items():
        for number in range(campaigns):
            sim, images = campaign(world, number, seed)
            found[world].append(judged(sim, images))
            sizes.append((sim.truth.design, len(sim.spec.seeds)))
            for name, design, hit in covered(sim):
                hits[name, design].append(hit)
    rng = np.random.default_rng([seed, len(WORLDS)])
    direct = (clusters(2 * count, rng), single(5 * count, rng), shares(20 * count, rng), folds(5 * count, rng))
    for each in direct:
        for name, design, hit in each:
            hits[name, design].append(hit)
    everything = [one for world in counts for one in found[world]]
    by_claim = {
        world: {name: of_claim([j for one in rows for j in one if j.claim == name]) for name in TRUTHS}
        for world, rows in {**found, "all": everything}.items()
    }
    family = {
        world: {
            name: share(sum(any(j.false for j in one if j.claim in claims) for one in rows), len(rows))
            for name, claims in LISTS.items()
        }
        for world, rows in {**found, "all": everything}.items()
    }
    first = counts[NO_EFFECT]
    effects = list(zip(found[EFFECT], sizes[first : first + counts[EFFECT]], strict=True))
    with_effect = [j for one in found[EFFECT] for j in one if j.claim in WITH_EFFECT]
    power = {
        name: {
            design: {
                str(seeds): of_claim(
                    [j for one, size in effects if size == (design, seeds) for j in one if j.claim == name]
                )
                for seeds in SEEDS
            }
            for design in ("two", "five")
        }
        for name in WITH_EFFECT
    }
    coverage = [
        _within_bar({"quantity": name, "design": design} | share(sum(values), len(values)))
        for (name, design), values in sorted(hits.items())
    ]
    return {
        "campaigns": counts,
        "bars": {"false": FALSE, "low": COVERAGE[0], "high": COVERAGE[1]},
        "claims": [
            {"name": name, "list": which, **{world: by_claim[world][name] for world in by_claim}}
            for which, names in LISTS.items()
            for name in names
        ],
        "family": family,
        "settings": SETTINGS,
        "seeds": DATA_SETS,
        "power_seeds": SEEDS,
        "share_with_answer": sum(j.truth is not None for j in with_effect) / max(len(with_effect), 1),
        "power": power,
        "coverage": coverage,
    }


def _rounded(value: Any) -> Any:
    """Return numbers to five digits: more than any of these rates has."""
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value


def main() -> None:
    """Simulate, print what is outside of the bars, and write the numbers of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaigns", type=int, default=1000, help="without and with an effect, each (default: 1000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=NUMBERS, metavar="FILE.json")
    options = parser.parse_args()
    start = time.monotonic()
    found = numbers(options.campaigns, options.seed)
    about = {
        "made_by": f"python -m benchmarks.verdict_rates --campaigns {options.campaigns} --seed {options.seed}",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True).strip(),
        "machine": f"Python {platform.python_version()}, numpy {np.__version__}, one thread",
        "minutes": round((time.monotonic() - start) / 60),
    }
    options.out.write_text(json.dumps(_rounded(about | found), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for claim in found["claims"]:
        row = {world: claim[world] for world in (*WORLDS, "all")}
        print(claim["name"], {w: (r["count"], r["share"], r["cannot_tell"], r["true"]) for w, r in row.items()})
    print(found["family"])
    for row in found["coverage"]:
        print(*row.values())


if __name__ == "__main__":
    main()
