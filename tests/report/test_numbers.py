"""Numbers are printed in one way, wherever they stand."""

import pytest

from edgemem.reporting.numbers import duration, interval, megabytes, number, readable


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (1 / 3, "0.333333"),
        (1e-6, "1e-06"),
        (3000, "3,000"),
        ([1, 2.5], "1, 2.5"),
        ({"template": 0.01, "colour_mean": 0.3}, "template: 0.01, colour_mean: 0.3"),
        ({}, "–"),
        ("ddim", "ddim"),
    ],
)
def test_any_value_can_be_read(value, text):
    assert readable(value) == text


def test_what_is_unknown_is_a_dash():
    metrics = {"a": 0.5, "a_low": 0.4, "a_high": 0.6, "b": 0.5, "b_low": None, "b_high": None, "c": None}
    assert number(None) == "–"
    assert number(0.000123) == "1.23e-04"
    assert interval(metrics, "a", ".2f") == "0.50 [0.40, 0.60]"
    assert interval(metrics, "b", ".2f") == "0.50"
    assert interval(metrics, "c", ".2f") == interval(metrics, "d", ".2f") == "–"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0.000 MB"), (99_999, "0.100 MB"), (100_000, "0.1 MB"), (320_000, "0.3 MB"), (1_234_500_000, "1,234.5 MB")],
)
def test_sizes(size, text):
    assert megabytes(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "unknown"),
        (0.4, "0 s"),
        (99, "99 s"),
        (100, "2 min"),
        (5999, "100 min"),
        (6000, "1.7 h"),
        (12_600, "3.5 h"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text
