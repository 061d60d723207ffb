/**
 * A pause before the greeting. Who sends mail waits for it (RFC 5321 3.1);
 * programs that only want to get rid of theirs often do not.
 *
 * @module
 */
import type { Emit, Party } from "../base/events.ts";
import { toBytes } from "../base/bytes.ts";
import type { Activity, Ending, Serving } from "../base/protocol.ts";
import type { Stream } from "../base/stream.ts";
import { KnownClients } from "../base/known_clients.ts";
import { sayLast } from "./last_words.ts";

/** Who has waited once is not made to wait again for so long. */
const knownMs = 24 * 60 * 60 * 1000;

const reply = { code: 554, text: "5.5.1 you talked before you were greeted" };

/** qmail-smtpd's, for who has broken the protocol. */
const failedCode = 1;

const waits: Activity = { helo: null, doing: "waits to be greeted" };

export class GreetPause {
  readonly #known = new KnownClients(knownMs);

  /** @param emit is told of who did not wait */
  constructor(readonly seconds: number, readonly emit: Emit) {}

  /** Whether a client has waited before. */
  knows(ip: string): boolean {
    return this.#known.has(ip, performance.now());
  }

  /**
   * Lets a client wait, and then begins.
   *
   * @param client who it is, for the log
   * @param ending is told if it does not wait
   */
  before(
    stream: Stream,
    client: Pick<Party, "connection" | "session">,
    ending: Ending,
    begin: () => Serving,
  ): Serving {
    const { ip } = client.connection.remote;
    let serving: Serving | null = null;
    const leave = () => {
      clearTimeout(timer);
      stream.close();
      ending.ended(failedCode);
    };
    const timer = setTimeout(() => {
      this.#known.add(ip, performance.now());
      try {
        serving = begin();
      } catch (error) {
        stream.close();
        ending.broken(error);
      }
    }, this.seconds * 1000);
    stream.open({
      received: () => {
        clearTimeout(timer);
        const party = { ...client, helo: null, user: null, tls: null };
        this.emit({ type: "client.refused", party, reply, by: "greet-pause" });
        const bytes = toBytes(`${reply.code} ${reply.text}\r\n`);
        sayLast(stream, bytes, () => ending.ended(failedCode));
      },
      ended: leave,
      drained() {},
    });
    return {
      get activity() {
        return serving?.activity ?? waits;
      },
      stop: () => serving === null ? leave() : serving.stop(),
    };
  }
}
