"""The README's commands, word for word; the answers it shows are parts of the real ones."""

import json
import re
import subprocess
from typing import Any

import pytest
from local_deployment.house import House

from tests.architecture.sources import ROOT

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

EXAMPLE = re.compile(r"```sh\n(curl [^`]+)```\n```json\n([^`]+)```")
EXAMPLES = EXAMPLE.findall((ROOT / "README.md").read_text(encoding="utf-8"))


def is_part(shown: Any, real: Any) -> bool:
    """Whether what is shown stands in the real answer; a list may leave elements out."""
    if isinstance(shown, dict):
        return isinstance(real, dict) and all(
            name in real and is_part(value, real[name]) for name, value in shown.items()
        )
    if isinstance(shown, list):
        return isinstance(real, list) and all(
            any(is_part(one, other) for other in real) for one in shown
        )
    return bool(shown == real)


def test_the_readme_has_examples() -> None:
    assert len(EXAMPLES) >= 6


@pytest.mark.parametrize(("command", "shown"), EXAMPLES)
def test_an_example_gives_the_answer_shown(house: House, command: str, shown: str) -> None:
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "BASE": house.gateway_url,
        "TOKEN": house.token("steering"),
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(
        ["bash", "-c", command], env=environment, capture_output=True, text=True, check=True
    )
    assert is_part(json.loads(shown), json.loads(done.stdout)), done.stdout
