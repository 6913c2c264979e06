#!/bin/sh
# Plays AgentDojo through our dispatcher. Its package lives in a virtual environment of its own, made here if it is not there.
#   benchmarks/agentdojo/run.sh [VENV] [--twin] [--share N] [--only SUITE]
set -eu
cd "$(dirname "$0")/../.."
venv="${TMPDIR:-/tmp}/majordomo-agentdojo"
case "${1:-}" in "" | -*) ;; *) venv="$1"; shift ;; esac
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "agentdojo==0.1.35"
fi
exec .venv/bin/python -m benchmarks.agentdojo --venv "$venv" "$@"
