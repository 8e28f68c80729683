"""One house with a country in it, one server for everybody, one table."""

import os
from collections.abc import Iterator

import pytest
from local_deployment import layout
from local_deployment.country.loading import load
from local_deployment.country.sizes import Size, size_named
from local_deployment.house import House
from local_deployment.progress import Progress

from tests.benchmarks.table import Table

TABLE = pytest.StashKey[Table]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TABLE] = Table()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    table = config.stash[TABLE]
    if table.lines or table.left_out:
        terminalreporter.write_line(f"\n{table.text()}\n")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every benchmark an hour: a full country takes long to fill on the first run."""
    for item in items:
        item.add_marker(pytest.mark.timeout(3_600))


@pytest.fixture(scope="session")
def table(request: pytest.FixtureRequest) -> Table:
    return request.config.stash[TABLE]


@pytest.fixture(scope="session")
def size() -> Size:
    return size_named(os.environ.get("BENCH_SIZE") or "small")


@pytest.fixture(scope="session")
def house(size: Size) -> Iterator[House]:
    """The house as `make run` starts it, durable; kept in .local/bench and filled once."""
    folder = layout.local_folder() / "bench" / size.name
    with House(folder, progress=Progress(is_shown=True)) as running:
        load(running, size, Progress(is_shown=True))
        yield running
