"""How numbers are printed: in tables, in texts and on the terminal."""

from collections.abc import Mapping


# Numbers by name, None where one is unknown.
Metrics = Mapping[str, float | None]


def number(value: float | None, form: str = ".2e") -> str:
    """Return a number, or a dash where it is unknown.

    **Arguments:** `form`: as `format` takes it.
    """
    return "–" if value is None else format(value, form)


def signed(value: float, form: str) -> str:
    """Return a number with its sign, as texts have it: +0.5, −0.5."""
    return f"{value:+{form}}".replace("-", "\N{MINUS SIGN}")


def power_of_ten(value: float) -> str:
    """Return a number with a power of ten, as texts have it: 10⁶, 1.1 × 10⁸, 10⁻⁴."""
    factor, _, exponent = f"{value:.6e}".partition("e")
    power = "10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return power if float(factor) == 1 else f"{float(factor):g} × {power}"


def interval(metrics: Metrics, name: str, form: str) -> str:
    """Return a number with its 95 % interval, `NAME_low` to `NAME_high`, as far as they are known."""
    value, low, high = (metrics.get(f"{name}{end}") for end in ("", "_low", "_high"))
    if low is None or high is None:
        return number(value, form)
    return f"{number(value, form)} [{low:{form}}, {high:{form}}]"


def p_value(value: float | None) -> str:
    """Return a p-value: below a millionth the tails of no test mean anything."""
    return "< 1e-6" if value is not None and value < 1e-6 else number(value, ".1e")


def readable(value: object) -> str:
    """Return any value as one reads it: 3,000; 0.333333; 1, 2, 3; gaussian; a dash for none."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(readable, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {readable(one)}" for name, one in value.items()) or "–"
    return f"{value:,}" if isinstance(value, int) else str(value)


def megabytes(size: int) -> str:
    """Return a number of bytes as one reads it: 1,200.5 MB, 0.3 MB, 0.024 MB."""
    return f"{size / 1e6:,.{1 if size >= 1e5 else 3}f} MB"


def duration(seconds: float | None) -> str:
    """Return a time as one reads it: 40 s, 12 min, 3.5 h."""
    if seconds is None:
        return "unknown"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
