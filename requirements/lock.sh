#!/bin/sh
# Resolve the locks again: hashes for every file, no host named. Needs uv (pip install uv).
set -eu
cd "$(dirname "$0")"
for name in base dev formats storage telemetry release double; do
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-header --no-annotate --output-file "$name.txt" "$name.in" "$@"
done
