/**
 * The last half an hour in numbers, and who was refused lately: made of a
 * gate's events, for the status page. Bounded, whoever comes.
 *
 * @module
 */
import type { Emit, Party, Reply } from "../base/events.ts";
import {
  type Period,
  periodMs,
  periods,
  type Refusal,
  steadyNow,
} from "./facts.ts";

const mostRefusals = 50;
/** Of each byte string that is kept. */
const mostBytes = 200;

export class Ledger {
  readonly #periods: Period[] = [];
  readonly #refusals: Refusal[] = [];
  #active = 0;

  constructor(readonly now: () => number = steadyNow) {}

  readonly emit: Emit = (event) => {
    switch (event.type) {
      case "status":
        return this.#level(event.active);
      case "connection.ok":
        this.#period.connections++;
        return;
      case "connection.deny":
        this.#period.connections++;
        return this.#refuse(
          event.connection.remote.ip,
          "connection",
          event.rule == null ? "rules" : `rule ${event.rule}`,
        );
      case "connection.dropped":
        return this.#refuse(event.what, "connection", event.why);
      case "message.stored":
        this.#period.stored++;
        return;
      case "message.refused":
        return this.#answer(event.party, "message", event.reply);
      case "client.refused":
        return this.#answer(event.party, "client", event.reply);
      case "recipient.refused":
        return this.#answer(event.party, "recipient", event.reply);
      case "login.refused":
        return this.#refuse(
          ipOf(event.party),
          "log-in",
          `user ${event.user}`,
        );
      case "tls.failed":
        return this.#refuse(event.ip, "handshake", event.reason);
    }
  };

  /** The oldest first; those in which nothing happened may be left out. */
  get periods(): readonly Period[] {
    return this.#periods;
  }

  /** The newest first. */
  get refusals(): readonly Refusal[] {
    return this.#refusals.toReversed();
  }

  #level(active: number): void {
    this.#active = active;
    const period = this.#period;
    if (active > period.sessions) period.sessions = active;
  }

  #answer(party: Party, what: string, { code, text }: Reply): void {
    this.#refuse(ipOf(party), what, `${code} ${text}`);
  }

  #refuse(ip: string, what: string, why: string): void {
    this.#period.refused++;
    this.#refusals.push({
      time: this.now(),
      ip: ip.slice(0, mostBytes),
      what,
      why: why.slice(0, mostBytes),
    });
    if (this.#refusals.length > mostRefusals) this.#refusals.shift();
  }

  get #period(): Period {
    const index = Math.floor(this.now() / periodMs);
    const last = this.#periods.at(-1);
    if (last?.index === index) return last;
    const sessions = this.#active;
    const period = { index, connections: 0, stored: 0, refused: 0, sessions };
    this.#periods.push(period);
    if (this.#periods.length > periods) this.#periods.shift();
    return period;
  }
}

const ipOf = ({ connection }: Party) => connection.remote.ip;
