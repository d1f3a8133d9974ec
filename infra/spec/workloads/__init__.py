"""Workloads and service backends: what an application team declares in ``apps/<name>.yaml`` and a stack file."""
