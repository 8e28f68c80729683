"""One standing house for all contract tests of a test process."""

from collections.abc import Iterator

import pytest
from local_deployment.house import House


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("house")) as standing:
        yield standing
