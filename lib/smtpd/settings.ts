/**
 * What an SMTP session is to obey: options, control files and environment,
 * in that order, as qmail-smtpd(8) names them.
 *
 * @module
 */
import type { Target } from "../deliver/target.ts";
import { discard } from "../deliver/discard.ts";
import { Maildirs } from "../deliver/maildir.ts";
import { qmailQueue } from "../deliver/qmail_queue.ts";
import { senderMatcher } from "../policy/badmailfrom.ts";
import { badRcptTo } from "../policy/badrcptto.ts";
import { accept, type Policy } from "../policy/question.ts";
import { domainMatcher } from "../policy/rcpthosts.ts";
import type { Stream } from "../base/stream.ts";
import { cleanField } from "../log/tcpserver.ts";
import type { Login } from "../smtp/actions.ts";
import type { Limits } from "../smtp/limits.ts";
import type { Credentials } from "../smtp/sasl.ts";
import type { SessionConfig } from "../smtp/session.ts";
import { CdbReader } from "../cdb/reader.ts";
import { fromBytes, toBytes } from "../base/bytes.ts";
import { reason } from "../base/reason.ts";
import { ControlFiles, readControl } from "./control_files.ts";
import { entries, type Environment } from "../ucspi/environment.ts";
import type { Patience, Services } from "./driver.ts";
import { type PolicyOptions, SmtpPolicies } from "./policies.ts";
import { authenticate, TlsAccess } from "./services.ts";

/** smtpd's options; null where the control file or default decides. */
export interface SmtpdOptions extends PolicyOptions {
  readonly classic: boolean;
  readonly control: string;
  /** What takes messages where $QMAILQUEUE names no other. */
  readonly queueProgram: string;
  readonly me: string | null;
  readonly smtpgreeting: string | null;
  readonly localiphost: string | null;
  readonly timeoutsmtpd: number | null;
  readonly databytes: number | null;
  /** Lists: `a,b`, or the path of a file (it has a slash). */
  readonly rcpthosts: string | null;
  readonly badmailfrom: string | null;
  readonly badrcptto: string | null;
  readonly openRelay: boolean;
  readonly normalizeLf: boolean;
  readonly deliver: string | null;
  /** Of a Maildir's disk: nothing is taken below it; 0 for off. */
  readonly minFree: number;
  readonly createMailboxes: boolean;
  /** Paths of PEM files; null for control/servercert.pem, if it is there. */
  readonly tlsCert: string | null;
  /** null: the key is in the file of the certificate. */
  readonly tlsKey: string | null;
  readonly passwords: string | null;
  readonly checkpassword: string | null;
  readonly limits: Partial<Limits>;
  /** null for the dialect's own. */
  readonly sessionSeconds: number | null;
  readonly textBytesPerSecond: number | null;
}

/** How long a client may take; qmail's, and RFC 5321 4.5.3.2.7's least. */
const classicPatience: Patience = {
  idleSeconds: 1200,
  sessionSeconds: 0,
  textBytesPerSecond: 0,
};
const usualPatience: Patience = {
  idleSeconds: 300,
  sessionSeconds: 1200, // chasquid's
  textBytesPerSecond: 500, // Postfix's smtpd_min_data_rate
};
/** Where no control file says otherwise; chasquid's. */
const usualDatabytes = 50 << 20;
/** Control files are read again when they are older than this. */
const controlsFreshMs = 1000;

interface Controls {
  greeting: string;
  me: string;
  localIpHost: string;
  patience: Patience;
  databytes: number;
  accepts: (domain: string) => boolean;
  refuses: (sender: string) => boolean;
  badRcptTo: Policy | null;
}

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

/** The same for all sessions: thousands wait, and each would hold its own. */
const clock = () => new Date();
const acceptAll = () => Promise.resolve(accept);
const nobody = () => Promise.resolve({ type: "bad" } as const);

export class SmtpSettings {
  #controls: Controls | null = null;
  #readAt = -Infinity;
  #targets = new Map<string, Target>();
  #localAddresses: Set<string> | undefined;
  readonly #tls: TlsAccess | null;
  /** For a session that comes at once, as the only one of a process does. */
  #firstFiles: ControlFiles | null;
  readonly #policies: SmtpPolicies;
  readonly #limits: Partial<Limits> | undefined;

