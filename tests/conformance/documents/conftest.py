import gc
from collections.abc import Iterator

import pytest
from support.implementations import implementation as implementation


@pytest.fixture
def eager_collector() -> Iterator[None]:
    """The collector runs as often as it can."""
    thresholds = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    yield
    gc.set_threshold(*thresholds)
