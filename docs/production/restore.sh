#!/bin/sh
# restore.sh BASE ARCHIVE DATA [TIME]: prepares the data folder DATA from a base backup and the archive of the write-ahead log.
#
# Run it as the user of PostgreSQL, then start PostgreSQL on DATA. It goes up to TIME, such as '2026-11-22 14:05:00+00', and takes
# writes from there; without TIME, up to the end of the archive. The restored server archives nothing, so a rehearsal can't harm the
# archive: give it an archive of its own before you use it.
set -eu
fail() {
  echo "restore: $*" >&2
  exit 1
}
[ $# -eq 3 ] || [ $# -eq 4 ] || fail "usage: restore.sh BASE ARCHIVE DATA [TIME]"
base=$1 archive=$2 data=$3 time=${4-}
[ -f "$base/backup_manifest" ] || fail "$base is no base backup: it has no file backup_manifest"
[ -d "$archive" ] || fail "$archive is no folder"
[ -z "$(ls -A "$data" 2>/dev/null)" ] || fail "$data is not empty: name a new folder"
case $archive$time in *[\'\"\\]*) fail "quotes and backslashes are not allowed in ARCHIVE and TIME" ;; esac
pg_verifybackup --quiet "$base"
mkdir -p "$data"
cp -a "$base/." "$data/"
chmod 700 "$data"
{
  echo "archive_mode = off"
  echo "restore_command = 'cp \"$archive/%f\" \"%p\"'"
  if [ -n "$time" ]; then
    echo "recovery_target_time = '$time'"
    echo "recovery_target_action = promote"
  fi
} >>"$data/postgresql.auto.conf"
: >"$data/recovery.signal"
echo "restore: start PostgreSQL on $data, then run stockwell verify"
