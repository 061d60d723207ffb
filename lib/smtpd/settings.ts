/**
 * What an SMTP session is to obey: options, control files and environment,
 * in that order.
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import type { Connection } from "../base/connection.ts";
import { LastingTrouble } from "../base/lasting_trouble.ts";
import type { Stream } from "../base/stream.ts";
import { problemsIn, Unusable } from "../base/unusable.ts";
import type { Target } from "../deliver/target.ts";
import { TlsAccess, tlsDescriptors } from "../net/tls_access.ts";
import { accept } from "../policy/question.ts";
import type { Login } from "../mail/answers.ts";
import type { Offers } from "../smtp/commands.ts";
import type { SessionConfig } from "../smtp/config.ts";
import type { Limits } from "../smtp/limits.ts";
import type { Credentials } from "../mail/sasl.ts";
import {
  asProgram,
  ownEnvironment,
  type ProgramEnvironment,
} from "../ucspi/environment.ts";
import { ControlFiles } from "./control_files.ts";
import {
  type Controls,
  controlsNow,
  ControlSource,
  hostNameNow,
  leadingNumber,
} from "./controls.ts";
import type { Patience, Services } from "./services.ts";
import { SmtpFilters } from "./filters.ts";
import { GreetPause } from "./greet_pause.ts";
import { DovecotLogins } from "./dovecot_logins.ts";
import { authenticate, loginsBy, mayLogIn } from "./logins.ts";
import type { SmtpdOptions } from "./options.ts";
import { SmtpPolicies } from "./policies.ts";
import { byDovecot, SenderRules } from "./senders.ts";
import { nextSessionName } from "./session_name.ts";
import { Targets } from "./targets.ts";

/** Control files are read again when they are older than this. */
const controlsFreshMs = 1000;

/** What qmail-smtpd says instead of its greeting, before it exits 1. */
export const unreadableControls = "421 unable to read controls (#4.3.0)\r\n";

/** The settings of one session, or the reason why there can be none. */
export type Settings = Ready | { readonly type: "unreadable" };

export interface Ready {
  readonly type: "ready";
  readonly config: SessionConfig;
  readonly services: Services;
  readonly patience: Patience;
}

/** Shared functions: one a session would cost memory in thousands of them. */
const clock = () => new Date();
const acceptAll = () => Promise.resolve(accept);
const nobody = () => Promise.resolve({ type: "bad" } as const);
const noTls = () => Promise.resolve(null);

export class SmtpSettings {
  readonly #source: ControlSource;
  readonly #unread: LastingTrouble;
  #controls: Controls | null = null;
  #readAt = -Infinity;
  #localAddresses: Set<string> | undefined;
  readonly #tls: TlsAccess | null;
  /** For a session that comes at once, as the only one of a process does. */
  #firstFiles: ControlFiles | null;
  readonly #targets: Targets;
  readonly #policies: SmtpPolicies;
  readonly #filters: SmtpFilters;
  readonly #dovecot: DovecotLogins | null;
  readonly #senders: SenderRules;
  readonly #loginsBy: string | undefined;
  readonly #limits: Partial<Limits> | undefined;
  readonly #pause: GreetPause | null;
  #lastOffers: Offers | undefined;

  /** Given in all sessions, by the first digit of their codes. */
  readonly replies = new Array<number>(6).fill(0);

