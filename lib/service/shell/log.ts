/**
 * Functions for sh that see to it that somebody carries the log.
 *
 * @module
 */

export const log = `
# Somebody carries the log, as long as somebody writes it.
log_lives() {
  process splogger >/dev/null && return 0
  for fd in /proc/[0-9]*/fd/0; do
    [ "$fd" -ef "$fifo" ] && return 0
  done
  return 1
}

# keep_log: what comes by descriptor 7 goes to syslog, whatever befalls those
# who carry it. It ends by itself when the last writer has gone, which may be
# a session that outlives the gate.
keep_log() {
  trap : HUP INT TERM
  until splogger <&7; do
    [ -x "$postern" ] || process serve >/dev/null || break
    sleep 1
  done
}

# start_log: takes descriptor 7.
start_log() {
  (
    remember_self splogger
    leave_descriptors
    keep_log
  ) </dev/null >/dev/null 2>&1 5>&- 6>&- &
}
`;
