"""The same rules in OpenFisca-Core. Run by its own interpreter; it imports nothing of ours.

Reads a folder with `rules.json` and `states.npz`, then answers each line of standard input with a
line of seconds. Its rules are whole numpy expressions per indicator, and thresholds are gathered
beforehand by area group: the quickest way that we found to write them.
"""

import json
import sys
import time
from functools import reduce
from pathlib import Path

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable


def entity():
    return build_entity(key="commune", plural="communes", label="Commune", is_person=True)


def input_variable(commune, name):
    body = {
        "value_type": int,
        "entity": commune,
        "definition_period": DateUnit.MONTH,
        "label": name,
    }
    return type(name, (Variable,), body)


def leaf(commune, period, rule):
    value = commune(f"measure_{rule['slot']}", period)
    row = commune(f"group_{rule['group']}", period)
    thresholds = np.array(rule["thresholds"], np.int64)
    return rule["sign"] * value.astype(np.int64) >= (
        thresholds[0] if len(thresholds) == 1 else thresholds[row]
    )


def judged(commune, period, rule):
    """A rule tree as one boolean array."""
    if rule["kind"] == "leaf":
        return leaf(commune, period, rule)
    parts = [judged(commune, period, part) for part in rule["parts"]]
    if rule["kind"] == "all_of":
        return reduce(np.logical_and, parts)
    if rule["kind"] == "if_present":
        return ~parts[0] | parts[1]
    return np.sum(parts, axis=0) >= rule["k"]


def rule_variable(commune, name, rule):
    def formula(population, period):
        return judged(population, period, rule)

    body = {
        "value_type": bool,
        "entity": commune,
        "definition_period": DateUnit.MONTH,
        "label": name,
        "formula": formula,
    }
    return type(name, (Variable,), body)


def combined_variable(commune, name, parts, *, is_count):
    def formula(population, period):
        held = [population(part, period) for part in parts]
        return np.sum(held, axis=0, dtype=np.int32) if is_count else reduce(np.logical_and, held)

    body = {
        "value_type": int if is_count else bool,
        "entity": commune,
        "definition_period": DateUnit.MONTH,
        "label": name,
        "formula": formula,
    }
    return type(name, (Variable,), body)


class Country:
    """A system of rules and the states of its areas."""

    def __init__(self, folder):
        rules = json.loads((folder / "rules.json").read_text())
        states = np.load(folder / "states.npz")
        self.period = rules["period"]
        self.inputs = {f"measure_{slot}": states["values"][:, slot] for slot in rules["slots"]}
        self.inputs |= {f"group_{n}": row for n, row in enumerate(states["groups"])}
        self.count = len(states["values"])
        commune = entity()
        self.system = TaxBenefitSystem([commune])
        indicators = [f"indicator_{n}" for n in range(len(rules["indicators"]))]
        criteria = [f"criterion_{n}" for n in range(len(rules["criteria"]))]
        self.computed = [*indicators, *criteria, "indicators_met", "criteria_met"]
        for name in self.inputs:
            self.system.add_variable(input_variable(commune, name))
        for name, rule in zip(indicators, rules["indicators"], strict=True):
            self.system.add_variable(rule_variable(commune, name, rule))
        for name, (start, stop) in zip(criteria, rules["criteria"], strict=True):
            parts = indicators[start:stop]
            self.system.add_variable(combined_variable(commune, name, parts, is_count=False))
        for name, parts in (("indicators_met", indicators), ("criteria_met", criteria)):
            self.system.add_variable(combined_variable(commune, name, parts, is_count=True))
        self.simulation = self.laid_out()

    def laid_out(self):
        simulation = SimulationBuilder().build_default_simulation(self.system, count=self.count)
        for name, values in self.inputs.items():
            simulation.set_input(name, self.period, values)
        return simulation

    def calculate(self, simulation):
        for name in self.computed:
            simulation.calculate(name, self.period)
        return simulation.calculate("indicators_met", self.period)

    def prepared(self):
        for name in self.computed:
            self.simulation.delete_arrays(name, self.period)
        began = time.perf_counter()
        self.calculate(self.simulation)
        return time.perf_counter() - began

    def layout(self):
        began = time.perf_counter()
        self.calculate(self.laid_out())
        return time.perf_counter() - began


def tell(what):
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def main():
    folder = Path(sys.argv[1])
    country = Country(folder)
    np.save(folder / "met.npy", country.calculate(country.simulation))
    tell("ready")
    for line in sys.stdin:
        work = {"prepared": country.prepared, "layout": country.layout}[line.strip()]
        tell(work())


if __name__ == "__main__":
    main()
