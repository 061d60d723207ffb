/**
 * Where a shared queue's brokers are, as an option has it:
 *
 *     amqp[s]://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]...][/VHOST]
 *
 * @module
 */

export interface QueueUrl {
  readonly isEncrypted: boolean;
  /** Tried in turn. */
  readonly hosts: readonly {
    readonly hostname: string;
    readonly port: number;
  }[];
  /** null: whoever a file of secrets names, or a broker's own guest. */
  readonly user: string | null;
  readonly password: string | null;
  readonly vhost: string;
}

const usualPorts = { amqp: 5672, amqps: 5671 } as const;

/** @throws Error that says what is wrong */
export function queueUrl(text: string): QueueUrl {
  const [, scheme, login, hosts, path = ""] =
    /^(amqps?):\/\/(?:([^@/]*)@)?([^/@?#]+)(?:\/([^?#]*))?$/.exec(text) ?? [];
  if (scheme === undefined) {
    throw new Error("amqp://HOST[:PORT][,HOST[:PORT]]/VHOST is wanted");
  }
  const [, user, password] = /^([^:]*)(?::(.*))?$/.exec(login ?? "") ?? [];
  const vhost = decoded(path);
  if (vhost.includes("/") && path.includes("/")) {
    throw new Error("a / in the name of a VHOST is written %2F");
  }
  return {
    isEncrypted: scheme === "amqps",
    hosts: hosts.split(",").map((each) =>
      host(each, usualPorts[scheme as keyof typeof usualPorts])
    ),
    user: login === undefined ? null : decoded(user),
    password: password === undefined ? null : decoded(password),
    vhost: vhost === "" ? "/" : vhost,
  };
}

function host(text: string, usualPort: number) {
  const [, six, name, port] =
    /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const number = port === undefined ? usualPort : Number(port);
  if ((six ?? name) === undefined || number < 1 || number > 65535) {
    throw new Error(`${JSON.stringify(text)} is no HOST or HOST:PORT`);
  }
  return { hostname: six ?? name, port: number };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(`${JSON.stringify(text)} has a % that is none: write %25`);
  }
}

/** The same for people: nobody's password is in it. */
export function writtenUrl({ isEncrypted, hosts, vhost }: QueueUrl): string {
  const all = hosts.map(({ hostname, port }) =>
    `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`
  );
  const path = vhost === "/" ? "" : `/${encodeURIComponent(vhost)}`;
  return `${isEncrypted ? "amqps" : "amqp"}://${all.join(",")}${path}`;
}
