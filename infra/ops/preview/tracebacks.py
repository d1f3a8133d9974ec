"""What a Python traceback in the engine's words means, without its frames."""

from __future__ import annotations

import re

_BEGIN = "Traceback (most recent call last):"
_STOCK = "Program failed with an unhandled exception:"
"""What the language host writes above the traceback (``sdk/python/cmd/pulumi-language-python-exec``)."""
_CHAIN = re.compile(
    r"(During handling of the above exception, another exception occurred|"
    r"The above exception was the direct cause of the following exception):\s*"
)
_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
_BARE = re.compile(r"(?:[\w.]*\.)?(?:Exception|RuntimeError): ")
"""Names of exceptions that say no more than that there was one."""
_CALL = re.compile(r"\b(invoke of|invoking) \w+:")
"""How the SDK or the provider begins when a look-up fails: the name of the function follows."""


def without_frames(message: str) -> str:
    """Return ``message`` with the meaning of a traceback in its place.

    Of a chain the last exception is kept, and with it one that names the function of the engine which failed. What is
    no failed look-up is a fault of the program: then the place of the last frame stays, by which it is found.
    """
    head, found, traceback = message.partition(_BEGIN)
    if not found:
        return message
    ends = [end for each in traceback.split(_BEGIN) if (end := _end(each))]
    kept = list(dict.fromkeys([*(each for each in ends if _CALL.search(each)), *ends[-1:]]))
    text = "\n".join(_BARE.sub("", each, count=1) for each in kept) or "an exception without words"
    place = "" if _CALL.search(text) else _place(traceback)
    before = head.replace(_STOCK, "").strip()
    return "\n".join(each for each in (before, f"the program failed: {text}{place}") if each)


def _end(block: str) -> str:
    """Return what follows the frames of one traceback: they are indented, and the exception is not."""
    lines = block.lstrip("\n").splitlines()
    at = next((at for at, line in enumerate(lines) if line.strip() and not line[0].isspace()), len(lines))
    return _CHAIN.sub("", "\n".join(lines[at:])).strip()


def _place(traceback: str) -> str:
    frames = list(_FRAME.finditer(traceback))
    return f" ({frames[-1]['file']}, line {frames[-1]['line']})" if frames else ""
