"""A real control plane and a provider of the kubernetes stand-in that is configured for it, for tests to import."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from rehearsal import controlplane
from rehearsal.controlplane import ControlPlane
from rehearsal.providers.kubernetes.api import ApiError
from rehearsal.providers.kubernetes.provider import Provider
from tests.e2e.at_hand import programs_or_skip


@pytest.fixture(scope="module")
def tools() -> dict[str, Path]:
    return programs_or_skip(["pulumi", *controlplane.TOOLS], "the engine and the control plane's programs")


@pytest.fixture(scope="module")
def plane(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    folder = tmp_path_factory.mktemp("environment")
    try:
        yield controlplane.start(folder, tools, "standin.slipway.test", Console(file=io.StringIO()))
    finally:
        controlplane.stop(folder)


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def provider(plane: ControlPlane, warnings: list[str]) -> Provider:
    made = Provider(warn=lambda _urn, text: warnings.append(text), environment={"KUBECONFIG": str(plane.kubeconfig)})
    made.configure({})
    assert made.connection.operations is not None, made.connection.reason
    return made


def live(provider: Provider, path: str) -> dict[str, Any] | None:
    assert provider.connection.operations is not None
    try:
        return provider.connection.operations.cluster.client.request("GET", path)
    except ApiError as error:
        if error.status != 404:
            raise
        return None


def patched(provider: Provider, path: str, patch: dict[str, Any], manager: str, kind: str = "merge") -> None:
    assert provider.connection.operations is not None
    provider.connection.operations.cluster.client.request(
        "PATCH",
        path,
        query={"fieldManager": manager},
        body=patch,
        content_type=f"application/{kind}-patch+json",
    )
