"""The agreement of models of different samples, as metrics and in a table."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from edgemem.analysis.disjoint_parts import agreement_metrics
from edgemem.reporting.disjoint_parts import agreement_text


def agreements(last: float, own: int) -> xr.Dataset:
    """Return what a file says at two steps, of a size that all seeds have and of one of its own."""
    over = ("model_size", "step")
    return xr.Dataset(
        {
            "agreement": (over, [[0.9, last], [0.5, 0.5]]),
            "memorized_count": (("part", *over), [[[0, 40], [1, 1]], [[0, 20], [1, 1]]]),
            "generated_count": ((), 100),
            "memorizing_agreement": ((), 0.2),
        },
        coords={"part": [1, 2], "model_size": [10, own], "fraction": ("model_size", [0.7, own]), "step": [5, 50]},
        attrs={"setting": "s", "model": "m_1"},
    )


def test_metrics_are_of_the_last_step_and_the_table_has_them():
    last = np.array([0.4, 0.5, 0.42])
    metrics = agreement_metrics(agreements(value, 20 + i) for i, value in enumerate(last))
    half = stats.t(2).ppf(0.975) * stats.sem(last)
    expected = {"": last.mean(), "_low": last.mean() - half, "_high": last.mean() + half}
    for end, value in expected.items():
        assert metrics[f"s/m_1/agreement_of_parts/0.7{end}"] == pytest.approx(value, rel=1e-7)
        assert metrics[f"s/m_1/memorization_ratio_of_parts/0.7{end}"] == pytest.approx(0.3)
        assert metrics[f"s/m_1/memorizing_agreement_of_parts{end}"] == pytest.approx(0.2)
    assert len(metrics) == 9
    text = agreement_text(metrics)
    low, high = expected["_low"], expected["_high"]
    assert f"| s/m_1 | 0.7 | {last.mean():.3f} [{low:.3f}, {high:.3f}] | 0.200 [0.200, 0.200] | 0.300 [0.300, " in text
    assert agreement_text({"s/m_1/m50": 0.7}) == ""


def test_one_seed_has_no_interval():
    metrics = agreement_metrics([agreements(0.4, 20)])
    assert metrics["s/m_1/agreement_of_parts/0.7_low"] is None
    assert "| s/m_1 | 20 | 0.500" in agreement_text(metrics)
