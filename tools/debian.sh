#!/bin/sh
# Install the Debian packages that the full tests need, where that is possible; their tests skip themselves elsewhere.
set -eu
packages=$(cat tools/apt.txt)
missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
    echo "test: not root on Debian, so not installed:$missing; the tests that need them are skipped by name" >&2
    exit 0
fi
echo "test: installing Debian packages:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# Servers that a package would start have no business here: the tests start their own, on loopback.
if ! { apt-get update -q && RUNLEVEL=1 apt-get install -q -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    echo "test: apt-get failed (above); the tests that need$missing are skipped by name" >&2
    exit 0
fi
rm -f "$log"