  /**
   * Reads the certificate, as only root may be able to.
   *
   * @param emit is told of troubles
   * @param isShared whether this process serves others than one client: then
   * helpers do what takes long
   * @throws Error that says which of its files cannot be read
   */
  constructor(
    readonly options: SmtpdOptions,
    readonly emit: Emit,
    readonly isShared: boolean,
  ) {
    const { tlsKey, control, classic } = options;
    const files = new ControlFiles(control);
    const cert = options.tlsCert ?? files.pathOf("servercert.pem");
    this.#tls = classic || cert === null
      ? null
      : new TlsAccess({ cert, key: tlsKey ?? cert }, emit, () =>
        hostNameNow(options));
    this.#source = new ControlSource(options);
    this.#unread = new LastingTrouble(emit);
    this.#firstFiles = files;
    this.#targets = new Targets(options, emit);
    this.#policies = new SmtpPolicies(options, emit, isShared);
    this.#filters = new SmtpFilters(options, emit, isShared);
    const { dovecotAuth, dovecotSeconds, senderLogin } = options;
    this.#senders = new SenderRules(senderLogin, emit);
    const { loaded } = this.#senders;
    this.#dovecot = dovecotAuth === null
      ? null
      : new DovecotLogins(dovecotAuth, dovecotSeconds, loaded, emit);
    this.#loginsBy = mayLogIn(options) ? loginsBy(options) : undefined;
    const { greetPause } = options;
    this.#pause = classic || greetPause === 0
      ? null
      : new GreetPause(greetPause, emit);
    const anyLimit = Object.keys(options.limits).length > 0;
    this.#limits = anyLimit ? options.limits : undefined;
  }

  /** @throws Error that says what cannot be used */
  async prepare(): Promise<void> {
    await Promise.all([
      this.#tls?.prepare(),
      this.#policies.prepare(),
      this.#filters.prepare(),
      this.#targets.prepare(),
      this.#dovecot?.loaded,
      this.#senders.loaded,
    ]);
  }

