"""Tests run side by side; what is dear to make is made once for all tests of a group."""

from os import environ

import pytest

pytestmark = pytest.mark.xdist_group("a group")


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in environ, reason="tests run one at a time")
def test_a_group_is_known_to_who_deals_the_tests_out(request: pytest.FixtureRequest) -> None:
    """By the end of the test's id; pytest 9.2 and pytest-xdist 3.8 together forget it without a word."""
    assert request.node.nodeid.endswith("@a group")
