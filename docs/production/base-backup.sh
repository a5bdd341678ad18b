#!/bin/sh
# base-backup.sh FOLDER: copies the whole database server into FOLDER/base-TIME, checks the copy, and prints its path.
#
# Run it each day, as the user of PostgreSQL. PGHOST, PGPORT, PGUSER and PGPASSFILE name the server and a role that may replicate.
set -eu
[ $# -eq 1 ] || { echo "usage: base-backup.sh FOLDER" >&2; exit 2; }
base=$1/base-$(date -u +%Y%m%dT%H%M%SZ)
pg_basebackup --pgdata="$base.part" --checkpoint=fast --wal-method=stream --no-password
pg_verifybackup --quiet "$base.part"
mv "$base.part" "$base"
printf '%s\n' "$base"
