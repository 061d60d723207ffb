/**
 * The SysV init script of a service.
 *
 * @module
 */
import { gateFunctions } from "./gate_functions.ts";
import { marker, scriptPath, type Service } from "./service.ts";

export const sysvScript = (service: Service): string =>
  header(service) + gateFunctions(service, '"$0 start"') + restart + cases;

const header = ({ name, description }: Service) =>
  `#!/bin/sh
### BEGIN INIT INFO
# Provides:          ${name}
# Required-Start:    $network $remote_fs $syslog
# Required-Stop:     $network $remote_fs $syslog
# Should-Start:      $named $time
# Should-Stop:       $named
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: ${description}
### END INIT INFO
#
# chkconfig: 235 99 01
# description: ${description}
#
# ${marker}. It stops only what it started: a process is
# known by its number and the time of its start, so that a number that was
# used again is nobody's.

# test -ef is known to dash, bash and busybox. A FIFO may be opened at both
# ends.
# shellcheck disable=SC3013,SC2094

PATH=${scriptPath}
export PATH
`;

const restart = `
restart_gate() {
  if process serve >/dev/null; then
    # A gate that serves is not stopped for one that would not.
    check_next || return
  fi
  stop_gate && start_gate
}
`;

const cases = `
case $1 in
  status)
    trusted || exit 4
    status_gate
    ;;
  start | stop | restart) changing "$1_gate" ;;
  reload | force-reload)
    trusted || exit 1
    reload_gate
    ;;
  try-restart | condrestart)
    trusted || exit 1
    if process serve >/dev/null; then changing restart_gate; fi
    ;;
  *)
    echo "usage: $0 {start|stop|restart|try-restart|reload|force-reload|status}" >&2
    exit 2
    ;;
esac
`;
