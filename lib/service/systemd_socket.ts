/**
 * The socket unit: systemd binds, and keeps the ports while the service is
 * started again.
 *
 * @module
 */
import { isIPv4, isIPv6 } from "node:net";
import { servicePort } from "../net/services.ts";
import { type Listening, marker, type Service } from "./service.ts";
import { plainText } from "./systemd_words.ts";

/** Ports below are the system's (`net.ipv4.ip_unprivileged_port_start`). */
const firstFreePort = 1024;

/** Whether binding takes a privilege, as far as that can be told. */
export const bindsPrivileged = ({ listenings }: Service): boolean =>
  listenings.some(({ port }) => {
    const number = servicePort(port);
    return number === null || (number > 0 && number < firstFreePort);
  });

/** Why a service has to bind its ports itself; null if systemd can. */
export function whyNoSocket({ listenings, uses }: Service): string | null {
  if (uses.workers > 1) return "with --workers each has sockets of its own";
  if (uses.rootsKeys) {
    return "a certificate that only root can read is renewed by a process " +
      "that stays root, which binds as well";
  }
  const odd = listenings.find((each) => addressOf(each) === null);
  if (odd === undefined) return null;
  return `${odd.host} ${odd.port} is no address that a socket unit can have`;
}

/** What ListenStream= has for it; null if it cannot have it. */
function addressOf({ host, port, ipv6 }: Listening): string | null {
  const number = servicePort(port);
  if (number === null || number === 0) return null;
  if (host === "" || host === "0") {
    return `${ipv6 ? "[::]" : "0.0.0.0"}:${number}`;
  }
  if (isIPv4(host)) return `${host}:${number}`;
  // One of a link needs its interface too.
  const isGlobal = isIPv6(host) && !/^fe[89ab]|%/i.test(host);
  return isGlobal ? `[${host}]:${number}` : null;
}

/** The unit of a service that has no reason against it. */
export function socketUnit(service: Service): string {
  const { name, description, config, listenings } = service;
  const backlog = Math.max(...listenings.map(({ backlog }) => backlog ?? 0));
  const remarks = config === null
    ? [`# ${marker}. The ports are handed to ${name}.service.`]
    : [
      `# ${marker}. With this unit the ports here count, in the order of the`,
      `# blocks, and those in the file of --config do not:`,
      `# systemctl stop ${name}.service; systemctl enable --now ${name}.socket`,
      `# Then a restart of ${name}.service refuses nobody.`,
    ];
  return [
    ...remarks,
    "[Unit]",
    `Description=${plainText(description)}`,
    "",
    "[Socket]",
    ...listenings.map((each) => `ListenStream=${addressOf(each)}`),
    // As serve does it: :: is every address.
    "BindIPv6Only=both",
    "# An address that comes up later.",
    "FreeBind=yes",
    ...backlog > 0 ? [`Backlog=${backlog}`] : [],
    "",
    "[Install]",
    "WantedBy=sockets.target",
    "",
  ].join("\n");
}