  /**
   * Looks at what sessions will read. What could never match ends the start.
   * What cannot be read is told: it may be there in time, and until then
   * clients are told to come again.
   *
   * @throws Unusable
   */
  async rehearse(): Promise<void> {
    if (this.options.classic) return;
    this.#look(() => controlsNow(this.options));
    const { recipients } = this.options;
    const own = asProgram(ownEnvironment());
    const mayRelay = mayLogIn(this.options) ||
      (own.has("RELAYCLIENT") && this.#current()?.namesDomains);
    const deadEnd = mayRelay ? this.#targets.deadEnd(own) : null;
    if (deadEnd !== null) this.emit(trouble(deadEnd));
    this.#dovecot?.wake();
    const { senderLogin } = this.options;
    if (senderLogin !== null && senderLogin !== byDovecot) {
      const { checkSenderLoginsFile } = await import(
        "../policy/sender_logins_file.ts"
      );
      this.#look(() => checkSenderLoginsFile(senderLogin));
    }
    if (recipients === null) return;
    const { checkRecipientsFile } = await import(
      "../policy/recipients_file.ts"
    );
    this.#look(() => checkRecipientsFile(recipients));
  }

  #look(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof Unusable) || error.forGood) throw error;
      this.#unread.tell(error.problems);
    }
  }

  /** That a session may take, its connection's own left out. */
  get descriptors(): number {
    return (this.#tls ? tlsDescriptors : 0) + this.#targets.descriptors +
      this.#filters.descriptors;
  }

  /** Reads certificate and control files again (HUP). */
  refresh(): void {
    this.#readAt = -Infinity;
    this.#unread.over(); // whoever mended it looks into the log now
    this.#tls?.refresh();
    this.#targets.refresh();
  }

  /** A pause before the greeting, for clients that have to wait. */
  pauseFor(
    { tls }: Stream,
    { remote }: Connection,
    env: ProgramEnvironment,
  ): GreetPause | null {
    const pause = this.#pause;
    // Who shakes hands talks first; the trusted and our own are in no doubt.
    if (pause === null || tls || env.has("RELAYCLIENT")) return null;
    if (this.#isLocalAddress(remote.ip)) return null;
    return pause.knows(remote.ip) ? null : pause;
  }

  /** @param env what a program would have for the connection */
  forSession(connection: Connection, env: ProgramEnvironment): Settings {
    const controls = this.#current();
    if (controls === null) return { type: "unreadable" };
    const { me, badRcptTo } = controls;
    const name = nextSessionName();
    const asker = { connection, env, me, name };
    const { accepts, namesDomains, isPostmaster } = controls;
    const sending = {
      ...{ connection, env, me, accepts, namesDomains, isPostmaster },
    };
    const target = this.#filters.before(
      this.#targets.forSession(sending),
      asker,
    );
    const ask = this.#policies.forSession({
      ...{ ...asker, badRcptTo, isPostmaster, target },
    });
    const databytes = env.get("DATABYTES");
    const config: SessionConfig = {
      classic: this.options.classic,
      greeting: controls.greeting,
      localIpHost: controls.localIpHost,
      isLocalAddress: this.#isLocalAddress,
      relayClient: env.get("RELAYCLIENT") ?? null,
      acceptsRecipientDomain: controls.accepts,
      isPostmaster,
      qualifyWith: this.options.qualify ? me : null,
      refusesSender: controls.refuses,
      offers: this.#offers(target),
      asks: ask !== null,
      lfEndsLines: this.options.normalizeLf,
      limits: this.#limits,
      databytes: databytes === undefined
        ? controls.databytes
        : leadingNumber(databytes),
      connection,
      name,
      mechanisms: this.#dovecot?.mechanisms,
      refusesSubmitter: this.#senders.refuses,
      now: clock,
    };
    return {
      type: "ready",
      config,
      services: {
        target,
        connection,
        env,
        emit: this.emit,
        replies: this.replies,
        ask: ask ?? acceptAll,
        authenticate: this.#authenticator(connection, env),
        ...this.#dovecot?.forSession(connection, name),
        loginsBy: this.#loginsBy,
        secure: this.#securer(connection, controls),
      },
      patience: controls.patience,
    };
  }

  /** Shared, too: nearly all sessions have the same. */
  #offers({ takesBinary, takesUtf8 }: Target): Offers {
    const known = this.#lastOffers;
    if (known?.binaryMime === takesBinary && known.smtpUtf8 === takesUtf8) {
      return known;
    }
    return this.#lastOffers = {
      startTls: this.#tls !== null,
      auth: this.#mayLogIn,
      binaryMime: takesBinary,
      smtpUtf8: takesUtf8,
    };
  }

  /** null when they cannot be read. */
  #current(): Controls | null {
    const now = performance.now();
    if (now - this.#readAt < controlsFreshMs) return this.#controls;
    this.#readAt = now;
    try {
      this.#controls = this.#read();
      this.#unread.over();
    } catch (error) {
      this.#unread.tell(problemsIn(error));
      this.#controls = null;
    }
    return this.#controls;
  }

  #read(): Controls {
    const first = this.#firstFiles;
    this.#firstFiles = null;
    const isFresh = first &&
      performance.now() - first.seenAt < controlsFreshMs;
    const files = isFresh ? first : new ControlFiles(this.options.control);
    return this.#source.read(files);
  }

  /** Only where somebody may log in does it hold the environment. */
  #authenticator(
    { remote }: Connection,
    env: ProgramEnvironment,
  ): (credentials: Credentials) => Promise<Login> {
    if (!this.#mayLogIn) return nobody;
    const { options, emit, isShared } = this;
    const attempt = { client: remote.ip, isShared, env, emit };
    return async (credentials) => {
      await this.#senders.loaded;
      return await authenticate(options, credentials, attempt);
    };
  }

  get #mayLogIn(): boolean {
    return mayLogIn(this.options);
  }

  #securer(
    connection: Connection,
    { patience }: Controls,
  ): (stream: Stream) => Promise<Stream | null> {
    const tls = this.#tls;
    if (tls === null) return noTls;
    const { ip } = connection.remote;
    return (stream) => tls.secure(stream, patience.idleSeconds, ip, connection);
  }

  /** Whether an address is one of this machine's. */
  readonly #isLocalAddress = (ip: string): boolean => {
    this.#localAddresses ??= new Set(
      Deno.networkInterfaces().map((each) => each.address),
    );
    // RFC 1122 3.2.1.3: 0.0.0.0 is this host.
    return this.#localAddresses.has(ip) || ip === "0.0.0.0";
  };
}
