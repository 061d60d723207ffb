/**
 * A whole site on loopback: HAProxy, three gates, the queue in a cluster of
 * three, and two drains that deliver to Dovecot and into a Maildir.
 *
 * @module
 */
import { type Dovecot, withDovecot } from "./dovecot.ts";
import { output, postern, until } from "./peers.ts";
import { type RabbitNode, withRabbit } from "./rabbitmq.ts";
import { freePort } from "./relays.ts";
import { Supervised } from "./supervised.ts";

/** A queue that is younger goes with all its nodes, whatever ended them. */
const youthSeconds = 10;

/** How the gates and drains of a cluster find it. */
export function queueArgs(nodes: readonly RabbitNode[]): {
  readonly url: string;
  readonly options: readonly string[];
} {
  const hosts = nodes.map(({ port }) => `127.0.0.1:${port}`).join(",");
  const management = nodes.map(({ managementPort }) =>
    `http://127.0.0.1:${managementPort}`
  ).join(",");
  return {
    url: `amqp://${hosts}`,
    options: [
      ...["--queue-management", management],
      ...["--queue-members", `${nodes.length}`],
    ],
  };
}

/** Declares the queues, and the marker without much of the usual wait. */
export async function setUpQueue(
  nodes: readonly RabbitNode[],
  waitSeconds: number,
): Promise<void> {
  const { url, options } = queueArgs(nodes);
  let said = "";
  try {
    await until("the queue is set up", async () => {
      await new Promise((over) => setTimeout(over, 300));
      const args = ["queue", "setup", ...options, "--wait", `${waitSeconds}`];
      const { code, stdout, stderr } = await output(postern, [...args, url]);
      said = stdout + stderr;
      return code === 0;
    }, 40);
  } catch {
    throw new Error(`the queue could not be set up: ${said}`);
  }
}

/** Who answers, and who hears of it by the PROXY header. */
const haproxyFile = (port: number, gates: readonly number[]) =>
  `defaults
  mode tcp
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  retries 3
  option redispatch
listen smtp
  bind 127.0.0.1:${port}
  balance leastconn
  option smtpchk EHLO haproxy.example
  default-server send-proxy-v2 check check-send-proxy inter 300ms fall 1 rise 1
${gates.map((gate, i) => `  server gate${i + 1} 127.0.0.1:${gate}`).join("\n")}
`;

export class Site {
  readonly #mayBeKilledAt = Date.now() + youthSeconds * 1000;

  constructor(
    readonly port: number,
    readonly nodes: readonly RabbitNode[],
    readonly gates: readonly Supervised[],
    readonly drains: readonly Supervised[],
    readonly haproxy: Supervised,
    readonly folder: string,
    readonly dovecot: Dovecot,
  ) {}

  /** Where messages are in the end. */
  get mailboxes(): readonly string[] {
    return [
      `${this.folder}/mail/ann/Maildir/new`,
      `${this.folder}/mail/box/new`,
    ];
  }

  /** All nodes at once, when they have the queue itself on their disks. */
  async killNodes(): Promise<void> {
    const left = this.#mayBeKilledAt - Date.now();
    if (left > 0) await new Promise((over) => setTimeout(over, left));
    await Promise.all(this.nodes.map((node) => node.end("SIGKILL")));
  }

  async startNodes(): Promise<void> {
    for (const node of this.nodes) node.start();
    await Promise.all(this.nodes.map((node) => node.up()));
  }

  /** What everybody has said lately. */
  get said(): string {
    return [...this.gates, ...this.drains].map(({ name, log }) =>
      `${name} said:\n${log.slice(-1500)}`
    ).join("\n");
  }
}

/** @param broker lines of the brokers' configuration */
export async function withSite(
  folder: string,
  broker: readonly string[],
  fn: (site: Site) => Promise<void>,
): Promise<void> {
  await withDovecot(
    folder,
    (dovecot) =>
      withRabbit(`${folder}/rabbit`, 3, async (nodes) => {
        await setUpQueue(nodes, 1);
        const kept: Supervised[] = [];
        const keep = (name: string, program: string, args: string[]) => {
          const one = new Supervised(name, program, args);
          kept.push(one);
          return one;
        };
        const { url, options } = queueArgs(nodes);
        const ports = [freePort(), freePort(), freePort()];
        const gates = ports.map((port, i) =>
          keep(`gate ${i + 1}`, postern, [
            ...["serve", "-q", "-c100", "-b100", "-RHl0"],
            ...["--proxy-protocol", "127.0.0.1", "127.0.0.1", `${port}`],
            ...["smtpd", "--me", "mx.example"],
            ...["--rcpthosts", "in.example,box.example"],
            ...["--deliver", url, ...options, "--queue-seconds", "10"],
          ])
        );
        const drains = [1, 2].map((i) =>
          keep(`drain ${i}`, postern, [
            ...["drain", "--me", "drain.example", ...options],
            ...["--mail-log", `${folder}/drain${i}.log`, "--pauses", "1s"],
            ...["--deliver", `lmtp:127.0.0.1:${dovecot.port}`],
            ...["--route", `box.example=maildir:${folder}/mail/box`, url],
          ])
        );
        const port = freePort();
        const path = `${folder}/haproxy.cfg`;
        await Deno.writeTextFile(path, haproxyFile(port, ports));
        const haproxy = keep("haproxy", "haproxy", ["-W", "-db", "-f", path]);
        const site = new Site(
          ...[port, nodes, gates, drains, haproxy, folder, dovecot] as const,
        );
        try {
          await fn(site);
        } catch (error) {
          throw new Error(site.said, { cause: error });
        } finally {
          await Promise.all(kept.map((each) => each.stop()));
        }
      }, () => broker),
  );
}
