# A backup is one folder with a file for each consumer: all there or not at all, the oldest removed.
set -eu
cd /backup
rm -rf .unfinished
mkdir .unfinished
for name in $CONSUMERS; do
    pg_dump --format=custom --file=".unfinished/$name.dump" --dbname="$name"
    pg_restore --list ".unfinished/$name.dump" > /dev/null
done
stamp=$(date -u +%Y-%m-%dT%H-%M-%SZ)
sync
mv .unfinished "$stamp"
echo "$stamp is made: $(du -sk "$stamp" | cut -f 1) KiB"
# What else lies on a volume, lost+found for one, is none.
ls -1d [0-9]*-*Z | sort -r | tail -n "+$((KEEP + 1))" | while read -r old; do
    rm -rf "$old"
    echo "$old is removed"
done