  /**
   * Reads the certificate, as only root may be able to.
   *
   * @param log takes a line for the administrator
   * @throws Error that says which of its files cannot be read
   */
  constructor(
    readonly options: SmtpdOptions,
    readonly log: (line: string) => void,
  ) {
    const { tlsKey, control, classic } = options;
    const files = new ControlFiles(control);
    const cert = options.tlsCert ?? files.pathOf("servercert.pem");
    this.#tls = classic || cert === null
      ? null
      : new TlsAccess({ cert, key: tlsKey ?? cert }, log);
    this.#firstFiles = files;
    this.#policies = new SmtpPolicies(options, log);
    const anyLimit = Object.keys(options.limits).length > 0;
    this.#limits = anyLimit ? options.limits : undefined;
  }

  /** @throws Error that says what cannot be used */
  async prepare(): Promise<void> {
    await Promise.all([this.#tls?.prepare(), this.#policies.prepare()]);
  }

  /** Reads certificate and control files again (HUP). */
  refresh(): void {
    this.#readAt = -Infinity;
    this.#tls?.refresh();
  }

  /**
   * @param env the session's environment, rules included
   * @param encrypted whether the connection is encrypted already
   */
  forSession(env: Environment, encrypted = false): Settings {
    const now = Date.now();
    if (now - this.#readAt >= controlsFreshMs) {
      try {
        this.#controls = this.#read();
      } catch (error) {
        this.log(`unable to read controls: ${reason(error)}`);
        this.#controls = null;
      }
      this.#readAt = now;
    }
    const controls = this.#controls;
    if (!controls) return { type: "unreadable" };
    const { me, badRcptTo } = controls;
    const target = this.#policies.recording(this.#target(env, me), {
      env,
      me,
    });
    const ask = this.#policies.forSession({ env, me, badRcptTo, target });
    const databytes = env.get("DATABYTES");
    const config: SessionConfig = {
      classic: this.options.classic,
      greeting: controls.greeting,
      localIpHost: controls.localIpHost,
      isLocalAddress: this.#isLocalAddress,
      relayClient: env.get("RELAYCLIENT") ?? null,
      acceptsRecipientDomain: controls.accepts,
      refusesSender: controls.refuses,
      offers: {
        startTls: this.#tls !== null,
        auth: this.#mayLogIn,
        binaryMime: target.takesBinary,
        smtpUtf8: target.takesUtf8,
      },
      asks: ask !== null,
      encrypted,
      lfEndsLines: this.options.normalizeLf,
      limits: this.#limits,
      databytes: databytes === undefined
        ? controls.databytes
        : leadingNumber(databytes),
      peer: {
        ip: env.get("TCPREMOTEIP") ?? "unknown",
        host: env.get("TCPREMOTEHOST"),
        info: env.get("TCPREMOTEINFO"),
        localHost: env.get("TCPLOCALHOST"),
        localIp: env.get("TCPLOCALIP"),
      },
      now: clock,
    };
    return {
      type: "ready",
      config,
      services: {
        target,
        ask: ask ?? acceptAll,
        authenticate: this.#authenticator(env),
        secure: this.#secure,
      },
      patience: controls.patience,
    };
  }

