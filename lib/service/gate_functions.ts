/**
 * What scripts for a POSIX sh on Linux have in common that start and stop a
 * serve process and what carries its log: start_gate, stop_gate, reload_gate,
 * status_gate and check, to be called by `changing` where they change anything.
 *
 * @module
 */
import { quote, type Service } from "./service.ts";
import { log } from "./shell/log.ts";
import { processes } from "./shell/processes.ts";
import { qmail } from "./shell/qmail.ts";
import { verbs } from "./shell/verbs.ts";

/**
 * The functions, and what they want to know.
 *
 * @param mending what a person types when nobody carries the log
 */
export const gateFunctions = (service: Service, mending: string): string =>
  settings(service, mending) + processes + log + qmail + verbs;

function settings(service: Service, mending: string): string {
  const pidfile = service.pidfile === null
    ? "$run/$name.pid"
    : quote(service.pidfile);
  const told = service.pidfile === null
    ? ' --pidfile "$pidfile" --ready-fd 5'
    : "";
  return `
# What the shell of an administrator has set is not set at boot.
unset QMAILHOME QMAILQUEUE RCPTCHECK RELAYCLIENT DATABYTES TMPDIR
set +efuC
umask 022

name=${quote(service.name)}
postern=${quote(service.executable)}
log_tag=${quote(service.logTag)}
mending=${mending}
run=${quote(service.runFolder)}
stop_seconds=${service.stopSeconds}

pidfile=${pidfile}
state=$run/$name.state
fifo=$run/$name.log
ready=$run/$name.ready
lock=$run/$name.lock
subsys=/var/lock/subsys
qmail_rc=/var/qmail/rc

# A session of its own, which no terminal takes down with it.
detached=
if command -v setsid >/dev/null; then detached=setsid; fi

# serve [--check]: what is quoted here is meant as it stands.
# shellcheck disable=SC2016,SC2086
serve() {
  exec $detached "$postern" serve "$@"${told} \\
    ${service.serveArgs.map(quote).join(" ")}
}

${service.pidfile === null ? readyByDescriptor : readyByPidfile}
# shellcheck disable=SC2086
splogger() {
  $detached "$postern" splogger -- ${
    quote(service.logTag)
  } ${service.logFacility}
}
`;
}

/** A gate of an earlier version of the script has no such file. */
const readyByDescriptor = `
# is_ready PID
is_ready() {
  [ -s "$ready" ] || [ ! -e "$ready" ]
}`;

/** Nothing can be said beside a file, but its pidfile is written when it serves. */
const readyByPidfile = `
# is_ready PID
is_ready() {
  { read -r said <"$pidfile"; } 2>/dev/null && [ "$said" = "$1" ]
}`;
