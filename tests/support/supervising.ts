/**
 * runit, daemontools and s6: how each is started, asked and told.
 *
 * @module
 */
import { postern } from "./peers.ts";

/** Of the service. */
export const name = "test-gate";
export const service = `/etc/sv/${name}`;

export interface Kind {
  readonly name: string;
  readonly peers: readonly string[];
  /** Whoever looks for services, and starts them. */
  readonly watching: readonly string[];
  /** Whether --install tells that one; others look for themselves. */
  readonly isTold?: boolean;
  /** sh: ends with 0 once it is up, and ready where that can be told. */
  readonly ready: string;
  readonly pid: string;
  readonly reload: string;
  readonly restart: string;
  readonly down: string;
  /** sh: ends with 0 if it is wanted up. */
  readonly isUp: string;
  readonly log: string;
  readonly logUser: string;
}

export const kinds: readonly Kind[] = [{
  name: "runit",
  peers: ["runsvdir", "sv", "svlogd"],
  watching: ["runsvdir", "-P", "/etc/service"],
  ready: `sv -w 20 start ${name}`,
  pid: `cat ${service}/supervise/pid`,
  reload: `sv hup ${name}`,
  restart: `sv -w 20 restart ${name}`,
  down: `sv -w 20 down ${name}`,
  isUp: `sv status ${name} | grep -q ^run`,
  log: `/var/log/${name}/current`,
  logUser: "_runit-log",
}, {
  name: "daemontools",
  peers: ["svscan", "svc", "multilog"],
  watching: ["svscan", "/etc/service"],
  ready: `svok ${service} && svstat ${service} | grep -q ': up '`,
  pid: `svstat ${service} | sed 's/.*pid \\([0-9]*\\).*/\\1/'`,
  reload: `svc -h ${service}`,
  restart: `svc -t ${service}`,
  down: `svc -d ${service}; until svstat ${service} | grep -q ': down '; ` +
    "do sleep 0.05; done",
  isUp: `svstat ${service} | grep -q ': up '`,
  log: `/var/log/${name}/current`,
  logUser: "qmaill",
}, {
  name: "s6",
  peers: ["s6-svscan", "s6-svc", "s6-log"],
  watching: ["s6-svscan", "/etc/service"],
  isTold: true,
  ready: `s6-svok ${service} && s6-svwait -t 20000 -U ${service}`,
  pid: `s6-svstat -o pid ${service}`,
  reload: `s6-svc -h ${service}`,
  restart: `s6-svc -wR -T 20000 -r ${service}`,
  down: `s6-svc -wD -T 20000 -d ${service}`,
  isUp: `[ "$(s6-svstat -o up ${service})" = true ]`,
  log: `/var/log/${name}/current`,
  logUser: "qmaill",
}];

/** A command line of init-script. */
export const init = (kind: Kind, ...args: string[]) => [
  ...[postern, "init-script", "--for", kind.name, "--name", name],
  ...args,
];

/** Whether nobody listens on a port. */
export const isRefused = (port: number) =>
  Deno.connect({ port }).then((conn) => {
    conn.close();
    return false;
  }, () => true);
