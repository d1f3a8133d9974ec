from __future__ import annotations

import ast
from importlib.resources import files

import pytest

from infra.plan.node.assets import asset, filled

NAMES = sorted(path.name for path in files("infra.templates").joinpath("node").iterdir() if path.name[0] not in "._")


def source(name: str) -> str:
    return files("infra.templates").joinpath("node", name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_comments_docstrings_and_blank_lines_is_left_out(name: str) -> None:
    def kept(line: str) -> bool:
        return bool(line.strip()) and not line.strip().startswith(("#", '"""'))

    assert [line for line in asset(name).splitlines() if not line.startswith("#!")] == list(
        filter(kept, source(name).splitlines())
    )


@pytest.mark.parametrize("name", ["install-kubelet.sh", "mount-volumes.sh", "machine_config.py"])
def test_a_program_keeps_its_interpreter(name: str) -> None:
    assert asset(name).splitlines()[0] == source(name).splitlines()[0]
    assert asset(name).startswith("#!/usr/bin/env ")


def test_python_without_docstrings_is_the_same_program() -> None:
    def stripped(text: str) -> str:
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
        return ast.dump(tree)

    assert stripped(asset("machine_config.py")) == stripped(source("machine_config.py"))
    assert '"""' not in asset("machine_config.py")


@pytest.mark.parametrize("values", [{}, {"sandbox_image": "x", "other": "y"}, {"other": "y"}])
def test_placeholders_and_values_must_be_the_same_set(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"containerd.toml has the placeholders \['sandbox_image'\]"):
        filled("containerd.toml", **values)


def test_a_file_with_other_dollars_is_no_template() -> None:
    with pytest.raises(ValueError, match=r"install-kubelet.sh has the placeholders"):
        filled("install-kubelet.sh")


def test_values_are_filled_in() -> None:
    assert '  sandbox_image = "example/pause:1"\n' in filled("containerd.toml", sandbox_image="example/pause:1")
