"""What a machine is told at its first boot, decoded into the files it writes."""

from __future__ import annotations

import base64
import binascii
import email
import hashlib
import json
import zlib
from typing import Any

import yaml

from infra.ops.preview.secrets import USER_DATA_PROPERTIES, scrubbed

_CLOUD_CONFIG = "#cloud-config"
_MIME = ("Content-Type:", "MIME-Version:")
_GZIP = b"\x1f\x8b"
_LARGEST = 4_000_000
"""Bytes that are unpacked at most: EC2 takes 16 KiB of user-data, which gzip cannot make larger than that."""


def is_user_data(path: str) -> bool:
    """Return whether a property holds user-data."""
    return path.rpartition(".")[2] in USER_DATA_PROPERTIES


def is_document(path: str, text: Any) -> bool:
    """Return whether a property is the document of files that a group's machines read from the state bucket."""
    return path == "content" and isinstance(text, str) and text.startswith("{") and bool(_document(text))


def _document(text: str) -> dict[str, str]:
    try:
        files = json.loads(text).get("files")
    except (ValueError, AttributeError):
        return {}
    entries = files if isinstance(files, list) else []
    if not all(isinstance(entry, dict) and {"path", "content"} <= set(entry) for entry in entries):
        return {}
    return {str(entry["path"]): f"# permissions: {entry.get('mode')}\n{entry['content']}" for entry in entries}


def decoded_files(text: str) -> dict[str, str]:
    """Return user-data as path -> content; what is not a file of a cloud-config has a name in round words.

    Base64 and gzip are taken off as often as they were put on. What cannot be read is shown by its checksum: raw bytes
    could hold what a report must not show.
    """
    return {name: scrubbed(content) for name, content in _split(_plain(text.encode())).items()}


def _plain(data: bytes) -> str:
    for _ in range(4):
        if data.startswith(_GZIP):
            try:
                data = zlib.decompressobj(wbits=31).decompress(data, _LARGEST)
            except zlib.error:
                break
            continue
        try:
            decoded = base64.b64decode(b"".join(data.split()), validate=True)
        except (binascii.Error, ValueError):
            break
        if not decoded:
            break
        data = decoded
        if not _readable(data):
            return _checksum(data)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _checksum(data)


def _checksum(data: bytes) -> str:
    return f"(bytes, SHA-256 {hashlib.sha256(data).hexdigest()})\n"


def _readable(data: bytes) -> bool:
    if data.startswith(_GZIP):
        return True
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return all(char.isprintable() or char in "\n\r\t" for char in text[:2000])


def _split(text: str) -> dict[str, str]:
    if text.startswith("{") and (document := _document(text)):
        return document
    if text.lstrip().startswith(_MIME):
        return _parts(text)
    if text.startswith(_CLOUD_CONFIG):
        return _cloud_config(text)
    return {"user-data": text}


def _parts(text: str) -> dict[str, str]:
    files: dict[str, str] = {}
    for number, part in enumerate(email.message_from_string(text).walk()):
        if part.is_multipart():
            continue
        payload = part.get_payload(decode=True)
        content = _plain(payload) if isinstance(payload, bytes) else ""
        if content.startswith(_CLOUD_CONFIG):
            files.update(_cloud_config(content))
        else:
            files[part.get_filename() or f"part {number}"] = content
    return files


def _cloud_config(text: str) -> dict[str, str]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        return {"cloud-config": text}
    if not isinstance(document, dict):
        return {"cloud-config": text}
    written = document.pop("write_files", None) or []
    files = {"cloud-config": yaml.safe_dump(document, sort_keys=False, width=110)} if document else {}
    for entry in written:
        if isinstance(entry, dict) and "path" in entry:
            files[str(entry["path"])] = _content(entry)
    return files


def _content(entry: dict[str, Any]) -> str:
    content = str(entry.get("content", ""))
    encoding = str(entry.get("encoding", "")).lower()
    rights = f"# permissions: {entry['permissions']}\n" if entry.get("permissions") else ""
    if not encoding or encoding == "text/plain":
        return rights + content
    return rights + _plain(content.encode())
