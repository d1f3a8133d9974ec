"""The mirrors' files, read by containerd as it fetches an image of the registry that they stand for."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.plan.node.mirrors import HOSTS
from tests.infra.plan.node.rendered import unpack_fetched
from tests.infra.samples import sample_spec
from tests.infra.templates.node.registry_server import DIGEST, Registry, registry_host
from tests.infra.templates.node.tools import needs

pytestmark = [
    pytest.mark.process,
    needs("containerd", "containerd"),
    pytest.mark.skipif(os.geteuid() != 0, reason="containerd runs as root only"),
]
IMAGE = "docker.io/library/nginx:1.0"


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A containerd of its own, which keeps what it fetches below a folder."""
    folder = tmp_path_factory.mktemp("containerd")
    path = folder / "s"
    config = folder / "config.toml"
    config.write_text(f"""version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "{path}"
""")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["containerd", "--config", str(config)], stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while not path.exists():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.05)
        yield path
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with registry_host(tmp_path) as host:
        yield host


def fetch(socket: Path, folder: Path, registry: Registry) -> subprocess.CompletedProcess[str]:
    """Fetch the image as the files of the machine below a folder say."""
    command = ["ctr", "--address", str(socket), "content", "fetch", "--hosts-dir", f"{folder}/machine{HOSTS}", IMAGE]
    trusting = {**os.environ, "SSL_CERT_FILE": str(registry.certificate), "SSL_CERT_DIR": "/nonexistent"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=trusting, timeout=120)


def fetched(socket: Path, folder: Path, registry: Registry, *paths: str) -> list[str]:
    """Fetch the image with mirrors at these paths; return what they were asked for, each once."""
    mirrors = [f"https://{registry.host}{path}" for path in paths]
    unpack_fetched(folder / "machine", spec=sample_spec(cluster={"registryMirrors": {"docker.io": mirrors}}))
    result = fetch(socket, folder, registry)
    assert result.returncode == 0, result.stderr
    assert DIGEST.removeprefix("sha256:")[:12] in result.stdout
    return list(dict.fromkeys(registry.requests))


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("", "/v2/library/nginx"),
        ("/v2", "/v2/library/nginx"),
        ("/v2/hub", "/v2/hub/library/nginx"),
        ("/artifactory/api/docker/hub/v2", "/artifactory/api/docker/hub/v2/library/nginx"),
    ],
)
def test_a_mirror_is_asked_at_its_own_path_and_told_the_registry(
    socket: Path, registry: Registry, tmp_path: Path, path: str, asked: str
) -> None:
    requests = fetched(socket, tmp_path, registry, path)
    assert requests[0] == f"{asked}/manifests/1.0?ns=docker.io"
    assert all(request.startswith(f"{asked}/") for request in requests)


@pytest.mark.parametrize("status", [401, 403, 404, 503])
def test_the_next_is_asked_where_one_does_not_give_the_image(
    socket: Path, registry: Registry, tmp_path: Path, status: int
) -> None:
    registry.statuses["/v2/first/"] = status
    requests = fetched(socket, tmp_path, registry, "/v2/first", "/v2/second")
    manifests = [request for request in requests if request.endswith("/manifests/1.0?ns=docker.io")]
    assert manifests == [f"/v2/{each}/library/nginx/manifests/1.0?ns=docker.io" for each in ("first", "second")]


def test_a_cache_of_ecr_is_asked_in_place_of_the_registry_itself(
    socket: Path, registry: Registry, tmp_path: Path
) -> None:
    ecr = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"
    spec = sample_spec(cluster={"registryMirrors": {"docker.io": [f"https://{ecr}/v2/hub"]}})
    unpack_fetched(tmp_path / "machine", spec=spec)
    (file,) = (tmp_path / "machine").joinpath(HOSTS.lstrip("/")).glob("*/hosts.toml")
    file.write_text(file.read_text().replace(ecr, registry.host))
    assert fetch(socket, tmp_path, registry).returncode == 0
    assert {request.partition("/library")[0] for request in registry.requests} == {"/v2/hub"}

    registry.requests.clear()
    registry.statuses["/v2/hub/"] = 404
    result = fetch(socket, tmp_path, registry)
    assert (result.returncode, "registry-1" in result.stderr) == (1, False)
    assert {request.partition("/library")[0] for request in registry.requests} == {"/v2/hub"}
