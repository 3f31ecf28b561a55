#!/usr/bin/env bash
# Shows that the gates of .ci/run can fail: plants one fault at a time in a copy of the
# repository and requires that its gate goes red, with the words that say why.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
caught=0

# fault FILE SED-SCRIPT WORDS GATE...: FILE, changed by the script, must fail the gate.
fault() {
  local file=$1 script=$2 words=$3 out
  shift 3
  rm -rf "$copy/repo"
  git clone -q "$root" "$copy/repo"
  git ls-files -z --modified --others --exclude-standard | xargs -0 -r cp --parents -t "$copy/repo"
  sed -i "$script" "$copy/repo/$file"
  if cmp -s "$file" "$copy/repo/$file"; then
    echo "$file: nothing planted by $script"
    exit 1
  fi
  if out=$(cd "$copy/repo" && .ci/run "$@" 2>&1); then
    echo "not caught by $*: $script in $file"
    exit 1
  fi
  grep -q -e "$words" <<<"$out" || { echo "$* failed for another reason than '$words':"; echo "$out" | tail -n 30; exit 1; }
  echo "caught by $*: $words"
  caught=$((caught + 1))
}

fault pool.go '$a var   badly = 1' 'gofmt would change' formatted
fault go.mod '$a require github.com/google/uuid v1.6.0' 'uuid' tidy .
fault options.go 's|^import (|&\n\t_ "github.com/stretchr/testify/assert"|' 'must not depend on' dependencies
fault ecosystem_test.go 's/\bS4\b/S3/' 'no test names S4' guarantees
fault limit.go '$a func unused() {}' 'unused' static .
fault popall.go 's/from := s.from()/&; copied := *s; _ = \&copied/' 'copies lock value' vet .
fault get.go '$a func (m *member) uncovered() bool { return m.named() }' 'get.go:.* 1 0$' coverage
fault options.go '$a func Extra() {}' 'func Extra()' tests -run TestTheAPI
fault stack.go 's/^func (s \*ExitStack) Defer(.*{$/var planted int\n\n&\n\tplanted++/' 'DATA RACE' races -run TestStressRegistration
fault stack.go 's/^func newStack(.*{$/&\n\tgo func() { select {} }()/' 'unexpected goroutines' tests -short -run TestStressNested
fault leak_test.go 's/goleak.VerifyTestMain(m, /go planted()\n\t&goleak.IgnoreAnyFunction("github.com\/exitpool\/exitpool_test.planted"), /; $a func planted() { select {} }' 'goroutineleak profile: total 1' leaks
fault unwind.go '0,/return thing.Close()/s//return nil/' 'FAIL' tests -short
fault release.go 's/ && m.node.Free()//' 'D1:' programs
fault release.go 's/ && m.node.Free()//' 'FAIL' tests -short
fault docs/model/exit.pml '1i #define BREAK_1' 'WRONG' models
echo "$caught faults, all caught"
