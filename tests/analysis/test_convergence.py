"""Which models are part of fits, which points are copies, and which coordinates tables have."""

import json

import numpy as np
import pytest
import xarray as xr

from edgemem.analysis.convergence import MEMORIZING, in_gap, is_memorizing, left_out, usable
from edgemem.analysis.copies import copied_counts, memorization_ratio
from edgemem.analysis.evaluations import case_coordinates
from edgemem.errors import EdgememError

from .synthetic import IMAGES, MIXTURES, POINTS, campaign, spec


def last(excess: list[float], converged: list[int], falling: list[int]) -> xr.Dataset:
    """Return models by their excess loss over the memorizing one, as a part of the linear one's, mean over times."""
    memorizing, linear = np.array([1.0, 3.0]), np.array([2.0, 103.0])
    # At the first time the excess is the opposite of what the mean says.
    loss = memorizing + np.array(excess)[:, None] * 50.5 * 2 * np.array([-1.0, 2.0])
    return xr.Dataset(
        {
            "loss": (("split", "model_size", "time"), np.stack([loss, loss + 1e3])),
            "reference_loss": (("split", "reference", "time"), np.stack([[memorizing, linear], [linear, 9 * linear]])),
            "converged": ("model_size", np.array(converged, np.int8)),
            "still_falling": ("model_size", np.array(falling, np.int8)),
        },
        coords={"split": ["train", "test"], "reference": ["memorizing", "linear"]},
    )


def test_models_that_memorize_are_used():
    """Within a hundredth of the linear denoiser's distance on the training samples; all that have converged besides."""
    models = last([0.0099, 0.0101, 0.5, 0.5, -0.1], [0, 0, 1, 0, 0], [1, 1, 0, 0, 0])
    np.testing.assert_array_equal(is_memorizing(models), [True, False, False, False, True])
    np.testing.assert_array_equal(usable(models), [True, False, True, False, True])
    assert MEMORIZING == 0.01
    assert left_out(models) == {"models": 5, "models_left_out": 2, "models_still_falling": 1, "models_too_short": 1}


def test_gaps_are_where_several_models_are_left_out():
    """One model left out is bridged, two are not; beyond the models there is no gap."""
    kept = np.array([1, 0, 1, 0, 0, 1, 1, 0], bool)
    fraction = np.arange(1, 9) / 10
    at = np.array([0.05, 0.1, 0.2, 0.3, 0.35, 0.59, 0.6, 0.65, 0.75, np.nan])
    np.testing.assert_array_equal(in_gap(fraction, kept, at), [0, 0, 0, 0, 1, 1, 1, 0, 0, 0])
    for none in (np.zeros(8, bool), fraction == 0.8):
        assert not in_gap(fraction, none, at).any()


def test_copies_by_another_threshold():
    """Of the first points only, by the threshold of the evaluation if none is named; one at the threshold is a copy."""
    nearest = np.array([[1.0, 2.0, 3.0, 8.0], [1.0, 1.0, 1.0, 1.0]])
    dataset = xr.Dataset(
        {
            "nearest_distance": (("model_size", "generated_point"), nearest),
            "second_distance": (("model_size", "generated_point"), np.full_like(nearest, 4.0)),
        },
        attrs={"spec": json.dumps({"evaluation": {"threshold": 0.25}})},
    )
    for threshold, points, expected in ((None, None, [0.25, 1]), (0.5, None, [0.5, 1]), (0.25, 2, [0.5, 1])):
        np.testing.assert_array_equal(memorization_ratio(dataset, threshold, points), expected)
    np.testing.assert_array_equal(memorization_ratio(dataset, 0.75, 4), [0.75, 1])
    np.testing.assert_array_equal(memorization_ratio(dataset, 0.5, 1), [1, 1])
    np.testing.assert_array_equal(copied_counts(dataset, 0.5), [2, 4])
    assert "threshold 0.5" in memorization_ratio(dataset, 0.5).long_name
    assert memorization_ratio(dataset, 0.5).units == "1"


@pytest.mark.parametrize(
    ("threshold", "points", "message"),
    [(0.0, None, "between 0 and 1"), (1.0, None, "between 0 and 1"), (0.5, 0, "must be 1 to 1000"),
     (0.5, POINTS + 1, "must be 1 to 1000"), (0.5, -1, "got -1")],
)  # fmt: skip
def test_thresholds_and_points_that_make_no_sense(threshold: float, points: int | None, message: str):
    evaluation = next(iter(campaign().evaluations.values()))
    with pytest.raises(EdgememError, match=message):
        memorization_ratio(evaluation, threshold, points)


def test_the_last_point_can_be_asked_for():
    evaluation = next(iter(campaign().evaluations.values()))
    xr.testing.assert_identical(memorization_ratio(evaluation, points=POINTS), memorization_ratio(evaluation))


def test_coordinates_of_settings_and_models():
    """Every axis of every family, NaN or an empty text where a family has none, and which model is trained where."""
    found = case_coordinates(spec())
    np.testing.assert_array_equal(found.variance, [*(setting["variance"] for setting in MIXTURES), 1.0])
    np.testing.assert_array_equal(found.d, [*(setting["d"] for setting in MIXTURES), np.nan])
    np.testing.assert_array_equal(found.size, [*[np.nan] * 8, IMAGES["size"]])
    assert list(found.templates.values) == [*[""] * 8, "digits"]
    assert list(found.family.values) == [*["gaussian"] * 8, "image"]
    assert (found.N.units, "units" in found.family.attrs, "units" in found.setting.attrs) == ("1", False, False)
    assert "Number of training samples" in found.N.long_name
    np.testing.assert_array_equal(found.trained.sel(model="mixture"), [1] * 8 + [0])
    np.testing.assert_array_equal(found.trained.sel(model="templates"), [0] * 8 + [1])
    assert found.trained.sum() == 12
