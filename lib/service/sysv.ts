/**
 * The SysV init script of a serve process and its splogger.
 *
 * @module
 */
import { quote, type Service, type Supervisor } from "./service.ts";

export const sysv: Supervisor = {
  name: "sysv",
  summary: "an init script with LSB's header, for /etc/init.d",
  script: sysvScript,
};

/** The script, for a POSIX sh. */
function sysvScript(service: Service): string {
  const pidfile = service.pidfile === null
    ? "$run/$name.pid"
    : quote(service.pidfile);
  const ownPidfile = service.pidfile === null ? ' --pidfile "$pidfile"' : "";
  return `#!/bin/sh
### BEGIN INIT INFO
# Provides:          ${service.name}
# Required-Start:    $network $remote_fs $syslog
# Required-Stop:     $network $remote_fs $syslog
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: ${service.description}
### END INIT INFO

# Made by postern init-script. It stops only what it started: a process is
# known by its number and the time of its start, so that a number that was
# used again is nobody's.

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

name=${quote(service.name)}
postern=${quote(service.executable)}
run=${quote(service.runFolder)}
stop_seconds=${service.stopSeconds}

pidfile=${pidfile}
state=$run/$name.state
fifo=$run/$name.log

# What is quoted here is meant as it stands.
# shellcheck disable=SC2016
serve() {
  exec "$postern" serve${ownPidfile} \\
    ${service.serveArgs.map(quote).join(" ")}
}

log() {
  exec "$postern" splogger ${quote(service.logTag)} ${service.logFacility}
}

# start_time PID: when a process was started, in ticks; fails if there is none.
start_time() {
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  # The name of the program may hold anything, but ends at the last ")".
  # shellcheck disable=SC2086
  set -- \${stat##*) }
  [ "$1" != Z ] || return 1 # dead, only not yet reaped
  shift 19
  echo "$1"
}

# process ROLE: prints the number of a process that we started, if it is alive.
process() {
  [ -r "$state" ] || return 1
  while read -r role pid started; do
    [ "$role" = "$1" ] || continue
    [ "$(start_time "$pid")" = "$started" ] || return 1
    echo "$pid"
    return 0
  done <"$state"
  return 1
}

remember() {
  echo "$1 $2 $(start_time "$2")" >>"$state"
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

start() {
  if pid=$(process serve); then
    echo "$name is already running, pid $pid"
    return 0
  fi
  if [ ! -x "$postern" ]; then
    echo "$name: $postern is not there" >&2
    return 5
  fi
  mkdir -p "$run" && rm -f "$pidfile" "$state" "$fifo" &&
    mkfifo -m 600 "$fifo" || return 1
  cd / || return 1
  (log) <"$fifo" >/dev/null 2>&1 &
  remember splogger $!
  (serve) </dev/null >"$fifo" 2>&1 &
  remember serve $!
  tenths=300
  while [ ! -s "$pidfile" ]; do
    if ! process serve >/dev/null; then
      wait_gone splogger 5
      rm -f "$state" "$fifo"
      echo "$name did not start; the log (tag ${service.logTag}) says why" >&2
      return 1
    fi
    if [ "$tenths" -le 0 ]; then
      echo "$name is not ready after 30 seconds; stopping it" >&2
      stop
      return 1
    fi
    tenths=$((tenths - 1))
    sleep 0.1
  done
  rm -f "$fifo" # both ends are open
  echo "$name started, pid $(process serve)"
}

stop() {
  if ! pid=$(process serve); then
    echo "$name is not running"
  else
    kill -TERM "$pid"
    if ! wait_gone serve "$stop_seconds"; then
      kill -KILL "$pid"
      wait_gone serve 5 || return 1
    fi
    echo "$name stopped"
  fi
  # The log ends by itself when the last writer has gone.
  if ! wait_gone splogger 5 && pid=$(process splogger); then
    kill -TERM "$pid"
  fi
  rm -f "$pidfile" "$state" "$fifo"
}

reload() {
  if ! pid=$(process serve); then
    echo "$name is not running" >&2
    return 7
  fi
  kill -HUP "$pid"
}

status() {
  if pid=$(process serve); then
    echo "$name is running, pid $pid"
    return 0
  fi
  if [ -e "$state" ]; then
    echo "$name is dead, but $state exists"
    return 1
  fi
  echo "$name is not running"
  return 3
}

case $1 in
  start | stop | reload | status) "$1" ;;
  restart) stop && start ;;
  force-reload) reload ;;
  try-restart) if process serve >/dev/null; then stop && start; fi ;;
  *)
    echo "usage: $0 {start|stop|restart|try-restart|reload|force-reload|status}" >&2
    exit 2
    ;;
esac
`;
}
