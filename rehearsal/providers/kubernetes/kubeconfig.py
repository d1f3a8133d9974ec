"""Reading a kubeconfig: which server, whom it trusts, and as whom to speak to it.

The official client's loader is not used: importing it brings in a class for each type of the API, which
takes longer than the whole start of this plugin may. Only the ways to log in that a rehearsed cluster uses
are read; any other is an error that names it rather than a request that fails later.
"""

from __future__ import annotations

import base64
import binascii
import os
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

_USER_KEYS: Final = {
    "client-certificate",
    "client-certificate-data",
    "client-key",
    "client-key-data",
    "token",
    "tokenFile",
}
_CLUSTER_KEYS: Final = {
    "server",
    "certificate-authority",
    "certificate-authority-data",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "disable-compression",
    "extensions",
}
_DEFAULT_PATH: Final = Path("~/.kube/config")


class KubeconfigError(ValueError):
    """A kubeconfig that cannot be used; the text says where it came from and what is wrong."""


@dataclass(frozen=True)
class Target:
    """Where and as whom to speak to a cluster. Paths of files in the kubeconfig are already resolved."""

    server: str
    namespace: str
    authority: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = None
    token: str | None = None
    server_name: str | None = None

    def tls(self) -> ssl.SSLContext:
        """Return the context of this target's connections.

        Raises KubeconfigError when the certificates cannot be read.
        """
        try:
            context = ssl.create_default_context(cadata=self.authority.decode() if self.authority else None)
            if self.certificate and self.key:
                # The ssl module reads a key from a file alone; the file is private and gone at once.
                with tempfile.NamedTemporaryFile() as pair:
                    pair.write(self.certificate + b"\n" + self.key)
                    pair.flush()
                    context.load_cert_chain(pair.name)
        except (ssl.SSLError, UnicodeDecodeError) as error:
            raise KubeconfigError(f"the kubeconfig's certificates cannot be read: {error}") from error
        return context


def load(
    given: str | None,
    environment: Mapping[str, str],
    *,
    context: str | None = None,
    cluster: str | None = None,
    namespace: str | None = None,
) -> Target:
    """Return the target that the provider's settings select.

    `given` is a path or the contents of a kubeconfig; without it `KUBECONFIG` (several paths: the first
    that exists) and then `~/.kube/config` are read. `context`, `cluster` and `namespace` override what the
    file says. Raises KubeconfigError.
    """
    document, origin, base = _read(given, environment)
    context_name = context or document.get("current-context")
    chosen: Mapping[str, Any] = {}
    if context_name:
        chosen = _named(document, "contexts", "context", context_name, origin)
    cluster_name = cluster or chosen.get("cluster")
    if not cluster_name:
        raise KubeconfigError(f"{origin} has no current-context; name one with `kubernetes:context`")
    found = _named(document, "clusters", "cluster", cluster_name, origin)
    user = _named(document, "users", "user", chosen["user"], origin) if chosen.get("user") else {}
    _refuse_unknown(found, _CLUSTER_KEYS, f"{origin}, cluster {cluster_name!r}")
    _refuse_unknown(user, _USER_KEYS, f"{origin}, user {chosen.get('user')!r}")
    if found.get("insecure-skip-tls-verify"):
        raise KubeconfigError(
            f"{origin}, cluster {cluster_name!r}: insecure-skip-tls-verify is not accepted; "
            "give certificate-authority-data"
        )
    server = found.get("server")
    if not isinstance(server, str) or not server.startswith(("https://", "http://")):
        raise KubeconfigError(f"{origin}, cluster {cluster_name!r}: server {server!r} is not a URL")
    return Target(
        server=server.rstrip("/"),
        namespace=namespace or chosen.get("namespace") or "default",
        authority=_bytes(found, "certificate-authority", base, origin),
        certificate=_bytes(user, "client-certificate", base, origin),
        key=_bytes(user, "client-key", base, origin),
        token=_token(user, base, origin),
        server_name=found.get("tls-server-name"),
    )


def _read(given: str | None, environment: Mapping[str, str]) -> tuple[Mapping[str, Any], str, Path]:
    if given and ("\n" in given or given.lstrip().startswith("{")):
        return _parsed(given, "the kubeconfig in `kubernetes:kubeconfig`"), "the kubeconfig", Path.cwd()
    candidates = [given] if given else [part for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    paths = [Path(part).expanduser() for part in candidates] or [_DEFAULT_PATH.expanduser()]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise KubeconfigError(
            f"no kubeconfig at {', '.join(map(str, paths))}; set `kubernetes:kubeconfig` or the variable KUBECONFIG"
        )
    return _parsed(path.read_text(), str(path)), str(path), path.parent


def _parsed(text: str, origin: str) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise KubeconfigError(f"{origin} is not YAML: {error}") from error
    if not isinstance(document, Mapping):
        raise KubeconfigError(f"{origin} holds no kubeconfig")
    return document


def _named(document: Mapping[str, Any], section: str, key: str, name: str, origin: str) -> Mapping[str, Any]:
    entries: Sequence[Any] = document.get(section) or []
    for entry in entries:
        if isinstance(entry, Mapping) and entry.get("name") == name:
            found = entry.get(key)
            return found if isinstance(found, Mapping) else {}
    names = ", ".join(repr(entry.get("name")) for entry in entries if isinstance(entry, Mapping)) or "none"
    raise KubeconfigError(f"{origin} has no {key} {name!r}; it has {names}")


def _refuse_unknown(section: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(key for key, value in section.items() if key not in known and value)
    if unknown:
        raise KubeconfigError(
            f"{where}: {', '.join(unknown)} is not supported by the stand-in for the kubernetes plugin; "
            "use a client certificate or a token"
        )


def _bytes(section: Mapping[str, Any], key: str, base: Path, origin: str) -> bytes | None:
    if section.get(f"{key}-data"):
        try:
            return base64.b64decode(section[f"{key}-data"], validate=True)
        except (binascii.Error, ValueError, TypeError) as error:
            raise KubeconfigError(f"{origin}: {key}-data is not base64: {error}") from error
    return _file(section.get(key), base, f"{origin}: {key}")


def _token(user: Mapping[str, Any], base: Path, origin: str) -> str | None:
    if user.get("token"):
        return str(user["token"])
    content = _file(user.get("tokenFile"), base, f"{origin}: tokenFile")
    return None if content is None else content.decode().strip()


def _file(name: str | None, base: Path, what: str) -> bytes | None:
    if not name:
        return None
    path = base / Path(name).expanduser()
    try:
        return path.read_bytes()
    except OSError as error:
        raise KubeconfigError(f"{what} {path} cannot be read: {error.strerror}") from error
