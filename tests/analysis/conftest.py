"""Two slow formulas, tested in tests/numerics, are replaced by quick ones: here it counts what they are given."""

from collections.abc import Iterator

import pytest

from edgemem.analysis import theory, weights

from .synthetic import quick_constant, quick_fit


@pytest.fixture(scope="session", autouse=True)
def _quick() -> Iterator[None]:
    """Put the quick formulas in their places."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "fit_weights", quick_fit)
        patch.setattr(theory, "finite_size_constant", quick_constant)
        yield
