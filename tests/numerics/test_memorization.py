"""The memorization test and the distances agree with their definitions."""

import numpy as np
import pytest

from edgemem.numerics.memorization import copies, memorized, nearest_distance, two_nearest, wasserstein2

from . import oracle


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(8)


@pytest.mark.parametrize("threshold", [1 / 3, 0.1, 0.9])
@pytest.mark.parametrize("data", ["distinct", "duplicates", "two", "one dimension"])
def test_memorized_is_its_definition(rng, data, threshold):
    """A point is a copy where its nearest squared distance is at most threshold^2 times the second nearest."""
    training = rng.normal(size=(30, 1 if data == "one dimension" else 4))
    if data == "duplicates":
        training[10:20] = training[:10]
    if data == "two":
        training = training[:2]
    # Points at all distances from samples, exact copies included.
    scale = np.repeat([0, 1e-9, 1e-3, 0.1, 0.3, 1, 3], 12)
    picked = training[rng.integers(len(training), size=len(scale))]
    generated = picked + scale[:, None] * rng.normal(size=picked.shape)
    result = memorized(generated, training, threshold)
    np.testing.assert_array_equal(result, oracle.memorized(generated, training, threshold))
    assert result.any()
    assert not result.all()


@pytest.mark.parametrize("data", ["distinct", "duplicates"])
def test_two_nearest_are_those_of_all_distances(rng, data):
    """The nearest sample by its index, the first of equal ones, and both distances by hand."""
    training = rng.normal(size=(30, 4))
    if data == "duplicates":
        training[10:20] = training[:10]
    generated = rng.normal(size=(50, 4))
    nearest, second, sample = two_nearest(generated, training)
    kept = training if data == "distinct" else np.delete(training, np.arange(10, 20), axis=0)
    distance = np.sort(np.linalg.norm(generated[:, None] - kept, axis=2), axis=1)
    np.testing.assert_allclose(nearest, distance[:, 0])
    np.testing.assert_allclose(second, distance[:, 1])
    np.testing.assert_array_equal(sample, np.linalg.norm(generated[:, None] - training, axis=2).argmin(axis=1))
    np.testing.assert_array_equal(copies(nearest, second, 0.5), memorized(generated, training, 0.5))


def test_a_copy_of_a_repeated_sample_is_memorized():
    """Two equal training samples do not hide a copy of them: its second nearest is the nearest different sample."""
    training = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 0.0]])
    assert memorized(np.array([[0.0, 0.0], [0.1, 0.0], [1.0, 0.0]]), training, 1 / 3).tolist() == [True, True, False]


def test_the_threshold_itself_counts():
    """The inequality of the paper is not strict."""
    training = np.array([[0.0], [5.0]])
    assert memorized(np.array([[1.0], [1.000001]]), training, 0.25).tolist() == [True, False]


def test_small_distances_keep_their_digits():
    """Far from the origin a copy is still told from a point between two samples."""
    training = 1e6 + np.array([[0.0, 0.0], [1e-2, 0.0]])
    generated = 1e6 + np.array([[2e-3, 0.0], [3e-3, 0.0]])
    # x^2 - 2 x y + y^2 of numbers near 1e12 has no digit below 1e-4, the square of the distances.
    assert memorized(generated, training, 1 / 3).tolist() == [True, False]


@pytest.mark.parametrize("training", [np.zeros((1, 3)), np.zeros((4, 3))])
def test_one_sample_is_not_enough(training):
    """Without a second sample there is no test; that is said instead of calling everything a copy."""
    with pytest.raises(ValueError, match="two different training samples"):
        memorized(np.ones((2, 3)), training, 1 / 3)


def test_nearest_distance(rng):
    """The distance of each point to the nearest target is Euclidean, and zero for a target."""
    points, targets = rng.normal(size=(10, 3)), rng.normal(size=(4, 3))
    points[0] = targets[2]
    expected = [min(np.linalg.norm(x - y) for y in targets) for x in points]
    np.testing.assert_allclose(nearest_distance(points, targets), expected, rtol=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_wasserstein_distance_of_five_points(seed):
    """The assignment is the best of all 120 permutations."""
    left, right = np.random.default_rng(seed).normal(size=(2, 5, 3))
    assert wasserstein2(left, right) == pytest.approx(oracle.wasserstein2(left, right), rel=1e-12)


def test_wasserstein_distance_of_a_shift(rng):
    """A permuted copy is at distance zero; a shifted one at the length of the shift."""
    points = rng.normal(size=(40, 3))
    assert wasserstein2(rng.permutation(points), points) == 0
    assert wasserstein2(points + np.array([3, 0, 4]), points) == pytest.approx(5)


def test_wasserstein_distance_of_unequal_numbers(rng):
    """More points than samples are compared block by block, fewer with the first samples."""
    generated, samples = rng.normal(size=(10, 2)), rng.normal(size=(5, 2))
    blocks = [oracle.wasserstein2(generated[:5], samples), oracle.wasserstein2(generated[5:], samples)]
    assert wasserstein2(generated, samples) == pytest.approx(np.sqrt(np.mean(np.square(blocks))), rel=1e-12)
    assert wasserstein2(generated[:3], samples) == pytest.approx(oracle.wasserstein2(generated[:3], samples[:3]))
