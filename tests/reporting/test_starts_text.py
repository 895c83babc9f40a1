"""The tables of what models reach from different starts."""

from edgemem.reporting.starts import starts_text

from .synthetic import Table, measured


def test_what_each_start_reaches_is_told_with_its_interval():
    """Models without a place of their own are told at their sizes alone; sizes that nobody measured have no row."""
    table: Table = {"s/fresh/m50_pooled": 0.9, "s/fresh/m50_pooled_low": 0.85, "s/fresh/m50_pooled_high": 0.95}
    table |= measured("starts/s/best_m50", 0.81, 0.02)
    table |= measured("starts/s/fresh_samples/fresh/m50_from_first", 0.1, 0.05)
    table["starts/s/fresh_samples/fresh/least_loss_share"] = 0.25
    for model in ("fresh", "long"):
        table |= measured(f"starts/s/fresh_samples/{model}/ratio_at_n", 0.5)
        table |= measured(f"s/{model}/memorization_ratio_at_1", 0.5)
        table |= measured(f"s/{model}/trained_loss_at_1", 3.25, 0.5)
    table |= {"s/long/memorization_ratio_at_4": None, "s/fresh/learned_variance_at_1": None}
    text = starts_text(table)
    assert "| `s` | `fresh` | fresh_samples | 0.900 [0.850, 0.950] | +0.100 [+0.050, +0.150] | 0.25 |" in text
    assert "| `s` | best known minimum | – | 0.810 [0.790, 0.830] | – | – |" in text
    of_long = "| `s` | `long` | fresh_samples | 1 | 0.500 [0.490, 0.510] | – | 3.25 [2.75, 3.75] | – |"
    assert of_long in text
    assert text.count("`long`") == 1


def test_a_campaign_with_one_start_has_no_such_tables():
    assert starts_text({"s/mixture/m50_pooled": 0.8}) == ""
