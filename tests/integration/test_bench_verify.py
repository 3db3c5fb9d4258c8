"""The bench of the fold, on a short log: that it measures what it says, not how fast it is."""

from stream_pool.bench.verify import bench_verify


def test_the_log_of_the_bench_is_verified_and_told() -> None:
    """Every event of it is found identical by the command, and both bars are judged."""
    said: list[str] = []
    report = bench_verify(rounds=2, hours=0.1, say=said.append)
    assert report.bench == "verify"
    assert [bar.must for bar in report.bars] == [">= 5000", "<= 180"]
    assert set(report.candidates) == {"fold", "verify_a_day"}
    assert report.candidates["verify_a_day"]["events"] > 2_000
    assert len(said) == 3
