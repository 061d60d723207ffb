/**
 * What an SMTP session is to obey: options, control files and environment,
 * in that order, as qmail-smtpd(8) names them.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { Target } from "../deliver/target.ts";
import { discard } from "../deliver/discard.ts";
import { Maildirs } from "../deliver/maildir.ts";
import { qmailQueue } from "../deliver/qmail_queue.ts";
import { senderMatcher } from "../policy/badmailfrom.ts";
import { domainMatcher } from "../policy/rcpthosts.ts";
import type { SessionConfig } from "../smtp/session.ts";
import { CdbReader } from "../cdb/reader.ts";
import { fromBytes, toBytes } from "../bytes.ts";
import { reason } from "../reason.ts";
import { entries, type Environment } from "./environment.ts";

/** smtpd's options; null where the control file or default decides. */
export interface SmtpdOptions {
  readonly classic: boolean;
  readonly control: string;
  readonly me: string | null;
  readonly smtpgreeting: string | null;
  readonly localiphost: string | null;
  readonly timeoutsmtpd: number | null;
  readonly databytes: number | null;
  /** Lists: `a,b`, or the path of a file (it has a slash). */
  readonly rcpthosts: string | null;
  readonly badmailfrom: string | null;
  readonly openRelay: boolean;
  readonly deliver: string | null;
  /** Of a Maildir's disk: nothing is taken below it; 0 for off. */
  readonly minFree: number;
  readonly createMailboxes: boolean;
}

/** qmail's default (timeoutsmtpd), and RFC 5321 4.5.3.2.7's least. */
const classicTimeoutSeconds = 1200;
const timeoutSeconds = 300;
const qmailQueuePath = "/var/qmail/bin/qmail-queue";
/** Control files are read again when they are older than this. */
const controlsFreshMs = 1000;

interface Controls {
  greeting: string;
  me: string;
  localIpHost: string;
  timeoutSeconds: number;
  databytes: number;
  accepts: (domain: string) => boolean;
  refuses: (sender: string) => boolean;
}

/** What qmail-smtpd says instead of its greeting, before it exits 1. */
export const unreadableControls = "421 unable to read controls (#4.3.0)\r\n";

/** The settings of one session, or the reason why there can be none. */
export type Settings =
  | {
    type: "ready";
    config: SessionConfig;
    target: Target;
    timeoutSeconds: number;
  }
  | { type: "unreadable" };

export class SmtpSettings {
  #controls: Controls | null = null;
  #readAt = -Infinity;
  #targets = new Map<string, Target>();
  #localAddresses: Set<string> | undefined;

  /** @param log takes a line for the administrator */
  constructor(
    readonly options: SmtpdOptions,
    readonly log: (line: string) => void,
  ) {}

  /** Reads the control files again at the next session (HUP). */
  refresh(): void {
    this.#readAt = -Infinity;
  }

  /** @param env the session's environment, rules included */
  forSession(env: Environment): Settings {
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
    const databytes = env.get("DATABYTES");
    const config: SessionConfig = {
      classic: this.options.classic,
      greeting: controls.greeting,
      localIpHost: controls.localIpHost,
      isLocalAddress: (ip) => this.#isLocalAddress(ip, env),
      relayClient: env.get("RELAYCLIENT") ?? null,
      acceptsRecipientDomain: controls.accepts,
      refusesSender: controls.refuses,
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
      now: () => new Date(),
    };
    return {
      type: "ready",
      config,
      target: this.#target(env, controls.me),
      timeoutSeconds: controls.timeoutSeconds,
    };
  }

  #read(): Controls {
    const { options } = this;
    const present = folderExists(options.control);
    const me = options.me ?? this.#line("me") ??
      (present && !options.smtpgreeting && this.#line("smtpgreeting") === null
        ? null
        : Deno.hostname());
    if (me === null) throw new Error("control/me is missing");
    const rcpthosts = this.#list(options.rcpthosts, "rcpthosts");
    const badmailfrom = this.#list(options.badmailfrom, "badmailfrom");
    const number = (option: number | null, file: string, fallback: number) => {
      const line = this.#line(file);
      return option ?? (line === null ? fallback : leadingNumber(line));
    };
    return {
      greeting: options.smtpgreeting ?? this.#line("smtpgreeting") ?? me,
      me,
      localIpHost: options.localiphost ?? this.#line("localiphost") ?? me,
      timeoutSeconds: number(
        options.timeoutsmtpd,
        "timeoutsmtpd",
        options.classic ? classicTimeoutSeconds : timeoutSeconds,
      ),
      databytes: number(options.databytes, "databytes", 0),
      // Without a list qmail relays for everyone; we for nobody.
      accepts: options.openRelay
        ? () => true
        : domainMatcher(rcpthosts ?? me + "\n", this.#moreRcpthosts()),
      refuses: senderMatcher(badmailfrom ?? ""),
    };
  }

  #moreRcpthosts(): ((key: string) => boolean) | undefined {
    const bytes = this.#bytes("morercpthosts.cdb");
    if (!bytes) return undefined;
    const cdb = new CdbReader(bytes);
    return (key) => cdb.find(toBytes(key)) !== null;
  }

  /** null if the file is missing; any other failure throws. */
  #bytes(file: string): Uint8Array | null {
    try {
      return readFileSync(`${this.options.control}/${file}`);
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return null;
      throw error;
    }
  }

  #text(file: string): string | null {
    const bytes = this.#bytes(file);
    return bytes && fromBytes(bytes);
  }

  #list(option: string | null, file: string): string | null {
    if (option === null) return this.#text(file);
    if (option.includes("/")) return fromBytes(readFileSync(option));
    return option.replaceAll(",", "\n");
  }

  #line(file: string): string | null {
    const text = this.#text(file);
    return text && (text.split("\n", 1)[0].replace(/[ \t]+$/, "") || null);
  }

  #target(env: Environment, me: string): Target {
    const queue = env.get("QMAILQUEUE");
    let target = this.options.deliver;
    if (target === null || target === "qmail-queue") {
      if (queue !== undefined || target === "qmail-queue") {
        target = `qmail-queue:${queue ?? qmailQueuePath}`;
      } else if (fileExists(qmailQueuePath)) {
        target = `qmail-queue:${qmailQueuePath}`;
      } else target = "maildir:./Maildir";
    }
    const colon = target.indexOf(":");
    const path = target.slice(colon + 1);
    // A queue program sees this session's environment: never shared.
    if (target.startsWith("qmail-queue:")) {
      return qmailQueue(path, entries(env));
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

  #isLocalAddress(ip: string, env: Environment): boolean {
    this.#localAddresses ??= new Set(
      Deno.networkInterfaces().map((each) => each.address),
    );
    return ip === env.get("TCPLOCALIP") || this.#localAddresses.has(ip);
  }
}

/** djb's scan_ulong: the leading decimal digits; none is 0. */
export function leadingNumber(text: string): number {
  return Number(/^\d*/.exec(text)![0] || 0);
}

function fileExists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function folderExists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
