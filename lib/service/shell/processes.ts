/**
 * Functions for sh that know which processes are ours, and keep other scripts
 * waiting meanwhile.
 *
 * @module
 */

export const processes = `
boot=
if [ -r /proc/sys/kernel/random/boot_id ]; then
  read -r boot </proc/sys/kernel/random/boot_id
fi

# start_time PID: when a process was started, in ticks; fails if there is none.
start_time() {
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # The name of the program may hold anything, but ends at the last ")".
  # shellcheck disable=SC2086
  set -- \${stat##*) }
  case $1 in Z | X) return 1 ;; esac # dead, only not yet reaped
  shift 19
  echo "$1"
}

# process ROLE: prints the numbers of processes that we started and that live.
process() {
  found=1
  [ -r "$state" ] || return 1
  while read -r role number ticks booted; do
    if [ "$role" != "$1" ] || [ -z "$number" ] || [ -z "$ticks" ]; then
      continue
    fi
    case $number$ticks in *[!0-9]*) continue ;; esac
    case $booted in "" | "$boot") ;; *) continue ;; esac
    [ "$(start_time "$number")" = "$ticks" ] || continue
    echo "$number"
    found=0
  done <"$state"
  return "$found"
}

# remember ROLE PID
remember() {
  if since=$(start_time "$2"); then echo "$1 $2 $since $boot" >>"$state"; fi
}

# remember_self ROLE: before a process becomes what it is to be, so that it is
# known even if this script is killed meanwhile. /proc/self is who reads it.
remember_self() {
  read -r self _ </proc/self/stat
  remember "$1" "$self"
}

# What stays keeps nobody's lock or pipe open: not ours, nor those of who called
# this script, such as flock's or debconf's.
leave_descriptors() {
  exec 3>&- 4>&- 9>&-
}

# wait_gone ROLE SECONDS
wait_gone() {
  tenths=$(($2 * 10))
  while process "$1" >/dev/null; do
    [ "$tenths" -gt 0 ] || return 1
    tenths=$((tenths - 1))
    sleep 0.1
  done
}

# ours_alone PATH: whether nobody but root and us can have written to it.
ours_alone() {
  [ -n "$(find "$1" -prune ! -type l ! -perm -020 ! -perm -002 \\
    \\( -user 0 -o -user "$(id -u)" \\))" ]
}

# Root kills no process that a file names which others may write.
trusted() {
  if [ ! -r /proc/self/stat ]; then
    echo "$name: /proc is not there, by which processes are known" >&2
    return 1
  fi
  [ -e "$state" ] || [ -L "$state" ] || return 0
  if [ ! -d /proc/1 ]; then
    echo "$name: only root sees the processes here" >&2
    return 1
  fi
  trusted_folder || return
  ours_alone "$state" && return 0
  echo "$name: $state may be another's: look what runs, and remove it" >&2
  return 1
}

# Whoever writes there could put links in the places of our files, but for a
# folder such as /tmp, where the kernel minds that.
trusted_folder() {
  [ -n "$(find "$run/." -prune \\( -perm -1000 -o ! -perm -020 ! -perm -002 \\) \\
    \\( -user 0 -o -user "$(id -u)" \\))" ] && return 0
  echo "$name: others may write in $run: take that from them (chown, chmod)" >&2
  return 1
}

no_room() {
  echo "$name: unable to write in $run" >&2
  return 1
}

# One script at a time. The lock ends with whoever holds it.
locked() {
  mkdir -p "$run" 2>/dev/null
  if [ ! -w "$run" ]; then
    no_room
    [ "$(id -u)" -eq 0 ] && return 1
    return 4
  fi
  trusted_folder || return
  if ! command -v flock >/dev/null; then
    echo "$name: flock is not installed (util-linux, or busybox)" >&2
    return 5
  fi
  while :; do
    (umask 077 && : >>"$lock") 2>/dev/null || no_room || return
    exec 9>>"$lock"
    flock 9 || return 1
    # Whoever had it may have removed it.
    [ "/proc/$$/fd/9" -ef "$lock" ] && return 0
  done
}
`;
