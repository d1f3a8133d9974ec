"""The project's Markdown, read as GitHub reads it: links, anchors, code."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
SHELL = ("sh", "bash", "shell", "console")

_PARSER = MarkdownIt("commonmark").enable("table")
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Document:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        """The path from the root of the checkout."""
        return str(self.path.relative_to(ROOT))

    def tokens(self) -> Iterator[Token]:
        """Yield all tokens, those inside paragraphs, headings and table cells too."""
        for token in _PARSER.parse(self.path.read_text(encoding="utf-8")):
            yield token
            yield from token.children or ()

    def links(self) -> list[str]:
        """Return the targets of links and images."""
        targets = [token.attrGet({"link_open": "href", "image": "src"}.get(token.type, "")) for token in self.tokens()]
        return [str(target) for target in targets if target is not None]

    def anchors(self) -> set[str]:
        """Return the anchors that GitHub gives the headings: of equal ones, the later are numbered."""
        seen: Counter[str] = Counter()
        found = set()
        for token, content in itertools.pairwise(self.tokens()):
            if token.type != "heading_open":
                continue
            text = "".join(part.content for part in content.children or ())
            anchor = _NOT_IN_ANCHORS.sub("", text.strip().lower()).replace(" ", "-")
            found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
            seen[anchor] += 1
        return found

    def blocks(self, *languages: str) -> list[str]:
        """Return the code blocks in these languages."""
        return [t.content for t in self.tokens() if t.type == "fence" and t.info.partition(" ")[0] in languages]

    def shell_lines(self) -> list[str]:
        """Return the lines of shell blocks; a line continued with a backslash is one."""
        blocks = self.blocks(*SHELL)
        return [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]

    def inline_code(self) -> list[str]:
        """Return what stands between backticks in the text."""
        return [token.content for token in self.tokens() if token.type == "code_inline"]


def documents() -> list[Document]:
    """Return the documents that are checked: the README, what is under docs, and the READMEs of all folders."""
    folders = [ROOT / name for name in ("benchmarks", "examples", "infra", "policy", "rehearsal", "tools")]
    paths = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    return [Document(path) for path in sorted([*paths, *(p for each in folders for p in each.rglob("README.md"))])]
