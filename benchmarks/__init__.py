"""Benchmarks: what Slipway costs beside the engine's own floor, and how that grows. Run by hand, never as tests."""
