"""One environment of Slipway: the stack's spec, read once, and its components in order."""

import gc

# The SDKs are hundreds of thousands of objects, all of which stay. With Python's own thresholds (700, 10, 10) a quarter
# of a preview's time goes into looking through them for garbage; with these hardly any, and memory stays the same.
gc.set_threshold(10_000, 20, 100)

from infra.program import run  # noqa: E402

run()
