/**
 * Whether the port can be had, and who has it.
 *
 * @module
 */
import { codeOf, reason } from "../../base/reason.ts";
import { servicePort } from "../../net/services.ts";
import { addressFor, asksDns } from "../../process/places.ts";
import { tryBind } from "../../sys/listener.ts";
import { userName } from "../accounts.ts";
import { error, type Finding, note, unseen, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import type { GatePart, Looker, Patient } from "../patient.ts";
import {
  argumentsOf,
  type Listening,
  listenings,
  overlaps,
  ownersOf,
  type Process,
  processIds,
} from "../sockets.ts";
import { baseName, textOf, typed } from "../words.ts";

export const port: Look = {
  id: "port",
  summary: "address and port: whether they are there, free, and allowed",
  needs: ["gate"],
  async find(patient, looker) {
    const all = listenings();
    const found: Finding[] = [];
    for (const gate of patient.gates) {
      found.push(...await findingsOf(gate, patient, looker, all));
    }
    const [{ options: { metrics }, where }] = patient.gates;
    if (metrics?.type === "tcp") {
      const { host: ip, port } = metrics;
      found.push(...ofOthers({ ip, port }, all, where));
    }
    return found;
  },
};

async function findingsOf(
  { options, where }: GatePart,
  patient: Patient,
  looker: Looker,
  all: readonly Listening[],
): Promise<Finding[]> {
  const { host } = options;
  const number = servicePort(options.port);
  if (number === null) return []; // --check says so
  if (asksDns(options) && looker.resolver === null) {
    return [unseen(
      `HOST ${host} is a name that only the DNS knows`,
      "say --dns, or write an address",
      where,
    )];
  }
  let ip: string;
  try {
    ip = (await addressFor(options)).ip;
  } catch {
    return []; // --check says so
  }
  return [
    ...ofAddress(ip, where),
    ...ofPrivilege(number, patient, where),
    // inetd itself has the port.
    ...patient.script?.kind === "inetd"
      ? []
      : ofOthers({ ip, port: number }, all, where),
  ];
}

/** Nobody listens meanwhile: the socket is bound to some port, and closed. */
function ofAddress(ip: string, where: string | null): Finding[] {
  try {
    tryBind({ ip, port: 0 });
    return [];
  } catch (cause) {
    if (codeOf(cause) === "EACCES" || codeOf(cause) === "EPERM") return [];
    return [error(
      `no socket can be had at ${ip}: ${reason(cause)}`,
      "`ip addr` has the addresses of this machine; HOST 0 is all of them",
      where,
    )];
  }
}

/** Where Linux has no number for it. */
const usualFirst = 1024;

function ofPrivilege(
  port: number,
  { starter, script }: Patient,
  where: string | null,
): Finding[] {
  const path = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
  const first = Number(textOf(path) ?? usualFirst);
  if (port === 0 || port >= first || starter === null || starter.uid === 0) {
    return [];
  }
  if (script?.mayBind) return [];
  return [error(
    `port ${port} is root's, and it is started by ${userName(starter.uid)}`,
    script?.kind === "systemd"
      ? "AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit, or a socket unit"
      : "start it as root and let it drop: --uid USER --gid GROUP",
    where,
  )];
}

function ofOthers(
  wanted: { readonly ip: string; readonly port: number },
  all: readonly Listening[],
  where: string | null,
): Finding[] {
  if (wanted.port === 0) return [];
  const taken = all.filter(({ ip, port }) =>
    port === wanted.port && overlaps(ip, wanted.ip) && !isBeside(ip, wanted)
  );
  const seen = new Set<string>();
  return taken.flatMap(({ ip, uid, inode }) => {
    const at = `${ip} port ${wanted.port}`;
    const owners = ownersOf(inode);
    const ours = owners.find(isGate);
    const [owner] = ours ? [ours] : owners;
    const maybe = owner ?? maybeGate(wanted.port);
    const key = `${owner?.pid}`;
    if (owner && seen.has(key)) return [];
    seen.add(key);
    if (owner && isGate(owner)) {
      return [note(
        `${at} is a gate's already, pid ${owner.pid}: taken for this one`,
        "",
        where,
      )];
    }
    if (!owner && maybe) {
      return [unseen(
        `${at} is taken, most likely by the gate with pid ${maybe.pid}`,
        "as root it can be seen",
        where,
      )];
    }
    if (owner?.pid === 1) {
      return [note(`${at} is held by pid 1, for a socket unit`, "", where)];
    }
    if (!owner) {
      return [warning(
        `${at} is taken by a process of ${userName(uid)}`,
        `root can see whose it is: ss -ltnp 'sport = :${wanted.port}'`,
        where,
      )];
    }
    const { pid, args } = owner;
    return [error(
      `${at} is taken by pid ${pid}, ${typed(args.slice(0, 3))}`,
      `stop it (${stopping(owner)}), or choose another PORT`,
      where,
    )];
  });
}

/**
 * Whether a socket of IPv6 is for IPv6 alone, which /proc does not tell: then
 * one of IPv4 can be bound beside it. Nobody listens meanwhile.
 */
function isBeside(
  ip: string,
  wanted: { readonly ip: string; readonly port: number },
): boolean {
  if (!ip.includes(":") || wanted.ip.includes(":")) return false;
  try {
    tryBind(wanted);
    return true;
  } catch {
    return false; // it is taken, or a port of root's: what was seen counts
  }
}

const gateNames = ["tcpserver", "postern"];

const isGate = ({ args }: Process): boolean =>
  gateNames.includes(baseName(args[0] ?? "")) ||
  args.includes("serve") && /postern|deno/.test(args[0] ?? "");

/** Everybody may read what a process was started with. */
function maybeGate(port: number): Process | null {
  for (const pid of processIds()) {
    const args = argumentsOf(pid);
    const isThere = args.some((arg) => servicePort(arg) === port);
    if (isThere && isGate({ pid, args })) return { pid, args };
  }
  return null;
}

/** By the control group that systemd has put it into. */
function stopping({ pid }: Process): string {
  const unit = /([^/\n]+\.service)\b/.exec(textOf(`/proc/${pid}/cgroup`) ?? "");
  return unit ? `systemctl stop ${unit[1]}` : `kill ${pid}`;
}
