/**
 * Functions for sh that start, stop, reload and ask about a gate.
 *
 * @module
 */

export const verbs = `
# What was left by what is dead; qmail may live. A gate that is killed while it
# starts leaves the file that was to be its pidfile.
clean() {
  alive=$(process qmail)
  rm -f "$pidfile" "$pidfile".????????-????-????-????-???????????? "$state" "$fifo" "$ready"
  for pid in $alive; do remember qmail "$pid"; done
}

# await_ready PID: until the gate serves.
await_ready() {
  tenths=300
  until is_ready "$1"; do
    if ! start_time "$1" >/dev/null; then
      wait_gone splogger 5
      clean
      echo "$name did not start; the log (tag $log_tag) says why" >&2
      # Not configured, as LSB has it, or not this time.
      check && return 1
      return 6
    fi
    if [ "$tenths" -le 0 ]; then
      echo "$name is not ready after 30 seconds; stopping it" >&2
      stop_gate
      return 1
    fi
    tenths=$((tenths - 1))
    sleep 0.1
  done
}

start_gate() {
  if pid=$(process serve); then
    # The script that started it may have been killed before it was ready.
    await_ready "$pid" || return
    if ! log_lives && [ -p "$fifo" ]; then
      # The gate has it open; we are here for writing as well, not to wait.
      exec 8<>"$fifo" 7<"$fifo" 8>&-
      start_log
      exec 7<&-
      echo "$name: nobody carried its log; somebody does again" >&2
    fi
    start_qmail
    echo "$name is already running, pid $pid"
    return 0
  fi
  if [ ! -x "$postern" ]; then
    echo "$name: $postern is not there" >&2
    return 5
  fi
  clean
  cd / || return 1
  # A redirection of exec that fails would end this script.
  if ! mkfifo -m 600 "$fifo" || ! { true >"$ready"; }; then
    clean
    no_room
    return
  fi
  exec 5>"$ready" 8<>"$fifo" 7<"$fifo" 6>"$fifo" 8>&-
  (
    remember_self serve || exit
    leave_descriptors
    serve
  ) </dev/null >&6 2>&1 6>&- 7<&- &
  pid=$!
  start_log
  exec 5>&- 6>&- 7<&-
  await_ready "$pid" || return
  if [ -d "$subsys" ]; then : >"$subsys/$name"; fi
  start_qmail
  echo "$name started, pid $pid"
  return 0
}

stop_gate() {
  if ! pid=$(process serve); then
    echo "$name is not running"
  else
    if ! kill -TERM "$pid" 2>/dev/null && process serve >/dev/null; then
      echo "$name: no right to stop $pid" >&2
      return 4
    fi
    if ! wait_gone serve "$stop_seconds"; then
      kill -KILL "$pid"
      wait_gone serve 5 || return 1
    fi
    echo "$name stopped"
  fi
  stop_qmail
  if ! wait_gone splogger 5; then
    echo "$name: the log goes on until the last session has ended"
  fi
  clean
  rm -f "$subsys/$name"
}

# check_next: whether a gate would start in the place of the one that serves.
check_next() {
  if [ ! -x "$postern" ]; then
    echo "$name: $postern is not there; the old one goes on" >&2
    return 5
  fi
  check && return 0
  echo "$name: not restarted, it would not start; the old one goes on" >&2
  return 6
}

check() {
  (cd / && serve --check) 5>/dev/null
}

reload_gate() {
  if ! pid=$(process serve); then
    echo "$name is not running" >&2
    return 7
  fi
  kill -HUP "$pid" && return 0
  return 4
}

status_gate() {
  if pid=$(process serve); then
    echo "$name is running, pid $pid"
    log_lives ||
      echo "$name: nobody carries its log: $mending mends that"
    return 0
  fi
  if [ -e "$state" ] && ! process qmail >/dev/null; then
    echo "$name is dead, but $state exists"
    return 1
  fi
  if [ -e "$subsys/$name" ]; then
    echo "$name is dead, but $subsys/$name exists"
    return 2
  fi
  echo "$name is not running"
  return 3
}

# changing FUNCTION: with the lock, which is gone when nothing runs.
changing() {
  # Whoever listened may have gone: that is no reason to stop half-way.
  trap : PIPE
  { true >&1; } 2>/dev/null || exec >/dev/null
  { true >&2; } 2>/dev/null || exec 2>/dev/null
  trusted || return 1
  locked || return
  "$1"
  code=$?
  [ -e "$state" ] || rm -f "$lock"
  return "$code"
}
`;
