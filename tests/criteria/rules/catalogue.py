"""The catalogue as the tests read it: straight from the files, overlays applied."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from criteria.criteria_sets import model, rules
from criteria.criteria_sets.tree import CriteriaSet
from criteria.measures.model import Measure, parse_measures

FOLDER = Path(__file__).parents[3] / "services/criteria/catalogue"

BASE, ADVANCED = "ntm-xa-2021-2025", "ntm-xa-nang-cao-2021-2025"
BASE_DEMO, ADVANCED_DEMO = f"{BASE}-demo", f"{ADVANCED}-demo"


@cache
def measures() -> dict[str, Measure]:
    return parse_measures(yaml.safe_load((FOLDER / "measures.yaml").read_text("utf-8")))


def codes() -> list[str]:
    """Every set of the catalogue."""
    return sorted(file.stem for file in (FOLDER / "criteria_sets").glob("*.yaml"))


def body(code: str) -> dict[str, Any]:
    """A fresh copy of a set's file."""
    text = (FOLDER / "criteria_sets" / f"{code}.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@cache
def criteria_set(code: str) -> CriteriaSet:
    """The whole set, with what it extends taken over."""
    loaded = model.parse(body(code))
    if loaded.extends is None:
        return loaded
    return rules.overlay(criteria_set(loaded.extends), loaded)
