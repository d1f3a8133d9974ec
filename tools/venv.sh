# shellcheck shell=bash
# Sourced by the scripts at the root, which set `root` to the checkout. `ensure_venv` makes $root/.venv ready.

# Print the first Python that is 3.11 or newer. SLIPWAY_PYTHON, when set, is the only candidate.
find_python() {
    local candidate
    for candidate in ${SLIPWAY_PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    echo "No Python 3.11 or newer was found (tried: ${SLIPWAY_PYTHON:-python3 python3.13 python3.12 python3.11 python})." >&2
    echo "Install one, or set SLIPWAY_PYTHON to its path." >&2
    return 1
}

ensure_venv() {
    local found
    found=$(find_python) || return
    # Every command starts several interpreters, and the SDKs are tens of megabytes of source: compiled once and kept,
    # they are read in a fraction of the time. Kept in .venv, so that a setting against __pycache__ is honoured in spirit.
    unset PYTHONDONTWRITEBYTECODE
    export PYTHONPYCACHEPREFIX=${root:?}/.venv/pycache
    "$found" "$root/tools/venv.py"
}
