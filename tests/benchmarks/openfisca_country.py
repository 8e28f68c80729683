"""The same rules in OpenFisca-Core. Run by its own interpreter; it imports nothing of ours.

Reads a folder with `rules.json` and `states.npz`, then answers each line of standard input with a
line of seconds. Written twice: with thresholds as parameters, as its documentation has it, and
lean, with thresholds as plain arrays that go past the parameters: the quickest way that we found.
"""

import json
import sys
import time
from functools import reduce
from pathlib import Path

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.parameters import ParameterNode
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


def leaf(commune, period, rule, parameters):
    value = commune(f"measure_{rule['slot']}", period)
    return rule["sign"] * value.astype(np.int64) >= threshold(commune, period, rule, parameters)


def threshold(commune, period, rule, parameters):
    if parameters is None:
        thresholds = np.array(rule["thresholds"], np.int64)
        if len(thresholds) == 1:
            return thresholds[0]
        return thresholds[commune(f"group_{rule['group']}", period)]
    node = getattr(parameters(period), rule["parameter"])
    if len(rule["thresholds"]) == 1:
        return node.row_0
    rows = commune(f"group_{rule['group']}", period)
    return node[np.char.add("row_", rows.astype(str))]


def number_parameters(rules):
    """Give each leaf a parameter node with a row for each group of areas."""
    nodes = {}

    def visit(rule):
        if rule["kind"] == "leaf":
            rule["parameter"] = f"leaf_{len(nodes)}"
            nodes[rule["parameter"]] = {
                f"row_{row}": {"values": {"2020-01-01": {"value": value}}}
                for row, value in enumerate(rule["thresholds"])
            }
        for part in rule.get("parts", ()):
            visit(part)

    for rule in rules:
        visit(rule)
    return ParameterNode(data=nodes)


def judged(commune, period, rule, parameters):
    """A rule tree as one boolean array."""
    if rule["kind"] == "leaf":
        return leaf(commune, period, rule, parameters)
    parts = [judged(commune, period, part, parameters) for part in rule["parts"]]
    if rule["kind"] == "all_of":
        return reduce(np.logical_and, parts)
    if rule["kind"] == "if_present":
        return ~parts[0] | parts[1]
    return np.sum(parts, axis=0) >= rule["k"]


def rule_variable(commune, name, rule, *, is_lean):
    def lean_formula(population, period):
        return judged(population, period, rule, None)

    def formula(population, period, parameters):
        return judged(population, period, rule, parameters)

    body = {
        "value_type": bool,
        "entity": commune,
        "definition_period": DateUnit.MONTH,
        "label": name,
        "formula": lean_formula if is_lean else formula,
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

    def __init__(self, folder, *, is_lean):
        rules = json.loads((folder / "rules.json").read_text())
        states = np.load(folder / "states.npz")
        self.period = rules["period"]
        self.inputs = {f"measure_{slot}": states["values"][:, slot] for slot in rules["slots"]}
        self.inputs |= {f"group_{n}": row for n, row in enumerate(states["groups"])}
        self.count = len(states["values"])
        self.slots = rules["slots"]
        self.packed = [row.tobytes() for row in states["packed"]]
        self.texts = [row.tolist() for row in states["texts"]]
        commune = entity()
        self.system = TaxBenefitSystem([commune])
        self.system.parameters = number_parameters(rules["indicators"])
        indicators = [f"indicator_{n}" for n in range(len(rules["indicators"]))]
        criteria = [f"criterion_{n}" for n in range(len(rules["criteria"]))]
        self.computed = [*indicators, *criteria, "indicators_met", "criteria_met"]
        for name in self.inputs:
            self.system.add_variable(input_variable(commune, name))
        for name, rule in zip(indicators, rules["indicators"], strict=True):
            self.system.add_variable(rule_variable(commune, name, rule, is_lean=is_lean))
        for name, (start, stop) in zip(criteria, rules["criteria"], strict=True):
            parts = indicators[start:stop]
            self.system.add_variable(combined_variable(commune, name, parts, is_count=False))
        for name, parts in (("indicators_met", indicators), ("criteria_met", criteria)):
            self.system.add_variable(combined_variable(commune, name, parts, is_count=True))
        self.simulation = self.laid_out(self.inputs)

    def unpacked(self):
        """The inputs from stored sheets and the text of each area's group, as ours begins."""
        block = np.frombuffer(b"".join(self.packed), np.uint8).reshape(self.count, -1)
        width = block.shape[1] // 13 * 8
        values = np.ascontiguousarray(block[:, :width]).view("<i8")
        inputs = {f"measure_{slot}": values[:, slot].astype(np.int32) for slot in self.slots}
        for number, texts in enumerate(self.texts):
            places = {text: int(text) for text in set(texts)}
            inputs[f"group_{number}"] = np.array([places[text] for text in texts], np.int32)
        return inputs

    def laid_out(self, inputs):
        simulation = SimulationBuilder().build_default_simulation(self.system, count=self.count)
        for name, values in inputs.items():
            simulation.set_input(name, self.period, values)
        return simulation

    def calculate(self, simulation):
        for name in self.computed:
            simulation.calculate(name, self.period)
        return simulation.calculate("indicators_met", self.period)

    def prepared(self):
        for name in self.computed:
            self.simulation.delete_arrays(name, self.period)
        began = time.process_time()
        self.calculate(self.simulation)
        return time.process_time() - began

    def layout(self):
        began = time.process_time()
        self.calculate(self.laid_out(self.unpacked()))
        return time.process_time() - began


def tell(what):
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def main():
    folder = Path(sys.argv[1])
    country = Country(folder, is_lean=False)
    lean = Country(folder, is_lean=True)
    np.save(folder / "met.npy", country.calculate(country.simulation))
    lean.calculate(lean.simulation)
    works = {"prepared": country.prepared, "layout": country.layout, "lean": lean.prepared}
    tell("ready")
    for line in sys.stdin:
        tell(works[line.strip()]())


if __name__ == "__main__":
    main()
