from __future__ import annotations

import yaml

from infra.plan.node.yaml_text import yaml_text


def test_keys_keep_their_order_and_lines_stay_lines() -> None:
    assert yaml_text({"b": "x\ny\n", "a": [1, True]}) == "b: |\n  x\n  y\na:\n- 1\n- true\n"


def test_equal_values_are_written_out() -> None:
    shared = {"x": "1"}
    assert yaml_text([shared, shared]) == "- x: '1'\n- x: '1'\n"


def test_long_values_stay_on_their_line() -> None:
    assert yaml_text({"a": "b " * 500 + "c"}) == f"a: {'b ' * 500}c\n"


def test_what_looks_like_another_type_is_quoted() -> None:
    value = {"mode": "0755", "yes": "on", "version": "1.10", "tab": "a\tb"}
    assert yaml.safe_load(yaml_text(value)) == value
