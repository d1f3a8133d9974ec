"""Stack files as they are found: what cannot be read is one message with a place, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from infra.spec import CONFIG_KEY, SpecError, load
from infra.spec.stack_file import environment_in
from tests.infra.samples import ENVIRONMENT

HEAD = f"config:\n  {CONFIG_KEY}:\n"
ABSENT = f"the file has no {CONFIG_KEY}. Fix: declare the environment under config: {CONFIG_KEY}:."


def stack_file(folder: Path, text: str | bytes) -> Path:
    path = folder / "Pulumi.test.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def refusal(path: Path) -> str:
    """Return the one problem of a stack file."""
    with pytest.raises(SpecError) as refused:
        load(path, "test")
    heading, line = str(refused.value).splitlines()
    assert heading == f"{path}: 1 problem in the environment's spec"
    return line.removeprefix("  1. ")


def test_a_good_file(tmp_path: Path) -> None:
    path = stack_file(
        tmp_path, yaml.safe_dump({"encryptedkey": "x", "config": {CONFIG_KEY: ENVIRONMENT, "aws:x": "y"}})
    )
    assert load(path, "test").name == "test"
    assert environment_in(path) == ENVIRONMENT


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    text = yaml.safe_dump({"config": {CONFIG_KEY: ENVIRONMENT}})
    assert environment_in(stack_file(tmp_path, b"\xef\xbb\xbf" + text.encode())) == ENVIRONMENT


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "hello", "[1]", "config:", "config: [1]", f"config:\n  {CONFIG_KEY}:\n"]
)
def test_a_file_without_an_environment(tmp_path: Path, text: str) -> None:
    assert refusal(stack_file(tmp_path, text)) == ABSENT


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("    region: a\n    region: b\n", "the key 'region' is written twice (line 4, column 5)"),
        ("    tags: {a: 1, b: 2, a: 3}\n", "the key 'a' is written twice (line 3, column 24)"),
        ("    ? [a, b]\n    : c\n", "a key is a list or a mapping, and keys are text (line 3, column 7)"),
        ("    ? {a: b}\n    : c\n", "a key is a list or a mapping, and keys are text (line 3, column 7)"),
        (
            "    region: 2026-13-45\n",
            "not a date or a number that can be read (month must be in 1..12); text goes in quotes (line 3, column 13)",
        ),
        (
            f"    region: {'9' * 5000}\n",
            "not a date or a number that can be read (Exceeds the limit (4300 digits) for integer string conversion: "
            "value has 5000 digits); text goes in quotes (line 3, column 13)",
        ),
        ("    region: !zone a\n", "could not determine a constructor for the tag '!zone' (line 3, column 13)"),
        (
            "    region: 'a\n",
            "while scanning a quoted scalar, found unexpected end of stream (line 4, column 1)",
        ),
        ("    a: b: c\n", "mapping values are not allowed here (line 3, column 9)"),
        (
            "\tregion: a\n",
            "while scanning for the next token, found character '\\t' that cannot start any token (line 3, column 1)",
        ),
        ("    region: *zone\n", "found undefined alias 'zone' (line 3, column 13)"),
        ("---\nb: c\n", "expected a single document in the stream, but found another document (line 3, column 1)"),
    ],
)
def test_what_yaml_cannot_read_has_its_place(tmp_path: Path, text: str, problem: str) -> None:
    assert refusal(stack_file(tmp_path, HEAD + text)) == (
        f"the file is not readable as YAML: {problem}. Fix: correct the file at the place named."
    )


def test_a_control_character(tmp_path: Path) -> None:
    assert refusal(stack_file(tmp_path, b"a: \x00")).startswith(
        "the file is not readable as YAML: unacceptable character #x0000: special characters are not allowed"
    )


def test_a_file_of_another_encoding(tmp_path: Path) -> None:
    assert refusal(stack_file(tmp_path, b"config: caf\xe9")) == (
        "the file is not readable as YAML: byte 11 is not UTF-8. Fix: save the file as UTF-8."
    )


def test_a_file_nested_without_end(tmp_path: Path) -> None:
    assert refusal(stack_file(tmp_path, f"{HEAD}    a: {'[' * 5000}{']' * 5000}\n")) == (
        "the file is nested too deeply. Fix: compare it with the options table."
    )


def test_no_file(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.none.yaml"
    assert refusal(path) == f"the file does not exist. Fix: create {path}, or name another environment."


def test_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "the file cannot be read: Is a directory. Fix: name a file that you may read."


def test_a_merge_key_is_no_duplicate(tmp_path: Path) -> None:
    text = f"base: &base {{team: a, owner: b}}\nconfig:\n  {CONFIG_KEY}:\n    tags: {{<<: *base, team: c}}\n"
    assert environment_in(stack_file(tmp_path, text)) == {"tags": {"team": "c", "owner": "b"}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, word) for word in ("yes", "Yes", "no", "NO", "on", "off", "y", "n")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "FALSE")),
        ("null", None),
        ("~", None),
        ("0x10", 16),
        ("0o17", 15),
        ("0b101", 5),
        ("-7", -7),
        ("1_000", 1000),
        ("0", 0),
        ("08", 8.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("12:30", "12:30"),
        ("1:30:00.5", "1:30:00.5"),
        ("017", 15),
        ("1e3", 1000.0),
        ("123e4", 1230000.0),
        ("012345678901", 12345678901.0),
        ("111122223333", 111122223333),
        ("1.37.2", "1.37.2"),
        ("10.20.0.0/16", "10.20.0.0/16"),
        ("1.5", 1.5),
    ],
)
def test_words_are_read_as_the_engine_reads_them(tmp_path: Path, text: str, value: object) -> None:
    assert environment_in(stack_file(tmp_path, f"{HEAD}    a: {text}\n")) == {"a": value}


def test_an_account_that_begins_with_a_zero_needs_its_quotes(tmp_path: Path) -> None:
    # JSON is YAML too, with every text in quotes.
    text = json.dumps({"config": {CONFIG_KEY: {**ENVIRONMENT, "accountId": "012345678901"}}})
    assert load(stack_file(tmp_path, text), "test").account_id == "012345678901"
    assert refusal(stack_file(tmp_path, text.replace('"012345678901"', "012345678901"))) == (
        "accountId: 12345678901.0 is not text. Fix: write it in quotes, so that YAML takes it for text."
    )


def test_an_alias_that_contains_itself(tmp_path: Path) -> None:
    text = f"{HEAD}    tags: &tags\n      a: *tags\n"
    with pytest.raises(
        SpecError, match=r"tags\.a: contains itself\. Fix: write it out instead of using a YAML alias\."
    ):
        load(stack_file(tmp_path, text), "test")
