"""Every relative link in the documentation leads to a file, and every anchor to a heading."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.documents import ROOT, Document, documents


def broken_links(document: Document) -> list[str]:
    """Return the document's relative links that lead nowhere, each with its reason."""
    broken = []
    for link in document.links():
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (document.path.parent / unquote(parts.path)).resolve() if parts.path else document.path
        if not target.is_relative_to(ROOT if document.path.is_relative_to(ROOT) else document.path.parent):
            broken.append(f"{link}: outside the project")
        elif not target.exists():
            broken.append(f"{link}: no such file")
        elif parts.fragment and target.suffix == ".md" and parts.fragment not in Document(target).anchors():
            broken.append(f"{link}: no such heading")
    return broken


@pytest.mark.parametrize("document", documents(), ids=lambda document: document.name)
def test_links_and_anchors_lead_somewhere(document: Document) -> None:
    assert broken_links(document) == []


def test_the_index_names_every_document() -> None:
    docs = ROOT / "docs"
    linked = {(docs / urlsplit(link).path).resolve() for link in Document(docs / "README.md").links()}
    generated = {docs / "options.md"}
    assert set(docs.rglob("*.md")) - generated - {docs / "README.md"} - linked == set()


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# A `b`, with (words)\n\n# Twice\n\n# Twice\n")
    page = tmp_path / "a.md"
    page.write_text(
        "# Here\n[1](b.md) [2](b.md#a-b-with-words) [3](#here) [4](https://example.com/x#y) [5](b.md#twice-1)\n\n"
        "| table |\n|---|\n| [6](missing.md) |\n\n[7](b.md#absent) [8](#absent) ![9](no.png) [10](../../etc/passwd)\n\n"
        "```sh\n[not](a-link.md)\n```\n"
    )
    assert broken_links(Document(page)) == [
        "missing.md: no such file",
        "b.md#absent: no such heading",
        "#absent: no such heading",
        "no.png: no such file",
        "../../etc/passwd: outside the project",
    ]
