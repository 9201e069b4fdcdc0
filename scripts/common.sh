# Shared by the scripts beside it; sourced, never run.
# shellcheck shell=bash

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"

# A heading that can be found again in a long log.
section() {
  printf '\n==> %s\n' "$1"
}

# One sentence that says what to do, and the end.
stop() {
  printf '\n%s\n' "$1" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# at_least 20.19.2 20.19: whether the first version is not older than the second.
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# Seconds since the section began, for the log.
took() {
  printf '    (%s s)\n' "$((SECONDS - ${1:-0}))"
}
