from tests.benchmarks.measuring import Measurement


def test_a_ratio_compares_round_by_round() -> None:
    # In the second round the machine was twice as fast, in the third something else ran.
    limit = Measurement("W1", 1, "limit", rates=[100.0, 200.0, 80.0])
    own = Measurement("W1", 1, "own", rates=[50.0, 100.0, 20.0])
    assert own.ratio(limit) == 0.5
    assert own.rate == 50.0
