# Put a backup back: the newest, or the one that BACKUP names. A database is filled beside the
# present one and then takes its place, so that a backup that cannot be read costs nothing.
set -eu
cd /backup

# What else lies on a volume, lost+found for one, is none.
backups() {
    ls -1d [0-9]*-*Z 2>/dev/null
}

if test -z "$BACKUP"; then
    BACKUP=$(backups | sort | tail -n 1)
fi
if test -z "$BACKUP" || test ! -d "$BACKUP"; then
    echo "error: there is no backup ${BACKUP:-yet}; there are: $(backups | tr '\n' ' ')" >&2
    exit 1
fi

run() {
    psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --set=name="$1" --set=new="$1-restored" --dbname=postgres
}

for name in $CONSUMERS; do
    run "$name" <<'SQL'
DROP DATABASE IF EXISTS :"new" WITH (FORCE);
CREATE DATABASE :"new" OWNER :"name";
REVOKE ALL ON DATABASE :"new" FROM PUBLIC;
SQL
    pg_restore --exit-on-error --no-owner --role="$name" --dbname="$name-restored" "$BACKUP/$name.dump"
    run "$name" <<'SQL'
DROP DATABASE IF EXISTS :"name" WITH (FORCE);
ALTER DATABASE :"new" RENAME TO :"name";
SQL
    echo "$name is as it was at $BACKUP"
done
