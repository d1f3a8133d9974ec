from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.providers.kubernetes.kubeconfig import KubeconfigError, Target, load
from tests.rehearsal.certificates import write_pair

DOCUMENT: dict[str, Any] = {
    "current-context": "one",
    "contexts": [
        {"name": "one", "context": {"cluster": "c1", "user": "u1"}},
        {"name": "two", "context": {"cluster": "c2", "user": "u2", "namespace": "apps"}},
    ],
    "clusters": [
        {"name": "c1", "cluster": {"server": "https://127.0.0.1:1/", "certificate-authority-data": "Q0E="}},
        {"name": "c2", "cluster": {"server": "https://127.0.0.1:2", "tls-server-name": "api"}},
    ],
    "users": [
        {"name": "u1", "user": {"client-certificate-data": "Q1JU", "client-key-data": "S0VZ"}},
        {"name": "u2", "user": {"token": "t0k"}},
    ],
}
ONE = Target("https://127.0.0.1:1", "default", b"CA", b"CRT", b"KEY")


def written(tmp_path: Path, document: Any = DOCUMENT, name: str = "kubeconfig") -> Path:
    path = tmp_path / name
    path.write_text(yaml.safe_dump(document))
    return path


def test_a_path(tmp_path: Path) -> None:
    assert load(str(written(tmp_path)), {}) == ONE


@pytest.mark.parametrize("dump", [yaml.safe_dump, json.dumps])
def test_contents(dump: Any) -> None:
    assert load(dump(DOCUMENT), {}) == ONE


def test_the_variable(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert load(None, {"KUBECONFIG": f"{tmp_path}/missing:{path}"}) == ONE
    assert load("", {"KUBECONFIG": str(path)}) == ONE


def test_context_cluster_and_namespace_can_be_chosen(tmp_path: Path) -> None:
    path = str(written(tmp_path))
    assert load(path, {}, context="two") == Target("https://127.0.0.1:2", "apps", token="t0k", server_name="api")
    assert load(path, {}, cluster="c2").server == "https://127.0.0.1:2"
    assert load(path, {}, context="two", namespace="other").namespace == "other"


def test_files_are_found_beside_the_kubeconfig(tmp_path: Path) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["clusters"][0]["cluster"] = {"server": "https://x", "certificate-authority": "pki/ca.crt"}
    document["users"][0]["user"] = {"tokenFile": str(tmp_path / "token")}
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki" / "ca.crt").write_bytes(b"CA")
    (tmp_path / "token").write_text("secret\n")
    assert load(str(written(tmp_path, document)), {}) == Target("https://x", "default", b"CA", token="secret")


def changed(path: list[Any], value: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (changed(["current-context"], None), "{path} has no current-context; name one with `kubernetes:context`"),
        (changed(["current-context"], "three"), "{path} has no context 'three'; it has 'one', 'two'"),
        (changed(["clusters"], []), "{path} has no cluster 'c1'; it has none"),
        (changed(["contexts", 0, "context", "user"], "u9"), "{path} has no user 'u9'; it has 'u1', 'u2'"),
        (
            changed(["users", 0, "user"], {"exec": {"command": "aws"}, "username": "x"}),
            "{path}, user 'u1': exec, username is not supported by the stand-in for the kubernetes plugin; "
            "use a client certificate or a token",
        ),
        (
            changed(["clusters", 0, "cluster", "proxy-url"], "http://p"),
            "{path}, cluster 'c1': proxy-url is not supported by the stand-in for the kubernetes plugin; "
            "use a client certificate or a token",
        ),
        (
            changed(["clusters", 0, "cluster", "insecure-skip-tls-verify"], True),
            "{path}, cluster 'c1': insecure-skip-tls-verify is not accepted; give certificate-authority-data",
        ),
        (changed(["clusters", 0, "cluster", "server"], "host"), "{path}, cluster 'c1': server 'host' is not a URL"),
        (
            changed(["users", 0, "user", "client-key-data"], "***"),
            "{path}: client-key-data is not base64: Only base64 data is allowed",
        ),
        (
            changed(["users", 0, "user"], {"client-key": "gone.key"}),
            "{path}: client-key {folder}/gone.key cannot be read: No such file or directory",
        ),
        ([1], "{path} holds no kubeconfig"),
    ],
)
def test_faults_are_named(tmp_path: Path, document: Any, text: str) -> None:
    path = written(tmp_path, document)
    with pytest.raises(KubeconfigError) as caught:
        load(str(path), {})
    assert str(caught.value) == text.format(path=path, folder=tmp_path)


def test_no_kubeconfig_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KubeconfigError, match=r"^no kubeconfig at /no/such; set `kubernetes:kubeconfig` or"):
        load("/no/such", {})
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(KubeconfigError, match=f"^no kubeconfig at {tmp_path}/.kube/config; "):
        load(None, {})


def test_what_is_no_yaml() -> None:
    with pytest.raises(KubeconfigError, match=r"^the kubeconfig in `kubernetes:kubeconfig` is not YAML: "):
        load("a: [\n", {})


def test_tls(tmp_path: Path) -> None:
    write_pair(tmp_path, "ca")
    write_pair(tmp_path, "admin", "ca")
    read = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    target = Target("https://x", "default", read["ca.crt"], read["admin.crt"], read["admin.key"])
    assert [entry["serialNumber"] for entry in target.tls().get_ca_certs()] != []
    with pytest.raises(KubeconfigError, match=r"^the kubeconfig's certificates cannot be read: "):
        Target("https://x", "default", read["ca.crt"], b"nothing", base64.b64decode("S0VZ")).tls()