  /** Only where somebody may log in does it hold the environment. */
  #authenticator(
    env: Environment,
  ): (credentials: Credentials) => Promise<Login> {
    if (!this.#mayLogIn) return nobody;
    return (credentials) => this.#authenticate(credentials, env);
  }

  get #mayLogIn(): boolean {
    const { passwords, checkpassword } = this.options;
    return passwords !== null || checkpassword !== null;
  }

  async #authenticate(
    credentials: Credentials,
    env: Environment,
  ): Promise<Login> {
    const login = await authenticate(this.options, credentials, env, this.log);
    if (login.type === "bad") {
      const who = cleanField(credentials.user);
      const where = env.get("TCPREMOTEIP") ?? "unknown";
      this.log(`log-in of ${who} from ${where} refused`);
    }
    return login;
  }

  #read(): Controls {
    const { options } = this;
    const first = this.#firstFiles;
    this.#firstFiles = null;
    const files = first && Date.now() - first.seenAt < controlsFreshMs
      ? first
      : new ControlFiles(options.control);
    const me = options.me ?? files.line("me") ??
      (files.present && !options.smtpgreeting &&
          files.line("smtpgreeting") === null
        ? null
        : Deno.hostname());
    if (me === null) throw new Error("control/me is missing");
    const patience = options.classic ? classicPatience : usualPatience;
    const rcpthosts = listOf(options.rcpthosts, files, "rcpthosts");
    const badmailfrom = listOf(options.badmailfrom, files, "badmailfrom");
    const badrcptto = listOf(options.badrcptto, files, "badrcptto");
    const number = (option: number | null, file: string, fallback: number) => {
      const line = files.line(file);
      if (option !== null) return option;
      return line && /^\d/.test(line) ? leadingNumber(line) : fallback;
    };
    const idleSeconds = number(
      options.timeoutsmtpd,
      "timeoutsmtpd",
      patience.idleSeconds,
    );
    return {
      greeting: options.smtpgreeting ?? files.line("smtpgreeting") ?? me,
      me,
      localIpHost: options.localiphost ?? files.line("localiphost") ?? me,
      patience: {
        // qmail's 0 is a second; ours is no limit.
        idleSeconds: options.classic ? Math.max(1, idleSeconds) : idleSeconds,
        sessionSeconds: options.sessionSeconds ?? patience.sessionSeconds,
        textBytesPerSecond: options.textBytesPerSecond ??
          patience.textBytesPerSecond,
      },
      databytes: number(
        options.databytes,
        "databytes",
        options.classic ? 0 : usualDatabytes,
      ),
      // Without a list qmail relays for everyone; we for nobody.
      accepts: options.openRelay
        ? () => true
        : domainMatcher(rcpthosts ?? me + "\n", moreRcpthosts(files)),
      refuses: senderMatcher(badmailfrom ?? ""),
      badRcptTo: badrcptto ? badRcptTo(badrcptto) : null,
    };
  }

  #target(env: Environment, me: string): Target {
    const { queueProgram } = this.options;
    const queue = env.get("QMAILQUEUE");
    let target = this.options.deliver;
    if (target === null || target === "qmail-queue") {
      const queues = target !== null || queue !== undefined ||
        fileExists(queueProgram);
      target = queues
        ? `qmail-queue:${queue ?? queueProgram}`
        : "maildir:./Maildir";
    }
    const colon = target.indexOf(":");
    const path = target.slice(colon + 1);
    // A queue program sees this session's environment: never shared.
    if (target.startsWith("qmail-queue:")) {
      return qmailQueue(path, () => entries(env));
    }
    let known = this.#targets.get(target);
    if (!known) {
      known = target === "discard"
        ? discard()
        : new Maildirs(path, me, this.log, {
          createMailboxes: this.options.createMailboxes,
          minFreePercent: this.options.minFree,
        });
      this.#targets.set(target, known);
    }
    return known;
  }

  /** Whether an address is one of this machine's. */
  readonly #isLocalAddress = (ip: string): boolean => {
    this.#localAddresses ??= new Set(
      Deno.networkInterfaces().map((each) => each.address),
    );
    // RFC 1122 3.2.1.3: 0.0.0.0 is this host.
    return this.#localAddresses.has(ip) || ip === "0.0.0.0";
  };

  readonly #secure = (stream: Stream): Promise<Stream | null> => {
    const { idleSeconds } = (this.#controls?.patience) ?? usualPatience;
    return this.#tls!.secure(stream, idleSeconds);
  };
}

/**
 * djb's scan_ulong: the leading decimal digits; none is 0. What no number of
 * ours holds exactly is as good as no limit, and has 20 digits at most (RFC
 * 1870 4).
 */
export function leadingNumber(text: string): number {
  const number = Number(/^\d*/.exec(text)![0] || 0);
  return Math.min(number, Number.MAX_SAFE_INTEGER);
}

function fileExists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** A list as given, or in the file that was given, or in the control file. */
function listOf(
  option: string | null,
  files: ControlFiles,
  name: string,
): string | null {
  if (option === null) return files.text(name);
  if (option.includes("/")) return fromBytes(readControl(option));
  return option.replaceAll(",", "\n");
}

function moreRcpthosts(
  files: ControlFiles,
): ((key: string) => boolean) | undefined {
  const bytes = files.bytes("morercpthosts.cdb");
  if (!bytes) return undefined;
  const cdb = new CdbReader(bytes);
  return (key) => cdb.find(toBytes(key)) !== null;
}
