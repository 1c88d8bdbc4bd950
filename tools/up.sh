#!/bin/sh
# `pulumi up` of an environment's own stack and of every team's, in the sandbox; then what each app may do; then all again.
set -eu
environment=$1
keyless=.venv/bin/keyless

# The environment's own stack first: the teams' apps use what it makes.
listed=$("$keyless" stacks | awk '{print $1}')
stacks=$(printf '%s\n' "$listed" | grep -x "$environment" || true; printf '%s\n' "$listed" | grep "^[^.]*[.]$environment\$" || true)
if [ -z "$stacks" ]; then
    echo "up: keyless stacks names no stack of $environment:" >&2
    printf '%s\n' "$listed" >&2
    exit 1
fi
echo "up: stacks of $environment: $(echo $stacks)"

all_up() {
    for stack in $stacks; do
        echo
        echo "up: keyless sandbox -- pulumi up -s $stack $*"
        "$keyless" sandbox -- pulumi up --yes --skip-preview --color never -s "$stack" "$@"
    done
}

all_up
echo
echo "up: what each app may now do (keyless sandbox can --env $environment)"
"$keyless" sandbox can --env "$environment"
echo
echo "up: once more; --expect-no-changes makes any change an error"
all_up --expect-no-changes
echo
echo "up: done. Look around: .venv/bin/keyless sandbox show; start over: .venv/bin/keyless sandbox reset"
