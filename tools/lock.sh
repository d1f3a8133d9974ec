#!/usr/bin/env bash
# Writes requirements.lock from requirements.txt, here and in policy/: every package, by version and hash, for each
# platform. Needs uv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Versions in the present lock are kept unless requirements.txt asks for others; `--upgrade` takes the newest.
for folder in . policy; do
    (
        cd "$folder"
        uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-annotate \
            --custom-compile-command tools/lock.sh --no-emit-index-url --output-file requirements.lock "$@" requirements.txt
    )
done
