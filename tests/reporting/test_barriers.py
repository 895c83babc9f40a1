"""The verdict on a barrier: from the interval of the trained curve's, as a share of the higher end's loss."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from edgemem.analysis.barriers import barrier_metrics
from edgemem.reporting.barriers import barriers_text, verdict


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-0.01, 0.019, "no barrier"),
        (0.021, 0.5, "no path without a barrier was found"),
        (0.0, 0.021, "cannot tell"),
        (0.019, 0.5, "cannot tell"),
        (None, None, "cannot tell"),
    ],
)
def test_verdict_follows_the_ends_of_the_interval(low: float | None, high: float | None, said: str):
    assert verdict(low, high) == said


def barriers(line: float, curve: float) -> xr.Dataset:
    """Return what a file says of one size: the loss of the higher end is 4, that of the lower one 3."""
    return xr.Dataset(
        {
            "barrier": (("path", "model_size"), [[line], [curve]]),
            "higher_end_loss": ("model_size", [4.0]),
            "lower_end_loss": ("model_size", [3.0]),
        },
        coords={"path": ["line", "curve"], "model_size": [10], "fraction": ("model_size", [0.7])},
        attrs={"setting": "s", "model": "m_1", "spec": '{"to": "o_2"}'},
    )


def test_metrics_are_means_over_seeds_and_the_table_has_them():
    curve = np.array([0.4, 0.5, 0.42])
    metrics = barrier_metrics(barriers(2.0, height) for height in curve)
    half = stats.t(2).ppf(0.975) * stats.sem(curve)
    expected = {"": curve.mean(), "_low": curve.mean() - half, "_high": curve.mean() + half}
    for end, value in expected.items():
        assert metrics[f"s/m_1/barrier_to/o_2_0.7_curve{end}"] == pytest.approx(value, rel=1e-7)
        assert metrics[f"s/m_1/relative_barrier_to/o_2_0.7_curve{end}"] == pytest.approx(value / 4, rel=1e-7)
        assert metrics[f"s/m_1/barrier_over_difference_to/o_2_0.7_curve{end}"] == pytest.approx(value, rel=1e-7)
    text = barriers_text(metrics)
    assert "| s/m_1 | o_2 | 0.7 | 2 [2, 2] |" in text
    assert "| no path without a barrier was found |" in text
    assert barriers_text({"s/m_1/m50": 0.7}) == ""
