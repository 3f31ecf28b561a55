#!/usr/bin/env bash
# Mutates the root package, one place at a time, and counts how many mutants its tests
# kill. It takes the better part of an hour on two cores, so .ci/run does not call it.
# With a number of minutes as argument it stops then, and counts what it has.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-120}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
git clone -q . "$dir/repo"
GOBIN=$dir/bin go install github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0
cd "$dir/repo"
# The slow tests are left out: they kill nothing that the others do not.
export GOFLAGS='-short -failfast -skip=TestAMillionEntries|TestStress|TestTheAPI|TestVetCatches|TestTheCodeOfTheReadme|TestTheReadme|TestALongChain'
timeout "${minutes}m" "$dir/bin/gremlins" unleash --exclude-files '^(examples|internal)/' \
  --invert-logical --invert-loopctrl --workers 2 --test-cpu 2 --timeout-coefficient 8 . | tee "$dir/log" || true
killed=$(grep -cE '^ *(KILLED|TIMED OUT)' "$dir/log" || true)
lived=$(grep -cE '^ *LIVED' "$dir/log" || true)
echo "$killed killed, $lived lived"
