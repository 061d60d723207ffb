/**
 * Log-ins by Dovecot, as sessions see them. What talks to it is loaded where
 * it is wanted.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { Emit } from "../base/events.ts";
import type { ServiceAddress } from "../base/service_address.ts";
import type { Dovecot, DovecotExchange } from "../auth/dovecot.ts";
import { mechanisms } from "../mail/sasl.ts";
import type { Services } from "./services.ts";

export class DovecotLogins {
  #dovecot: Dovecot | null = null;
  /** Whether it can be asked, or is why not. */
  readonly loaded: Promise<Dovecot>;

  /**
   * @param seconds for each step of a log-in
   * @param before what is to be loaded, too, before anybody is let in
   * @param emit is told of troubles
   */
  constructor(
    address: ServiceAddress,
    seconds: number,
    before: Promise<void>,
    emit: Emit,
  ) {
    this.loaded = Promise.all([import("../auth/dovecot.ts"), before])
      .then(([{ Dovecot }]) =>
        this.#dovecot = new Dovecot(address, seconds, emit)
      );
    this.loaded.catch(() => {}); // told by prepare, or by a log-in
  }

  /** Connects before the first log-in, with the ids that sessions have. */
  wake(): void {
    this.loaded.then((dovecot) => dovecot.wake(), () => {}); // told by prepare
  }

  /** What EHLO names: until Dovecot is known, what it almost always has. */
  readonly mechanisms = (): readonly string[] =>
    this.#dovecot?.mechanisms() ?? mechanisms;

  /**
   * The services of one session.
   *
   * @param name of the session, in logs
   */
  forSession(
    { local, remote }: Connection,
    name: string,
  ): Required<Pick<Services, "passOn" | "cancelLogin">> {
    this.wake();
    let exchange: DovecotExchange | null = null;
    return {
      passOn: async (word) => {
        exchange ??= (await this.loaded)
          .exchange({ local, remote, session: name });
        return await (word.type === "begin"
          ? exchange.begin(word.mechanism, word.response)
          : exchange.respond(word.response));
      },
      cancelLogin: () => exchange?.abandon(),
    };
  }
}
