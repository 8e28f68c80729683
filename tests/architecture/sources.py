"""The project's own sources, parsed once for all checks of the house."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "chungsuc": ROOT / "shared/src/chungsuc",
    "criteria": ROOT / "services/criteria/src/criteria",
    "funding": ROOT / "services/funding/src/funding",
    "reporting": ROOT / "services/reporting/src/reporting",
    "gateway": ROOT / "gateway/src/gateway",
    "local_deployment": ROOT / "deploy/local/src/local_deployment",
}
SERVICES = ("criteria", "funding", "reporting")


class Source(NamedTuple):
    """One Python file of a package."""

    package: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        return str(self.path.relative_to(ROOT))


@cache
def product_sources() -> tuple[Source, ...]:
    """Every Python file that ships."""
    return tuple(
        Source(package, path, text, ast.parse(text))
        for package, folder in PACKAGES.items()
        for path in sorted(folder.rglob("*.py"))
        for text in [path.read_text(encoding="utf-8")]
    )


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that is, or is about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return tuple(ROOT / name for name in listed if (ROOT / name).is_file())


def calls(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The dotted name of everything that is called, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def enclosing_function(tree: ast.AST, line: int) -> str:
    """Name of the innermost function around a line."""
    around = [f for f in functions(tree) if f.lineno <= line <= (f.end_lineno or f.lineno)]
    return max(around, key=lambda f: f.lineno).name if around else "<module>"
