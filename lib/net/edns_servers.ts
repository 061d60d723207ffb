/**
 * Which name servers are asked with EDNS0 (RFC 6891), and so may answer by
 * longer datagrams: all but those that do not take it. Such a server says
 * FORMERR, NOTIMP or SERVFAIL to the question, or nothing.
 *
 * @module
 */
import type { NameServer } from "./name_server.ts";

/**
 * What an answer tells of the server that gave it. `doubtful` is one that EDNS0
 * may be the reason for, or anything else.
 */
export type Edns = "taken" | "refused" | "doubtful" | "unknown";

/** A server may be replaced by a newer one, and a firewall mended. */
const rememberedMs = 15 * 60_000;
/** Few machines have more than three; resolv.conf may change for ever. */
const serversLimit = 64;

interface Known {
  readonly takesIt: boolean;
  /** false for a guess, made of silence. */
  readonly isSure: boolean;
  readonly until: number;
}

export class EdnsServers {
  readonly #known = new Map<string, Known>();

  /** @param now the time in milliseconds */
  constructor(readonly now: () => number = () => performance.now()) {}

  /** Whether a server is to be asked with EDNS0. */
  isFor(server: NameServer): boolean {
    return this.#recall(server)?.takesIt ?? true;
  }

  /**
   * A question has been answered.
   *
   * @returns whether it is worth asking again, without EDNS0
   */
  answered(server: NameServer, edns: Edns): boolean {
    const known = this.#recall(server);
    const until = this.now() + rememberedMs;
    switch (edns) {
      case "taken":
        this.#remember(server, { takesIt: true, isSure: true, until });
        return false;
      case "doubtful":
        if (known?.takesIt) return false;
        this.#remember(server, { takesIt: false, isSure: false, until });
        return true;
      case "refused":
        this.#remember(server, { takesIt: false, isSure: true, until });
        return true;
      case "unknown":
        if (known) this.#remember(server, { ...known, isSure: true });
        return false;
    }
  }

  /**
   * A question has had no answer. EDNS0 may be why, but others can make a
   * server slow as well: what is known for sure is left as it is.
   */
  wasSilent(server: NameServer, withEdns: boolean): void {
    if (this.#recall(server)?.isSure) return;
    const until = this.now() + rememberedMs;
    if (!withEdns) this.#known.delete(keyOf(server));
    else this.#remember(server, { takesIt: false, isSure: false, until });
  }

  #recall(server: NameServer): Known | null {
    const known = this.#known.get(keyOf(server));
    return known && this.now() < known.until ? known : null;
  }

  #remember(server: NameServer, known: Known): void {
    if (this.#known.size >= serversLimit) this.#known.clear();
    this.#known.set(keyOf(server), known);
  }
}

const keyOf = ({ ip, port }: NameServer) => `${ip} ${port}`;
