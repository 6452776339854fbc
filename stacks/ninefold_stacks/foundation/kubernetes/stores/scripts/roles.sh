# Each consumer has a role and a database of its own name, and nobody else may open it. Runs at each
# start: a consumer that was added, or a password that was changed, is seen to as well. PGHOST names a
# server elsewhere, whose administrator is no superuser.
set -eu

# While the first start is busy, the server is not heard on the network.
until pg_isready --quiet --host="${PGHOST:-127.0.0.1}" --username=postgres; do sleep 1; done

run() {
    psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres "$@" > /dev/null
}

run <<'SQL'
\set password `cat /etc/passwords/postgres`
ALTER ROLE postgres PASSWORD :'password';
REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;
SQL
for NAME in $CONSUMERS; do
    export NAME
    run --set=name="$NAME" <<'SQL'
\set password `cat "/etc/passwords/$NAME"`
SELECT format('CREATE ROLE %I LOGIN', :'name')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" PASSWORD :'password';
GRANT :"name" TO CURRENT_USER;
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
touch /var/run/postgresql/roles
