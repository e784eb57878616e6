#!/bin/sh
# Writes the locks anew from pyproject.toml and the .in files. Run it to take newer versions.
set -eu
cd "$(dirname "$0")/.."
compile="uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --quiet"
$compile pyproject.toml requirements/build.in requirements/dev.in --extra hub --extra portal --extra statuses -o requirements/dev.txt "$@"
$compile pyproject.toml requirements/build.in --extra hub --extra portal --extra statuses -c requirements/dev.txt -o requirements/hub.txt "$@"
$compile requirements/spark.in -c requirements/dev.txt -o requirements/spark.txt "$@"
