/**
 * SMTP as the gate sees it: a connection comes, and is served.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import { toBytes } from "../base/bytes.ts";
import type { Connection } from "../base/connection.ts";
import type { Ending, Protocol, Serving, Variables } from "../base/protocol.ts";
import type { Stream } from "../base/stream.ts";
import { Session } from "../smtp/session.ts";
import {
  ConnectionEnvironment,
  InheritedEnvironment,
  ownEnvironment,
} from "../ucspi/environment.ts";
import { hostNameNow } from "./controls.ts";
import { drive } from "./driver.ts";
import { sayLast } from "./last_words.ts";
import type { SmtpdOptions } from "./options.ts";
import { SmtpSettings, unreadableControls } from "./settings.ts";

/** Nothing is to be stopped of what is over. */
const over: Serving = { stop() {} };

export class SmtpProtocol implements Protocol {
  readonly #inherited = new InheritedEnvironment(ownEnvironment());
  #settings!: SmtpSettings;

  /** @param emit is told of troubles */
  constructor(
    readonly options: SmtpdOptions,
    readonly emit: Emit,
  ) {}

  get descriptors(): number {
    return this.#settings.descriptors;
  }

  get replies(): readonly number[] {
    return this.#settings.replies;
  }

  get hostName(): string | null {
    return hostNameNow(this.options);
  }

  async prepare(): Promise<void> {
    this.#settings = new SmtpSettings(this.options, this.emit, true);
    await this.#settings.prepare();
  }

  async rehearse(): Promise<void> {
    await this.#settings.rehearse();
  }

  refresh(): void {
    this.#settings.refresh();
  }

  async problems(ruled: Variables = new Map()): Promise<string[]> {
    const { smtpdProblems } = await import("./problems.ts");
    return await smtpdProblems(this.options, ownEnvironment(), ruled);
  }

  serve(stream: Stream, connection: Connection, ending: Ending): Serving {
    const env = new ConnectionEnvironment(this.#inherited, connection);
    const settings = this.#settings.forSession(connection, env);
    if (settings.type === "unreadable") {
      // qmail-smtpd's exit code without its control files
      sayLast(stream, toBytes(unreadableControls), () => ending.ended(1));
      return over;
    }
    const { config, services, patience } = settings;
    const begin = () =>
      drive(stream, new Session(config), services, patience, ending);
    const pause = this.#settings.pauseFor(stream, connection, env);
    if (pause === null) return begin();
    const ungreeted = { connection, session: config.name! };
    return pause.before(stream, ungreeted, ending, begin);
  }
}
