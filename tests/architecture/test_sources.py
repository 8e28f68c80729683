"""The rules of the house that can be read off the sources. Each names why it is a rule."""

import ast
import re
import tomllib

import pytest

from tests.architecture import sources

COMMIT_SITES = {
    ("shared/src/chungsuc/database.py", "session_scope"),
    # Alembic's own transaction, as the owner, before any service runs.
    ("shared/src/chungsuc/migrations.py", "run_environment"),
}
AUTOCOMMIT_SITES = {
    "shared/src/chungsuc/database.py",
    "shared/src/chungsuc/worker.py",  # the election's lock lives on a session of its own
}
CLOCK = "shared/src/chungsuc/clock.py"
LONGEST_FUNCTION = 70
LONGEST_FILE = 400
REFUSED_NAMES = {"utils", "helpers", "manager", "managers", "common", "misc"}
CASE_FOLDING = re.compile(r"\b(lower|upper|initcap)\s*\(|\bI?LIKE\b.*\bESCAPE\b|\bILIKE\b", re.I)


def service_and_shared_sources() -> list[sources.Source]:
    return [s for s in sources.product_sources() if s.package != "local_deployment"]


def test_orm_transactions_commit_in_one_place_only() -> None:
    """FastAPI's default commits after the answer: a failed commit would have been answered 200."""
    found = {
        (source.place, sources.enclosing_function(source.tree, line))
        for source in service_and_shared_sources()
        for name, line in sources.calls(source.tree)
        if name.endswith(".commit")
    }
    assert found == COMMIT_SITES


def test_autocommit_is_for_the_ledger_and_the_election() -> None:
    places = {
        source.place for source in service_and_shared_sources() if "autocommit" in source.text
    }
    assert {p for p in places - AUTOCOMMIT_SITES if not p.startswith(LEDGER)} == set()


LEDGER = "services/funding/src/funding/ledger/"


def test_time_enters_through_the_clock_only() -> None:
    refused = re.compile(r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.time)$")
    found = [
        f"{source.place}:{line} {name}"
        for source in service_and_shared_sources()
        for name, line in sources.calls(source.tree)
        if refused.search(name) and source.place != CLOCK
    ]
    assert found == []


def test_sql_never_folds_case_of_text() -> None:
    """In the C locale lower() leaves Đ and Ấ as they are: Python fills search and sort keys."""
    found = [
        f"{path.relative_to(sources.ROOT)}:{number}"
        for path in sources.tracked_files()
        if path.suffix == ".sql" and "deploy/postgres" not in str(path)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if CASE_FOLDING.search(line.partition("--")[0])
    ]
    for source in service_and_shared_sources():
        found += [
            f"{source.place}:{node.lineno}"
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.search(r"\b(SELECT|UPDATE|INSERT|WHERE)\b", node.value)
            and CASE_FOLDING.search(node.value)
        ]
    assert found == []


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("HTTPException", "one error language: problems"),
        ("BaseHTTPMiddleware", "costs 110 µs a request and breaks streams"),
        ("TestClient", "hides the event loop"),
        ("sqlmodel", "table and API in one class"),
    ],
)
def test_refused_names_stay_out(word: str, why: str) -> None:
    found = [
        source.place
        for source in service_and_shared_sources()
        if re.search(rf"\b{word}\b", source.text)
        and source.place != "shared/src/chungsuc/problems.py"
    ]
    assert found == [], why


def test_no_module_is_a_drawer_for_everything() -> None:
    found = [s.place for s in sources.product_sources() if s.path.stem in REFUSED_NAMES]
    assert found == []


def test_functions_and_files_stay_short() -> None:
    long_functions = [
        f"{source.place}:{function.name}"
        for source in sources.product_sources()
        for function in sources.functions(source.tree)
        if (function.end_lineno or 0) - function.lineno + 1 > LONGEST_FUNCTION
    ]
    long_files = [s.place for s in sources.product_sources() if s.text.count("\n") > LONGEST_FILE]
    assert (long_functions, long_files) == ([], [])


def test_nothing_is_opened_or_configured_by_importing() -> None:
    opening = re.compile(
        r"(create_async_engine|create_engine|Settings|AsyncConnectionPool|create_client|Database)$"
    )
    found = [
        f"{source.place}:{node.lineno}"
        for source in service_and_shared_sources()
        for node in source.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call)
        if opening.search(ast.unparse(node.value.func))
    ]
    assert found == []


def test_only_repositories_and_named_places_hold_sql() -> None:
    """Inside a feature `repository.py` holds the only SQL, so that it is found and reviewed."""
    statement = re.compile(r"^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\b[\s\S]*\b", re.M)
    found = [
        f"{source.place}:{node.lineno}"
        for source in sources.product_sources()
        if source.package in sources.SERVICES
        and not source.path.stem.endswith("repository")
        and "repository" not in source.path.parent.name
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and statement.match(node.value)
    ]
    assert found == []


def test_every_dependency_says_why_it_is_there() -> None:
    unexplained = []
    for path in sources.tracked_files():
        if path.name != "pyproject.toml":
            continue
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
        wanted = list(document.get("project", {}).get("dependencies", []))
        for group in document.get("dependency-groups", {}).values():
            wanted += group
        for requirement in wanted:
            if requirement.startswith("chungsuc-"):
                continue
            line = next(line for line in text.splitlines() if f'"{requirement}"' in line)
            if "#" not in line:
                unexplained.append(f"{path.relative_to(sources.ROOT)}: {requirement}")
    assert unexplained == []


def test_locks_hold_hashes_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (sources.ROOT / name).read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert re.findall(r"\w+://\S+", text) == []


def test_the_project_speaks_of_itself_alone() -> None:
    home = "|".join(("wo" + "rk", "ro" + "ot", "home/[a-z]+"))
    machine_path = re.compile(rf"(?<![\w.$}}/])/(?:{home})/")
    unfinished = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)\b")
    found = []
    for path in sources.tracked_files():
        if path.suffix not in {".py", ".md", ".toml", ".yml", ".yaml", ".sql", ".sh", ".html"}:
            continue
        text = path.read_text(encoding="utf-8")
        found += [
            f"{path.relative_to(sources.ROOT)}: {match.group(0)}"
            for pattern in (machine_path, unfinished)
            if (match := pattern.search(text))
        ]
    assert found == []
