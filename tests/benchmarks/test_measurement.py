"""Rates and ratios."""

from tests.benchmarks.measurement import Measurement


def test_a_ratio_is_the_median_over_rounds() -> None:
    # In the second round the machine is twice as fast; in the third another program slows it down.
    baseline = Measurement("W1", 1, "baseline", rates=[100.0, 200.0, 80.0])
    own = Measurement("W1", 1, "own", rates=[50.0, 100.0, 20.0])
    assert own.ratio(baseline) == 0.5
    assert own.rate == 50.0
