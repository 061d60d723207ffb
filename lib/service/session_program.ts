/**
 * A service whose connections somebody else accepts, as inetd does, and hands
 * to PROGRAM: there is no serve, so what serve would do has to be done by that
 * somebody, or be refused.
 *
 * @module
 */
import type { Service } from "./service.ts";

/** Options that say what is so without serve, or what PROGRAM can be told. */
const harmless = [
  ...["no-remote-name", "no-remote-info", "no-paranoid", "timeout"],
  ...["no-keep-ip-options", "delay", "no-confine", "isolate", "local-name"],
  ...["quiet", "errors", "verbose", "mail-log", "log-format"],
  ...["uid", "gid", "ipv4", "ipv6"],
];

/** What to do instead of those that are asked for most. */
const insteadOf: Readonly<Record<string, string>> = {
  "config": "give HOST PORT PROGRAM and the options on the command line",
  "tls-cert":
    "say smtpd --tls-cert for STARTTLS; TLS from the start needs serve",
  "tls-key": "say smtpd --tls-key",
  "banner": "say smtpd --smtpgreeting",
  "remote-name": "names are not looked up there: leave it off",
  "remote-info": "ident servers are not asked there: leave it off",
};

/**
 * What of serve's options cannot be done, each with what to do instead.
 *
 * @param who accepts the connections
 * @param own options that it has something for
 * @param instead what to do instead of others
 */
export function lostOptions(
  { given }: Service,
  who: string,
  own: readonly string[],
  instead: Readonly<Record<string, string>>,
): string[] {
  const done = [...harmless, ...own];
  return given.filter((long) => !done.includes(long)).map((long) => {
    const what = instead[long] ?? insteadOf[long] ??
      "leave it off, or take --for systemd, sysv or another that runs serve";
    return `--${long}: ${who} runs PROGRAM alone, without serve: ${what}`;
  });
}

/** What is executed for a connection. */
export interface Executed {
  readonly path: string;
  /** argv[0] first. */
  readonly words: readonly string[];
}

/** PROGRAM, and to the built-in smtpd what serve was told about the log. */
export function executedOf(service: Service): Executed {
  const { program, executable, builtIn } = service;
  const isBare = builtIn && program[0] === "smtpd";
  const [path, ...args] = isBare ? [executable, ...program] : program;
  const name = path.slice(path.lastIndexOf("/") + 1);
  // Under its name of 1996 it looks at no argument.
  const words = builtIn && args[0] === "smtpd"
    ? ["smtpd", ...logWords(service, args.slice(1))]
    : args;
  return { path, words: [isBare ? "postern" : name, ...words] };
}

/** Whoever wants to know everything of serve knows what became of the mail. */
function logWords({ said }: Service, args: readonly string[]): string[] {
  const place = said.get("mail-log") ?? (said.has("verbose") ? "stderr" : null);
  // There stderr is the client's connection.
  const ofServe = place === "stderr" ? "syslog" : place;
  const isSaid = args.some((arg) => /^--mail-log(?:=|$)/.test(arg));
  const format = said.get("log-format");
  return [
    ...(ofServe === null || isSaid ? [] : [`--mail-log=${ofServe}`]),
    ...args,
    ...(format === undefined ? [] : [`--log-format=${format}`]),
  ];
}

/** The name that stands for our own in the environment; null for none. */
export const localName = ({ said }: Service): string | null =>
  said.get("local-name") ?? null;

/** HOST as an address; null where it is every one. */
export function hostOf({ listenings: [{ host }] }: Service): string | null {
  return host === "0" || host === "" ? null : host;
}

/** Whether it listens for IPv6. */
export const isV6 = (service: Service): boolean =>
  service.said.has("ipv6") || (hostOf(service) ?? "").includes(":");

/** A complaint if PORT leaves the choice to the system. */
export const portProblems = ({ listenings: [{ port }] }: Service): string[] =>
  port === "0" ? ["PORT 0 is any: say which"] : [];

/** Who the program is to be; the group is that of the user where it is null. */
export function userOf({ user, said }: Service): {
  readonly user: string;
  readonly group: string | null;
} {
  const group = said.get("gid") ?? null;
  return { user: user ?? "root", group: group === "0" ? null : group };
}
