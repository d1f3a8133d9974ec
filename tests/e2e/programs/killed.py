"""``python -m tests.e2e.programs.killed COUNT ARGUMENT...``: ``slipway`` that is killed after so many writes to S3.

The signal is SIGKILL, and it comes when AWS has answered and before the program has the answer: as far from a clean
end as can be. A count below zero kills before the call is sent.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import boto3

from infra.cli import main

WRITES = ("PutObject", "CopyObject", "DeleteObject", "DeleteObjects", "CompleteMultipartUpload")


class Counter:
    """Counts writes, and ends this process at one of them."""

    def __init__(self, count: int) -> None:
        self.left, self.before = abs(count), count < 0

    def __call__(self, model: Any, **_: Any) -> None:
        if model.name in WRITES:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def _session(counter: Counter) -> Any:
    made = boto3.Session.__init__

    def init(self: boto3.Session, *arguments: Any, **keywords: Any) -> None:
        made(self, *arguments, **keywords)
        self.events.register("before-call.s3" if counter.before else "after-call.s3", counter)

    return init


if __name__ == "__main__":
    boto3.Session.__init__ = _session(Counter(int(sys.argv[1])))
    sys.argv = ["slipway", *sys.argv[2:]]
    main()
