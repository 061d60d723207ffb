/**
 * Targets that hand messages to another server, by LMTP (RFC 2033) or SMTP.
 *
 * @module
 */
import { trouble } from "../base/events.ts";
import { absolutePath } from "../base/path.ts";
import { reason } from "../base/reason.ts";
import {
  type HopAddress,
  lmtpAddresses,
  smtpAddresses,
} from "../next_hop/address.ts";
import type { HopPool } from "../next_hop/pool.ts";
import { HopSecrets } from "../next_hop/secrets.ts";
import type { HopSettings } from "../next_hop/settings.ts";
import type { Beginning } from "../smtp_client/beginning.ts";
import { checkAccess } from "../sys/access.ts";
import type { Handover } from "./handover.ts";
import type { Envelope, Refusal, Submitter, Target } from "./target.ts";
import type { TargetContext, TargetMaker, TargetRow } from "./target_row.ts";

/** How next hops are spoken to, whichever they are. */
export interface NextHopOptions extends
  Pick<
    HopSettings,
    "tls" | "client" | "connections"
  > {
  readonly secrets: HopSecrets;
}

export const usualNextHop: NextHopOptions = {
  tls: "opportunistic",
  client: "none",
  connections: 20, // Postfix's, for a destination
  secrets: new HopSecrets(null, null),
};

/** For one lookup of a host's addresses: the client waits. */
const lookupSeconds = 10;

export const lmtpRow: TargetRow = {
  name: "lmtp",
  usage: "lmtp:HOST:PORT|unix:PATH",
  fromFolder: (text, folder) =>
    text.replaceAll(
      /(^|,)(\s*unix:)([^,]+)/g,
      (_, before, unix, path) =>
        before + unix + absolutePath(path.trimEnd(), folder),
    ),
  read: (text) => maker("lmtp", lmtpAddresses(wanted(text))),
};

export const smartHostRow: TargetRow = {
  name: "smtp",
  usage: "smtp:HOST[:PORT]",
  read: (text) => maker("smtp", smtpAddresses(wanted(text))),
};

function wanted(text: string | null): string {
  if (text) return text;
  throw new Error("a host is wanted after the colon");
}

const maker = (
  protocol: "smtp" | "lmtp",
  addresses: readonly HopAddress[],
): TargetMaker =>
(context) => new NextHop(protocol, addresses, context);

/**
 * A socket and, with TLS, the pair that encrypts. That is of a message, as
 * long as it has a connection; there are never more than the pool's.
 */
const descriptors = 3;

/** What is loaded when it is wanted. */
interface Loaded {
  readonly pool: HopPool;
  begin(beginning: Beginning): Handover;
}

class NextHop implements Target {
  name?: string;
  readonly takesBinary = false; // DATA is for lines
  readonly descriptors = descriptors;
  readonly #options: NextHopOptions;
  #loading: Promise<Loaded> | null = null;
  #pool: HopPool | null = null;

  constructor(
    readonly protocol: "smtp" | "lmtp",
    readonly addresses: readonly HopAddress[],
    readonly context: TargetContext,
  ) {
    this.#options = context.nextHop ?? usualNextHop;
  }

  /** Where the next hop has it, as far as is known. */
  get takesUtf8(): boolean {
    return this.#pool?.capabilities.utf8 ?? true;
  }

  async prepare(): Promise<void> {
    this.#options.secrets.prepare();
    await this.#loaded();
  }

  refresh(): void {
    try {
      this.#options.secrets.read();
    } catch (error) {
      const { message } = error as Error;
      this.context.emit(trouble(`${message}; what was read before stays`));
    }
  }

  problems(): Promise<readonly string[]> {
    const found = this.#options.secrets.problems();
    for (const address of this.addresses) {
      if (address.type === "host") continue;
      try {
        checkAccess(address.path, "write");
      } catch (error) {
        const { path } = address;
        found.push(
          `${this.name}: unable to connect to ${path}: ${reason(error)}`,
        );
      }
    }
    return Promise.resolve(found);
  }

  close(): void {
    this.#pool?.close();
  }

  async begin(beginning: Beginning): Promise<Handover> {
    return (await this.#loaded()).begin(beginning);
  }

  /** For who has not asked about its recipients before: all or none. */
  async open(envelope: Envelope, submitter: Submitter) {
    const { connection, helo, user } = submitter;
    const { remote, remoteHost, local } = connection;
    const client = {
      ...{ ip: remote.ip, port: remote.port, host: remoteHost },
      ...{ helo, user, local },
      protocol: "ESMTP",
    } as const;
    const { sender } = envelope;
    const facts = { sender, sizeBytes: 0, eightBit: false, utf8: false };
    const handover = await this.begin({ ...facts, client });
    const refusals: Refusal[] = [];
    for (const recipient of envelope.recipients) {
      const refusal = await handover.recipient(recipient);
      if (refusal !== null) refusals.push(refusal);
    }
    if (refusals.length === 0) return await handover.open(envelope);
    handover.leave();
    return refusals.find(({ type }) => type === "later") ?? refusals[0];
  }

  #loaded(): Promise<Loaded> {
    return this.#loading ??= this.#load();
  }

  async #load(): Promise<Loaded> {
    const { context, addresses, protocol } = this;
    const { tls, client, connections, secrets } = this.#options;
    const [{ Endpoints }, { HopPool }, { Handover }, { dnsResolver }] =
      await Promise.all([
        import("../next_hop/endpoints.ts"),
        import("../next_hop/pool.ts"),
        import("./handover.ts"),
        import("../net/resolver.ts"),
      ]);
    const pool = this.#pool = new HopPool(
      () => this.name ?? protocol,
      new Endpoints(addresses, dnsResolver(lookupSeconds)),
      {
        ...{ protocol, tls, client, connections },
        name: () => context.host || Deno.hostname(),
        credentials: (host) => secrets.credentials(host),
        authorities: () => secrets.authorities(),
      },
      context.emit,
    );
    return { pool, begin: (beginning) => new Handover(pool, beginning) };
  }
}
