#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The files that judge introspection (tests/data/introspect) say what their README allows, and fit their trees; the one
of the reference application (tests/e2e/reference), whose machines are made when it runs, is checked by itself.

introspect_truth.py ROOT        fails with a line per finding
introspect_truth.py --self-test shows that each rule catches a file that breaks it
"""
import os
import sys

import rule_runner
import yaml

# Keys that an entry must have, and may have; "at" stands for a port or a socket.
ENTRIES = {
    "components": ({"machine", "name", "product"}, {"unit", "instance"}),
    "inputs": ({"machine", "component", "protocol", "at"}, {"address"}),
    "connections": ({"from", "to", "protocol", "at", "file"}, set()),
    "externals": ({"from", "host", "protocol", "at", "file"}, set()),
    "distractors": ({"machine", "what", "at", "why"}, {"host"}),
    "neutral": ({"machine", "what", "at", "why"}, {"host"}),
}


def as_list(value):
    return value if isinstance(value, list) else [value]


def check_keys(kind, entry):
    keys = {"at" if key in ("port", "socket") else key for key in entry}
    required, optional = ENTRIES[kind]
    if "port" in entry and "socket" in entry:
        yield "port and socket"
    if required - keys or keys - required - optional:
        yield f"has {sorted(keys)}, wants {sorted(required)}"
    if "port" in entry and not (isinstance(entry["port"], int) and 0 < entry["port"] < 65536):
        yield "a port that is none"
    if "socket" in entry and not str(entry["socket"]).startswith(("/", "@")):
        yield "a socket without its path"
    if entry.get("what", "input") not in ("input", "connection"):
        yield "'what' is neither input nor connection"
    if entry.get("what") == "connection" and not {"host", "socket"} & set(entry):
        yield "a connection to no host"


def check_truth(truth, exists):
    """exists(machine, file): whether the tree holds it."""
    if set(truth) - set(ENTRIES) - {"machines"} or not {"machines", "components", "inputs"} <= set(truth):
        yield f"sections: {sorted(truth)}"
        return
    components, listening = set(), set()
    for kind in ENTRIES:
        for entry in truth.get(kind, []):
            for complaint in check_keys(kind, entry):
                yield f"{kind}: {complaint}: {entry}"
            if "machine" in entry and entry["machine"] not in truth["machines"]:
                yield f"{kind}: no such machine: {entry}"
    for entry in truth["components"]:
        name = f"{entry.get('machine')}/{entry.get('name')}"
        if name in components:
            yield f"components: twice: {name}"
        components.add(name)
    for entry in truth["inputs"]:
        name = f"{entry.get('machine')}/{entry.get('component')}"
        if name not in components:
            yield f"inputs: no such component: {entry}"
        at = (name, entry.get("port", entry.get("socket")))
        if at in listening:
            yield f"inputs: twice: {at}"
        listening.add(at)
    hidden = {(e["machine"], e.get("port", e.get("socket"))) for e in truth.get("neutral", []) if e.get("what") == "input"}
    seen = set()
    for kind in ("connections", "externals"):
        for entry in truth.get(kind, []):
            at = entry.get("port", entry.get("socket"))
            for end in ("from", "to"):
                if end in entry and entry[end] not in components:
                    yield f"{kind}: no such component: {entry}"
            if "to" in entry and (entry["to"], at) not in listening and (entry["to"].split("/")[0], at) not in hidden:
                yield f"connections: nothing listens there: {entry}"
            key = (entry.get("from"), entry.get("to", entry.get("host")), at)
            if key in seen:
                yield f"{kind}: twice: {key}"
            seen.add(key)
            machine = str(entry.get("from")).split("/")[0]
            for file in as_list(entry.get("file")):
                if not exists(machine, file):
                    yield f"{kind}: '{file}' is not in {machine}"


def check_tree(root):
    base = os.path.join(root, "tests/data/introspect")
    findings, files = [], 0
    for stack in sorted(os.listdir(base)):
        folder = os.path.join(base, stack)
        if not os.path.isdir(folder):
            continue
        with open(os.path.join(folder, "truth.yaml"), encoding="utf-8") as file:
            truth = yaml.safe_load(file)
        machines = {name for name in os.listdir(folder) if os.path.isdir(os.path.join(folder, name))}
        if machines != set(truth.get("machines", [])):
            findings.append(f"{stack}: machines and folders differ: {sorted(machines)}")
        exists = lambda machine, file: os.path.isfile(os.path.join(folder, machine, file))  # noqa: E731
        findings += [f"{stack}: {finding}" for finding in check_truth(truth, exists)]
        files += 1
    with open(os.path.join(root, "tests/e2e/reference/truth.yaml"), encoding="utf-8") as file:
        findings += [f"reference: {finding}" for finding in check_truth(yaml.safe_load(file), lambda *_: True)]
    return findings, files + 1


def self_test():
    def example():
        return {
            "machines": {"a": {}, "b": {}},
            "components": [{"machine": "a", "name": "x", "product": "p"}, {"machine": "b", "name": "y", "product": "p"}],
            "inputs": [{"machine": "b", "component": "y", "protocol": "http", "port": 80}],
            "connections": [{"from": "a/x", "to": "b/y", "protocol": "http", "port": 80, "file": "f"}],
            "externals": [{"from": "a/x", "host": "h", "protocol": "smtp", "port": 25, "file": "f"}],
            "distractors": [{"machine": "a", "what": "connection", "host": "h", "port": 1, "why": "w"}],
        }

    def broken(section, **changes):
        truth = example()
        truth[section][0].update(changes)
        return truth

    bad = [
        {**example(), "more": []},
        broken("components", machine="c"),
        broken("components", extra=1),
        broken("inputs", port="80"),
        broken("inputs", socket="/run/s"),
        broken("inputs", component="z"),
        broken("connections", to="b/z"),
        broken("connections", port=81),
        broken("connections", file="g"),
        broken("externals", host=None, surplus=1),
        broken("distractors", what="thing"),
        {**example(), "connections": example()["connections"] * 2},
    ]
    wrong = [case for case in bad if not list(check_truth(case, lambda machine, file: file == "f"))]
    wrong += list(check_truth(example(), lambda machine, file: file == "f"))
    print(f"self-test: {len(bad) + 1} cases, wrong: {wrong}")
    return not wrong


if __name__ == "__main__":
    sys.exit(rule_runner.run(check_tree, self_test))
