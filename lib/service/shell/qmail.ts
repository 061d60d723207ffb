/**
 * Functions for sh that start qmail beside the gate, and stop it.
 *
 * @module
 */

export const qmail = `
# qmail is started and stopped with the gate, where it is there.
start_qmail() {
  [ -x "$qmail_rc" ] || return 0
  process qmail >/dev/null && return 0
  # shellcheck disable=SC2086
  (
    remember_self qmail || exit
    leave_descriptors
    exec $detached "$qmail_rc"
  ) </dev/null >/dev/null 2>&1 &
  leader=$!
  tenths=5
  while start_time "$leader" >/dev/null; do
    [ "$tenths" -gt 0 ] || return 0
    tenths=$((tenths - 1))
    sleep 0.1
  done
  # It has left something behind in its session, or nothing.
  [ -n "$detached" ] && for each in /proc/[0-9]*/stat; do
    { read -r stat <"$each"; } 2>/dev/null || continue
    # shellcheck disable=SC2086
    set -- \${stat##*) }
    [ "$4" = "$leader" ] || continue
    case $stat in *"(splogger)"*) continue ;; esac # ends when the others do
    each=\${each%/stat}
    remember qmail "\${each#/proc/}"
  done
  process qmail >/dev/null || echo "$name: $qmail_rc has ended at once" >&2
}

stop_qmail() {
  process qmail >/dev/null || return 0
  for pid in $(process qmail); do kill -TERM "$pid"; done
  wait_gone qmail "$stop_seconds" && return 0
  echo "$name: qmail goes on until its deliveries have ended"
}
`;
