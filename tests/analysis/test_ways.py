"""Other ways to generate points: where the transition is, and how far it moves within a data set."""

import numpy as np
import xarray as xr
from scipy import stats

from edgemem.analysis.ways import ways_metrics
from edgemem.reporting.ways import ways_text


WAYS = [("ddim", 26, 0.001), ("ddpm", 26, 0.001), ("ddim", 11, 0.001), ("ddim", 26, 0.1)]
# By seed and way: data sets differ by far more than the ways do.
M50 = np.array([[0.80, 0.81, 0.79, np.nan], [0.90, 0.912, 0.889, 0.7], [0.70, 0.711, 0.688, 0.6]])


def file(row: np.ndarray, setting: str = "one") -> xr.Dataset:
    sampler, times, t_min = zip(*WAYS, strict=True)
    ways = {"sampler": list(sampler), "times": list(times), "t_min": list(t_min)}
    return xr.Dataset(
        {"m50": (("variant", "threshold"), np.stack([row, row - 0.3], axis=1))},
        coords={name: ("variant", values) for name, values in ways.items()},
        attrs={"setting": setting, "model": "mixture"},
    )


def test_ways_are_told_by_data_set():
    """A place has the spread of the data sets in its interval, and a shift has not."""
    metrics = ways_metrics([*map(file, M50), *(file(row + 0.05, "other") for row in M50)])
    own, others = "ddim_26_0.001", ("ddpm_26_0.001", "ddim_11_0.001", "ddim_26_0.1")
    assert set(metrics) == {
        f"{setting}/mixture/m50_by/{name}{end}"
        for setting in ("one", "other")
        for name in (own, *others, *(f"{way}_shift" for way in others))
        for end in ("", "_low", "_high")
    }
    for way, column in (("ddpm_26_0.001", 1), ("ddim_11_0.001", 2)):
        for name, values in ((way, M50[:, column]), (f"{way}_shift", M50[:, column] - M50[:, 0])):
            half = stats.t(2).ppf(0.975) * stats.sem(values)
            found = [metrics[f"one/mixture/m50_by/{name}{end}"] for end in ("", "_low", "_high")]
            np.testing.assert_allclose(found, values.mean() + half * np.array([0, -1, 1]), rtol=1e-6)
    # Where one data set has no transition there is no mean.
    assert metrics["one/mixture/m50_by/ddim_26_0.1_shift"] is None


def test_ways_in_a_table():
    """Each way is a row in words, with its shift; a campaign that tried none has no section."""
    text = ways_text(ways_metrics(map(file, M50)))
    assert "| one/mixture | DDIM, 26 times down to 0.001 | 0.8000 [0.5516, 1.0484] | the campaign’s own |" in text
    assert "| one/mixture | DDPM, 26 times down to 0.001 |" in text and "| +0.0110 [" in text
    assert ways_text({"campaign/seeds": 3}) == ""
