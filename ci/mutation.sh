#!/usr/bin/env bash
# How much of the root package the tests notice: ci/mutate's mutants, all of them or,
# with -every N, one of N. It stops after BUDGET (an hour without it), which is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
exec timeout "${BUDGET:-1h}" go run ./ci/mutate "$@"
