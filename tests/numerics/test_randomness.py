"""Random numbers belong to names: the same name always gives the same numbers, another name gives others."""

import itertools

import jax
import jax.random as jr
import numpy as np
import pytest

from edgemem.numerics.randomness import named_generator, named_key


# Paths that a careless join of their parts would take for one another.
PATHS = [
    (),
    ("",),
    ("", ""),
    ("1",),
    (1,),
    ("1", 1),
    (1, "1"),
    (11,),
    (1, 1),
    ("ab",),
    ("a", "b"),
    ("b", "a"),
    ("astr:b",),
    ("a", "b", ""),
    ("a", 12),
    ("a", 1, 2),
    ("a", -1),
    ("train", "noise", 40),
    ("train", "noise", 4, 0),
]


def key_bits(seed: int, *path: str | int) -> tuple[int, ...]:
    return tuple(np.asarray(jr.key_data(named_key(seed, *path))).tolist())


def first_numbers(seed: int, *path: str | int) -> tuple[int, ...]:
    return tuple(named_generator(seed, *path).integers(2**63, size=2).tolist())


@pytest.mark.parametrize("numbers", [key_bits, first_numbers])
def test_paths_that_look_alike_differ(numbers):
    """The type, the order and the borders of a path's parts count: 1 is not "1", and (1, 1) is not 11."""
    drawn = {(seed, path): numbers(seed, *path) for seed in (0, 1, 2**32 - 1) for path in PATHS}
    assert len(set(drawn.values())) == len(drawn)


@pytest.mark.parametrize("numbers", [key_bits, first_numbers])
def test_a_name_alone_decides(numbers):
    """The order of calls and whatever else is drawn leave a name's numbers as they are."""
    forward = {path: numbers(7, *path) for path in PATHS}
    backward = {path: numbers(7, *path) for path in reversed(PATHS)}
    assert forward == backward


def test_keys_do_not_depend_on_the_precision():
    """Evaluation, in float64, and training, in float32, mean the same key by the same name."""
    paths = [("a", 1), ("b",)]
    single = [key_bits(seed, *path) for seed in (0, 2**31, 2**32 - 1) for path in paths]
    with jax.enable_x64(True):
        double = [key_bits(seed, *path) for seed in (0, 2**31, 2**32 - 1) for path in paths]
    assert single == double


def test_numbers_stay_the_same_between_versions():
    """A change of this mapping changes every published number: it must not happen unnoticed, nor vary by process."""
    assert key_bits(1, "train", "gaussian_N100_d30_K3", "noise", 40) == (711_583_573, 955_059_681)
    assert first_numbers(1, "train", "gaussian_N100_d30_K3", "noise", 40) == (
        7_077_268_137_673_786_757,
        2_240_987_757_231_795_796,
    )


@pytest.mark.parametrize(("numbers", "count"), [(key_bits, 60), (first_numbers, 130)])
def test_no_collisions(numbers, count):
    """Thousands of neighbouring names, as a campaign uses them, all get numbers of their own."""
    names = itertools.product(range(5), ("noise", "initial", "probe", "generate", "fresh"), range(count))
    drawn = [numbers(seed, "train", use, index) for seed, use, index in names]
    assert len(set(drawn)) == len(drawn)
