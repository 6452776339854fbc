#!/bin/sh
# What a start of the official image does, as far as its documentation promises it: the first one
# makes the database and runs the scripts of /docker-entrypoint-initdb.d, later ones only serve.
set -eu

# Any user may run it; programs of PostgreSQL want one with a name.
if ! getent passwd "$(id -u)" > /dev/null; then
    NSS_WRAPPER_PASSWD=$(mktemp)
    NSS_WRAPPER_GROUP=$(mktemp)
    echo "postgres:x:$(id -u):$(id -g):PostgreSQL:$PGDATA:/bin/false" > "$NSS_WRAPPER_PASSWD"
    echo "postgres:x:$(id -g):" > "$NSS_WRAPPER_GROUP"
    LD_PRELOAD=$(find /usr/lib -name libnss_wrapper.so | head -n 1)
    export NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP LD_PRELOAD
fi

case "${1:-postgres}" in
    postgres | -*) ;;
    *) exec "$@" ;;
esac

if test ! -s "$PGDATA/PG_VERSION"; then
    if test -n "${POSTGRES_PASSWORD_FILE:-}"; then
        POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
    fi
    if test -z "${POSTGRES_PASSWORD:-}"; then
        echo "error: POSTGRES_PASSWORD is not set" >&2
        exit 1
    fi
    export PGPASSWORD="$POSTGRES_PASSWORD"
    mkdir -p "$PGDATA"
    chmod 0700 "$PGDATA"
    given=$(mktemp)
    echo "$POSTGRES_PASSWORD" > "$given"
    # The arguments are words: they are meant to be split.
    # shellcheck disable=SC2086
    initdb --username="${POSTGRES_USER:-postgres}" --pwfile="$given" ${POSTGRES_INITDB_ARGS:-}
    rm "$given"
    echo "host all all all ${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >> "$PGDATA/pg_hba.conf"
    # This one is not heard on the network.
    pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses=''" --wait start
    for script in /docker-entrypoint-initdb.d/*; do
        case "$script" in
            *.sh) sh "$script" ;;
            *.sql) psql --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --file="$script" ;;
        esac
    done
    pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
    unset PGPASSWORD
fi
case "${1:-}" in
    postgres) shift ;;
esac
exec postgres -c "listen_addresses=*" "$@"
