#!/bin/sh
# private_root.sh FOLDER PROGRAM [ARG...]: runs a mail server that has its
# paths and users compiled in, with those in FOLDER in their places. Nobody
# else sees that: the mounts are in a namespace that ends with the program.
set -eu
if [ "${1:-}" != --inside ]; then exec unshare -m "$0" --inside "$@"; fi
shift
folder=$1
shift
mount --make-rprivate /
for path in etc/passwd etc/group var/lib var/spool run usr/libexec; do
  [ ! -e "$folder/$path" ] || mount --bind "$folder/$path" "/$path"
done
exec "$@"
