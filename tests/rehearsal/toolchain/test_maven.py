from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.toolchain.errors import ToolchainError
from rehearsal.toolchain.maven import MODULE, VERSION, digest, find_java


def java(home: Path, version: str) -> Path:
    """Make what tells a Java of this version."""
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").write_text("#!/bin/sh\n")
    (home / "bin" / "java").chmod(0o755)
    (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    return home


def test_the_java_that_is_named_comes_first(tmp_path: Path) -> None:
    named = java(tmp_path / "named", "21.0.1")
    java(tmp_path / "jvm" / "newer", "25")
    assert find_java({"JAVA_HOME": str(named), "PATH": ""}, tmp_path / "jvm") == named


def test_one_that_is_too_old_is_passed_over_for_the_newest(tmp_path: Path) -> None:
    old = java(tmp_path / "old", "17.0.15")
    java(tmp_path / "jvm" / "a", "21.0.4")
    newest = java(tmp_path / "jvm" / "b", "25.0.1")
    assert find_java({"JAVA_HOME": str(old), "PATH": str(old / "bin")}, tmp_path / "jvm") == newest


def test_the_one_on_path_comes_before_others(tmp_path: Path) -> None:
    on_path = java(tmp_path / "used", "22")
    java(tmp_path / "jvm" / "b", "25")
    assert find_java({"PATH": str(on_path / "bin")}, tmp_path / "jvm") == on_path


def test_without_one_it_says_what_there_is(tmp_path: Path) -> None:
    java(tmp_path / "jvm" / "old", "17.0.15")
    with pytest.raises(ToolchainError, match=r"needs Java 21 or newer, and found is: 17 in .*/jvm/old\. Install one"):
        find_java({"PATH": ""}, tmp_path / "jvm")
    with pytest.raises(ToolchainError, match="found is: none"):
        find_java({"PATH": ""}, tmp_path / "nothing")


def test_each_file_is_part_of_the_digest(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "pom.xml").write_text("a")
    (tmp_path / "home" / "x").write_text("b")
    first = digest(tmp_path)
    (tmp_path / "home" / "x").rename(tmp_path / "home" / "y")
    assert digest(tmp_path) != first
    (tmp_path / "home" / "y").rename(tmp_path / "home" / "x")
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "jar").write_text("built")
    assert digest(tmp_path) == first


def test_versions_agree() -> None:
    assert f"<artifactId>opensearch</artifactId>\n  <version>{VERSION}</version>\n" in (MODULE / "pom.xml").read_text()
    for descriptor in (MODULE / "home").rglob("plugin-descriptor.properties"):
        assert f"opensearch.version={VERSION}\n" in descriptor.read_text()
