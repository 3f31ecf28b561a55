#!/usr/bin/env bash
# Runs the tests of all modules of the repository. Arguments are passed to go test.
set -euo pipefail
cd "$(dirname "$0")/.."
for mod in go.mod $(git ls-files --cached --others --exclude-standard '*/go.mod'); do
  dir=$(dirname "$mod")
  echo "== module $dir"
  go -C "$dir" test "$@" ./...
done
