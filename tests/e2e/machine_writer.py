"""Writes to a cluster as fast as it acknowledges them, and remembers which it did."""

from __future__ import annotations

import itertools
import threading
import time
import types
from pathlib import Path
from typing import Self

import urllib3

from rehearsal.providers.kubernetes.api import ApiClient, ApiError, ClusterUnreachableError
from rehearsal.providers.kubernetes.kubeconfig import load

_PATH = "/api/v1/namespaces/default/configmaps"
_PREFIX = "write-"
_PAUSE_SECONDS = 0.1


class Writer:
    """Writes ConfigMaps in a thread while it is entered."""

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self.acknowledged: set[str] = set()
        self.refused = 0
        self._answered: list[float] = []
        self.seconds = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: types.TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=60)

    def longest_gap(self, since: float = 0.0) -> float:
        """Return the longest time between two acknowledgements that ended after `since` of the monotonic clock."""
        pairs = itertools.pairwise(tuple(self._answered))
        return max((later - earlier for earlier, later in pairs if later >= since), default=0.0)

    def stored(self) -> set[str]:
        """Return the names of all that the cluster has, each with the content it was written with."""
        items = self._client().request("GET", _PATH)["items"]
        return {
            each["metadata"]["name"]
            for each in items
            if each["metadata"]["name"].startswith(_PREFIX) and each["data"] == {"name": each["metadata"]["name"]}
        }

    def _client(self) -> ApiClient:
        return ApiClient(load(str(self._kubeconfig), {}))

    def _write(self) -> None:
        client, number = self._client(), 0
        began = time.monotonic()
        self._answered.append(began)
        while not self._stop.is_set():
            number += 1
            name = f"{_PREFIX}{number:06d}"
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"name": name}}
            try:
                client.request("POST", _PATH, body=body)
            except (ApiError, ClusterUnreachableError, urllib3.exceptions.HTTPError):
                # It may have been written all the same: nobody was told.
                self.refused += 1
                client = self._client()
            else:
                self.acknowledged.add(name)
                self._answered.append(time.monotonic())
            self._stop.wait(_PAUSE_SECONDS)
        self._answered.append(time.monotonic())
        self.seconds = self._answered[-1] - began
