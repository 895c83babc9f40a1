"""Tables of training times in collected pages."""

from edgemem.reporting.times import times_text

from .synthetic import measured


EVENTS = ("tau10", "tau50", "tau90", "tau_test", "tau_5")


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


def test_times_and_exponents_are_told():
    """With their intervals; a time that is not reached in a data set says in how many."""
    table = {"campaign/seeds": 3.0}
    for i, event in enumerate(EVENTS):
        own = f"times/s_N16/mlp/32/{event}"
        table |= measured(own, 1000.0 * (i + 1), 100) | {f"{own}_censored": 0.0}
        table |= measured(f"times/s/mlp/32/{event}_on_n", 1.1, 0.1) | {f"times/s/mlp/32/{event}_on_n_left_out": 2.0}
        table |= measured(f"times/s_N16/mlp/{event}_on_size", -1.9, 0.2)
    table |= {"times/s_N16/mlp/32/tau90": None, "times/s_N16/mlp/32/tau90_censored": 2.0}
    found = rows(times_text(table))
    assert found[2] == [
        *("`s_N16`", "`mlp`", "32", "1,000 [900, 1,100]", "2,000 [1,900, 2,100]", "censored in 2"),
        *("4,000 [3,900, 4,100]", "5,000 [4,900, 5,100]"),
    ]
    assert found[5] == ["`s`", "`mlp`", "32", "N", *["1.10 [1.00, 1.20]"] * 5, "2"]
    assert found[6] == ["`s_N16`", "`mlp`", "all", "size", *["-1.90 [-2.10, -1.70]"] * 5, "0"]
    assert len(found) == 7


def test_what_the_ratio_is_a_function_of_is_told():
    table = measured("times/s_N16/mlp/32/tau50", 10.0)
    curves = {"train_loss": 0.02, "points": 0.2, "points_times_size": 0.1}
    table |= {f"times/s/mlp/residual_on_{axis}": value for axis, value in curves.items()}
    for axis, gain in (("points", 0.99), ("points_times_size", 0.96)):
        table |= measured(f"times/s/mlp/loss_gain_over_{axis}", gain, 0.01)
    *_, last = rows(times_text(table))
    assert last == ["`s`", "`mlp`", "0.02", "0.2", "0.1", "0.99 [0.98, 1.00]", "0.96 [0.95, 0.97]"]
    assert "residual" not in times_text(table | {"times/s/mlp/residual_on_points": None})


def test_without_courses_nothing_is_told():
    assert times_text({"campaign/seeds": 3.0}) == ""


def test_of_one_size_there_is_no_exponent():
    """A row that would say nothing is left out, and so is a table of such rows."""
    table = measured("times/s_N16/mlp/32/tau50", 10.0) | {"times/s_N16/mlp/tau50_on_size": None}
    assert "Exponents" not in times_text(table)
    both = times_text(table | measured("times/s/mlp/32/tau50_on_n", 1.1, 0.1))
    assert "Exponents" in both
    assert "| all |" not in both
