#!/bin/sh
# One app goes the whole road, in the sandbox: from keys and public access to an identity and private access.
#
#     sh docs/road/road.sh          from a checkout after `make setup`; about a minute, and the first time the engine's build
#
# At every step the app may do what its uses ask for. At the end nobody can use the key that leaked, from anywhere. The script
# stops with an error where one of that is not so.
set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shop=$work/shop
cp -R "$repository/docs/road/shop" "$shop"
# A team's platform repository holds these itself.
for part in __main__.py components keyless; do ln -s "$repository/$part" "$shop/$part"; done
mkdir "$shop/sandbox"
for part in "$repository"/sandbox/*; do
    # Without a world of its own, all that the environment names is there, public and with keys.
    [ "$(basename "$part")" = worlds ] || ln -s "$part" "$shop/sandbox/"
done
export KEYLESS_SANDBOX="$work/sandbox"
environment=$shop/Pulumi.dev.yaml
manifest=$shop/apps/payments/deploy/checkout.yaml

keyless() { "$repository/.venv/bin/python" -m keyless -C "$shop" "$@"; }

step() { printf '\n== %s\n' "$*"; }

# `pulumi up` of the environment's own stack, then of the team's.
up() {
    for stack in dev payments.dev; do
        echo "\$ keyless sandbox -- pulumi up -s $stack"
        keyless sandbox -- pulumi up --yes --skip-preview --color never -s "$stack" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    done
}

# Replace one text by another in a file, everywhere.
edit() {
    sed -i.bak "s/$2/$3/" "$1"
    rm "$1.bak"
    echo "\$ edit $(basename "$1"): $2 -> $3"
}

app_works() {
    for use in invoices sessions assistant; do
        keyless sandbox can checkout "$use" >"$work/log" || { cat "$work/log"; echo "checkout may not use $use"; exit 1; }
    done
    echo "checkout may use invoices, sessions and assistant"
}

# Whether the leaked keys open everything, or nothing, from a place.
keys() {
    for resource in orders sessions assistant; do
        answer=no
        keyless sandbox can --key "$resource" --from "$2" >"$work/log" && answer=yes
        [ "$answer" = "$1" ] || { cat "$work/log"; echo "the key of $resource: $answer from $2, and not $1"; exit 1; }
    done
    echo "leaked keys open orders, sessions and assistant from $2: $1"
}

step "1. As it was: keys in the pods' variables, and everything open to the internet"
keyless migrate dev | sed -n '/Left-overs/,/^$/p'
keys yes internet
keys yes aks-dev

step "2. Grants first (stage: granted): the pods stay as they are, and lean on keys a little longer"
up
keys yes aks-dev

step "3. The pods become the identity"
edit "$environment" "checkout: {stage: granted}" "checkout: {}"
up
app_works

step "4. Keys cannot be called off yet: the manifest still reads them, and Keyless says where"
edit "$environment" "keys: allowed" "keys: forbidden"
if keyless plan dev >"$work/log" 2>&1; then echo "a plan that would lock the app out"; exit 1; fi
grep left-over "$work/log"
edit "$environment" "keys: forbidden" "keys: allowed"

step "5. The left-overs go"
awk '/REDIS_PASSWORD|AZURE_STORAGE_CONNECTION_STRING|AZURE_OPENAI_API_KEY/ {getline; next} {print}' "$manifest" >"$work/clean"
cp "$work/clean" "$manifest"
keyless migrate dev | sed -n '1,6p'
app_works

step "6. Private endpoints, beside what is open"
edit "$environment" "network: public" "network: endpoint"
up
app_works
keys yes internet

step "7. Public access closes, once every endpoint has proven itself"
edit "$environment" "network: endpoint" "network: private"
up
app_works
keys no internet
keys yes aks-dev

step "8. Keys are called off"
edit "$environment" "keys: allowed" "keys: forbidden"
up
app_works
keys no internet
keys no aks-dev

step "9. Going back is one line, and so is going on"
edit "$environment" "keys: forbidden" "keys: allowed"
up
keys yes aks-dev
app_works
edit "$environment" "keys: allowed" "keys: forbidden"
up
app_works
keys no aks-dev

step "10. Nothing that is taken away opens a door or gives back a key"
for stack in payments.dev dev; do
    echo "\$ keyless sandbox -- pulumi destroy -s $stack"
    keyless sandbox -- pulumi destroy --yes --skip-preview --color never -s "$stack" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
done
keys no internet
keys no aks-dev
printf '\nThe whole road, and back home.\n'
