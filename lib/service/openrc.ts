/**
 * OpenRC: a script for openrc-run, and its link in a runlevel.
 *
 * The log goes through `postern splogger`, which the script starts: OpenRC's
 * own output_logger is not there where start-stop-daemon is dpkg's (Debian),
 * and is not started again when it dies.
 *
 * @module
 */
import { gateFunctions } from "./gate_functions.ts";
import {
  marker,
  quote,
  scriptPath,
  type Service,
  type Supervisor,
} from "./service.ts";
import { pidfileProblems } from "./sysv.ts";

export const openrc: Supervisor = {
  name: "openrc",
  summary: "an init script for openrc-run, in the runlevel default",
  runs: (machine) =>
    machine.exists("/run/openrc/softlevel") ||
    (machine.exists("/etc/alpine-release") &&
      machine.exists("/sbin/openrc-run")),
  problems: pidfileProblems,
  parts: (service) => [
    {
      kind: "file",
      path: `/etc/init.d/${service.name}`,
      mode: 0o755,
      text: header(service) + gateFunctions(service, quote(restart(service))) +
        verbs,
    },
    {
      kind: "link",
      path: `/etc/runlevels/default/${service.name}`,
      to: `/etc/init.d/${service.name}`,
    },
  ],
  settle: () => [],
  starting: ({ name }) => `rc-service ${name} start`,
  stopping: ({ name }) => `rc-service ${name} stop`,
  restarting: (service) => restart(service),
  asking: ({ name }) => ["rc-service", name, "status"],
};

const restart = ({ name }: Service) => `rc-service ${name} restart`;

const header = ({ description }: Service) =>
  `#!/sbin/openrc-run
# ${marker}. It stops only what it started: a process is
# known by its number and the time of its start, so that a number that was
# used again is nobody's.

# test -ef is known to dash, bash and busybox. A FIFO may be opened at both
# ends. Some variables are openrc-run's.
# shellcheck shell=sh disable=SC3013,SC2094,SC2034

description=${quote(description)}
extra_started_commands=reload
description_reload="read certificates and lists anew"

PATH=$PATH:${scriptPath}
export PATH

depend() {
  need net
  use logger dns
  after firewall
}
`;

const verbs = `
# By this rc-status shows that the gate has died; restart starts it again.
record_daemon() {
  [ -d "\${RC_SVCDIR:-}" ] && mkdir -p "$RC_SVCDIR/daemons/$RC_SVCNAME" &&
    printf 'exec=%s\npidfile=%s\n' "$postern" "$pidfile" \
      >"$RC_SVCDIR/daemons/$RC_SVCNAME/001"
}

start() {
  ebegin "Starting $RC_SVCNAME"
  changing start_gate && { record_daemon || :; }
  eend $?
}

stop() {
  # A gate that serves is not stopped for one that would not.
  if [ "$RC_CMD" = restart ] && process serve >/dev/null; then
    check_next || return
  fi
  ebegin "Stopping $RC_SVCNAME"
  changing stop_gate
  eend $?
}

reload() {
  trusted || return 1
  reload_gate
}

status() {
  trusted || return 4
  status_gate
  code=$?
  [ "$code" -ne 1 ] || code=32 # crashed, as OpenRC has it
  return "$code"
}
`;
