"""A few SVG shapes, enough to draw boxes, bars and lines with text in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

_CHARACTERS = {"title": 11.0, "strong": 9.0}
"""Width of a character in px by class: that of a wide letter of a wide font, DejaVu Sans, so that text fits."""

_CHARACTER = 8.2
"""The same for all other text, of 13 px."""


def text_width(text: str, look: str) -> float:
    """Return how wide a line of text may be at most, in px."""
    return len(text) * _CHARACTERS.get(look.split(" ")[0], _CHARACTER)


@dataclass(frozen=True)
class Box:
    """A rectangle; lengths in px, y downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of the right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of the lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """The x of the vertical axis."""
        return self.x + self.width / 2


class Drawing:
    """An SVG document under construction. Looks are CSS classes, so that one style sheet tells light from dark."""

    def __init__(self, width: float, height: float, title: str, style: str) -> None:
        size = {
            "width": _number(width),
            "height": _number(height),
            "viewBox": f"0 0 {_number(width)} {_number(height)}",
        }
        self._root = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size, "role": "img"})
        ElementTree.SubElement(self._root, "title").text = title
        ElementTree.SubElement(self._root, "style").text = style
        self.box(Box(0, 0, width, height), "page")

    def box(self, box: Box, look: str, *, radius: float = 6) -> None:
        """Draw a rectangle."""
        place = {"x": box.x, "y": box.y, "width": box.width, "height": box.height, "rx": radius}
        self._add("rect", look, place)

    def line(self, points: Sequence[tuple[float, float]], look: str) -> None:
        """Draw a line through points."""
        path = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        ElementTree.SubElement(self._root, "polyline", {"class": look, "points": path})

    def arrow(self, points: Sequence[tuple[float, float]], look: str) -> None:
        """Draw a line through points that ends in an arrow head; its last stretch is vertical or horizontal."""
        (x, y), (x_before, before) = points[-1], points[-2]
        level = y == before
        back = 7 if (x > x_before if level else y > before) else -7
        foot = (x - back, y) if level else (x, y - back)
        self.line([*points[:-1], foot], look)
        wide, high = (0, 4) if level else (4, 0)
        corners = ((x, y), (foot[0] - wide, foot[1] - high), (foot[0] + wide, foot[1] + high))
        head = " ".join(f"{_number(a)},{_number(b)}" for a, b in corners)
        ElementTree.SubElement(self._root, "polygon", {"class": f"{look} head", "points": head})

    def text(self, x: float, y: float, text: str, look: str, *, room: float) -> None:
        """Write a line of text whose baseline begins at (x, y), cut where it might be wider than ``room``."""
        fits = max(1, int(room / text_width(" ", look)))
        element = self._add("text", look, {"x": x, "y": y})
        element.text = text if len(text) <= fits else f"{text[: fits - 1]}…"
        if element.text != text:
            ElementTree.SubElement(element, "title").text = text

    def _add(self, tag: str, look: str, place: dict[str, float]) -> ElementTree.Element:
        attributes = {name: _number(value) for name, value in place.items()}
        return ElementTree.SubElement(self._root, tag, {"class": look, **attributes})

    def __str__(self) -> str:
        """Return the document, one element a line."""
        ElementTree.indent(self._root)
        return ElementTree.tostring(self._root, encoding="unicode") + "\n"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
