from __future__ import annotations

import hashlib
from base64 import b64decode
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rehearsal.environment.errors import RehearsalError
from rehearsal.environment.stack_config import PASSPHRASE, Placeholders, _sealer, copy_stack_config, note_project

ENGINES_SALT = "v1:EP1eBkxC1U4=:v1:N2KTIrKRTflXy4GS:FljTb8PHEk8QhrRpMJ9i/6qKoLitKw=="
"""As the engine wrote it for the passphrase of rehearsals."""
COMMITTED = """\
secretsprovider: awskms://alias/prod?region=eu-central-1
encryptedkey: AQICAHg=
config:
  slipway:environment:
    region: eu-central-1
    groups:
      - name: nodes
        token: {secure: v1:abc}
  slipway:password:
    secure: v1:def
"""


def opened(sealed: str, salt: str) -> str:
    """Decrypt as the engine does."""
    version, nonce, text = sealed.split(":")
    assert version == "v1"
    key = hashlib.pbkdf2_hmac("sha256", PASSPHRASE.encode(), b64decode(salt.split(":")[1]), 1_000_000, 32)
    return AESGCM(key).decrypt(b64decode(nonce), b64decode(text), None).decode()


def test_another_project_is_told_of_once(tmp_path: Path) -> None:
    first, second, note = tmp_path / "a", tmp_path / "b", tmp_path / "note"
    first.mkdir()
    second.mkdir()
    assert [note_project(each, note) for each in (first, first, second, second)] == [None, None, first, None]
    second.rmdir()
    assert note_project(first, note) is None


def test_encryption_is_left_behind_and_encrypted_values_are_named(tmp_path: Path) -> None:
    source, target = tmp_path / "Pulumi.prod.yaml", tmp_path / "state" / "Pulumi.prod.yaml"
    source.write_text(COMMITTED)
    assert copy_stack_config(source, target).encrypted == [
        "config.slipway:environment.groups[0].token",
        "config.slipway:password",
    ]
    copied = yaml.safe_load(target.read_text())
    assert set(copied) == {"config", "encryptionsalt"}
    environment = copied["config"]["slipway:environment"]
    assert environment["region"] == "eu-central-1"
    # The program refuses secrets that stand in the open, so what stands for them may not do so.
    for value in (environment["groups"][0]["token"], copied["config"]["slipway:password"]):
        assert set(value) == {"secure"}
        assert opened(value["secure"], copied["encryptionsalt"]) == "rehearsal-placeholder"
    assert opened(copied["encryptionsalt"].split(":", 2)[2], copied["encryptionsalt"]) == "pulumi"
    assert source.read_text() == COMMITTED


def test_a_placeholder_is_encrypted_with_the_salt_that_the_engine_wrote(tmp_path: Path) -> None:
    source, target = tmp_path / "a.yaml", tmp_path / "b.yaml"
    source.write_text("config: {p:x: {secure: theirs}}\n")
    target.write_text(f"encryptionsalt: {ENGINES_SALT}\n")
    assert copy_stack_config(source, target).encrypted == ["config.p:x"]
    copied = yaml.safe_load(target.read_text())
    assert copied["encryptionsalt"] == ENGINES_SALT
    assert opened(copied["config"]["p:x"]["secure"], ENGINES_SALT) == "rehearsal-placeholder"
    assert opened(ENGINES_SALT.split(":", 2)[2], ENGINES_SALT) == "pulumi"


def test_the_salt_the_engine_wrote_is_kept_and_that_of_the_committed_file_is_not(tmp_path: Path) -> None:
    source, target = tmp_path / "a.yaml", tmp_path / "b.yaml"
    source.write_text("encryptionsalt: theirs\nconfig: {p:x: 2}\n")
    target.write_text("encryptionsalt: ours\nconfig: {p:x: 1, p:old: 1}\n")
    assert copy_stack_config(source, target) == Placeholders([], [])
    assert yaml.safe_load(target.read_text()) == {"config": {"p:x": 2}, "encryptionsalt": "ours"}
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "does not exist"), ("config: [", "cannot be read as YAML"), ("- a\n", "holds list, not keys")],
)
def test_a_file_that_is_none_is_named(tmp_path: Path, content: str | None, said: str) -> None:
    source = tmp_path / "Pulumi.x.yaml"
    if content is not None:
        source.write_text(content)
    with pytest.raises(RehearsalError, match=said) as refused:
        copy_stack_config(source, tmp_path / "copy.yaml")
    assert str(source) in str(refused.value)
    assert refused.value.exit_status == 2


def test_an_empty_stack_file_has_an_empty_copy(tmp_path: Path) -> None:
    source = tmp_path / "Pulumi.x.yaml"
    source.write_text("")
    assert copy_stack_config(source, tmp_path / "copy.yaml") == Placeholders([], [])
    assert yaml.safe_load((tmp_path / "copy.yaml").read_text()) == {}


def test_texts_and_numbers_stay_what_the_engine_takes_them_for(tmp_path: Path) -> None:
    source, target = tmp_path / "Pulumi.x.yaml", tmp_path / "copy.yaml"
    source.write_text('config: {p:x: ["012345678901", "1e3", yes, "yes", true, 1e3, 7, 1.37.2]}\n')
    copy_stack_config(source, target)
    lines = [line.strip(" -") for line in target.read_text().splitlines()[2:]]
    assert lines == ['"012345678901"', '"1e3"', "'yes'", "'yes'", "true", "1000.0", "7", '"1.37.2"']


def test_a_secret_that_was_set_in_the_copy_stays_and_one_that_left_the_file_does_not(tmp_path: Path) -> None:
    source, target = tmp_path / "Pulumi.prod.yaml", tmp_path / "state" / "Pulumi.prod.yaml"
    source.write_text(COMMITTED)
    copy_stack_config(source, target)
    copied = yaml.safe_load(target.read_text())
    sealed = _sealer(copied["encryptionsalt"])[0]("hunter2")
    copied["config"]["slipway:new"] = {"secure": sealed}
    target.write_text(yaml.safe_dump(copied))
    assert copy_stack_config(source, target, {"slipway:new"}).unset == []
    source.write_text(COMMITTED.replace("  slipway:password:\n    secure: v1:def\n", ""))
    copy_stack_config(source, target)
    config = yaml.safe_load(target.read_text())["config"]
    assert config["slipway:new"] == {"secure": sealed}
    assert "slipway:password" not in config
    source.write_text(COMMITTED + "  slipway:new: {secure: v1:ghi}\n")
    assert "config.slipway:new" in copy_stack_config(source, target).encrypted


def test_a_placeholder_stands_for_a_secret_that_nobody_has_set(tmp_path: Path) -> None:
    source, target = tmp_path / "Pulumi.prod.yaml", tmp_path / "state" / "Pulumi.prod.yaml"
    source.write_text(COMMITTED)
    for _ in range(2):
        assert copy_stack_config(source, target, {"slipway:new", "slipway:password"}).unset == ["slipway:new"]
        copied = yaml.safe_load(target.read_text())
        assert opened(copied["config"]["slipway:new"]["secure"], copied["encryptionsalt"]) == "rehearsal-placeholder"
    copy_stack_config(source, target)
    assert "slipway:new" not in yaml.safe_load(target.read_text())["config"]
