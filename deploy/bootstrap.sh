#!/bin/sh
# Sets up one checkout on Debian 12: Debian's servers, a virtual environment, the generated stubs.
#
# Every step is left out when nothing has changed since it was last done; the stamps are in .venv/.
# Root is needed for Debian's packages only (through sudo for anybody else). Installing them starts
# no service of the machine's: the stack runs its own, private ones.
set -eu
cd "$(dirname "$0")/.."
STAMPS=.venv/stamps

say() { echo "setup: $*"; }

fail() {
    echo "setup: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "needs root once, for: $*"
    fi
}

# Prints the Debian packages that are missing.
missing_packages() {
    [ -x /usr/bin/setpriv ] || echo util-linux
    ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || echo postgresql
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || echo rabbitmq-server
    [ -x .venv/bin/python ] || "$(python)" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
}

# Prints the Python to make the virtual environment with.
python() {
    for candidate in ${PYTHON:-} python3.11 python3.12 python3; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "needs Python 3.11 or 3.12; set PYTHON to one"
}

install_packages() {
    say "installing from Debian: $* (a minute or two)"
    as_root sh -eu -s -- "$@" <<'ROOT'
        # While this is there, packages don't start their services.
        if [ ! -e /usr/sbin/policy-rc.d ]; then
            trap 'rm -f /usr/sbin/policy-rc.d' EXIT INT TERM
            printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
            chmod 755 /usr/sbin/policy-rc.d
        fi
        # Without this, PostgreSQL's package makes a cluster of its own that starts at boot.
        if [ ! -e /usr/share/postgresql-common ]; then
            mkdir -p /etc/postgresql-common/createcluster.d
            echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/sas.conf
        fi
        # The same for RabbitMQ at the next boot, unless somebody here uses it already.
        rabbitmq_is_new=yes
        [ ! -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || rabbitmq_is_new=no
        export DEBIAN_FRONTEND=noninteractive
        said=$(mktemp)
        {
            apt-get --quiet update && apt-get --quiet install --yes --no-install-recommends "$@"
        } >"$said" 2>&1 || {
            cat "$said" >&2
            exit 1
        }
        rm "$said"
        if [ "$rabbitmq_is_new" = yes ] && command -v systemctl >/dev/null; then
            systemctl --quiet disable rabbitmq-server 2>/dev/null || true
        fi
ROOT
}

# done_before STEP FILE...: whether STEP was last done with these very files.
done_before() {
    step=$1
    shift
    [ -f "$STAMPS/$step" ] && [ "$(cat "$STAMPS/$step")" = "$(cat "$@" | sha256sum)" ]
}

# note_done STEP FILE...
note_done() {
    step=$1
    shift
    mkdir -p "$STAMPS"
    cat "$@" | sha256sum > "$STAMPS/$step"
}

packages=$(missing_packages)
# shellcheck disable=SC2086  # one argument for each package
[ -z "$packages" ] || install_packages $packages

if [ ! -x .venv/bin/python ]; then
    say "making the virtual environment .venv"
    "$(python)" -m venv .venv
fi

PIP=".venv/bin/python -m pip --quiet --disable-pip-version-check"
if ! done_before dependencies requirements.lock; then
    say "installing the Python dependencies, checked against requirements.lock (a minute or two)"
    # The lock is the whole list, so pip resolves nothing: its hash mode stumbles over extras.
    $PIP install --require-hashes --no-deps -r requirements.lock
    $PIP check >&2 || fail "requirements.lock is not whole: see above"
    note_done dependencies requirements.lock
fi

protos=$(find protos/sas protos/sas_ext -name '*.proto' | sort)
# shellcheck disable=SC2086  # one argument for each file
if [ ! -d protos/gen ] || ! done_before protos protos/generate.py requirements.lock $protos; then
    say "making the stubs from the protos"
    .venv/bin/python protos/generate.py
    note_done protos protos/generate.py requirements.lock $protos
fi

if ! done_before project pyproject.toml; then
    say "installing sas itself"
    $PIP install --no-build-isolation --no-deps -e .
    note_done project pyproject.toml
fi
