"""Figures of the running house: `python -m benchmarks` measures all, `python -m benchmarks.NAME` one."""
