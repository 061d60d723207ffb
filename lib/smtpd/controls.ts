/**
 * What options and control files say together, as qmail-smtpd(8) names them.
 *
 * @module
 */
import { foldCase } from "../base/bytes.ts";
import { senderMatcher } from "../policy/badmailfrom.ts";
import { isPostmaster } from "../mail/postmaster.ts";
import { badRcptTo } from "../policy/badrcptto.ts";
import type { Policy } from "../policy/question.ts";
import { domainMatcher } from "../policy/rcpthosts.ts";
import { ControlFiles } from "./control_files.ts";
import { ControlReader } from "./control_reader.ts";
import { ParsedControls } from "./parsed_controls.ts";
import type { Patience } from "./services.ts";
import type { SmtpdOptions } from "./options.ts";

/** How long a client may take; qmail's, and RFC 5321 4.5.3.2.7's least. */
export const classicPatience: Patience = {
  idleSeconds: 1200,
  sessionSeconds: 0,
  textBytesPerSecond: 0,
};
export const usualPatience: Patience = {
  idleSeconds: 300,
  sessionSeconds: 1200, // chasquid's
  textBytesPerSecond: 500, // Postfix's smtpd_min_data_rate
};
/** Where no control file says otherwise; chasquid's. */
export const usualDatabytes = 50 << 20;

export interface Controls {
  readonly greeting: string;
  readonly me: string;
  readonly localIpHost: string;
  readonly patience: Patience;
  readonly databytes: number;
  accepts(domain: string): boolean;
  /** Whether a recipient is our postmaster, at whichever of our domains. */
  isPostmaster(recipient: string): boolean;
  /** Somebody has said which domains are ours. */
  readonly namesDomains: boolean;
  refuses(sender: string): boolean;
  readonly badRcptTo: Policy | null;
}

/** Reads them, again and again. */
export class ControlSource {
  readonly #parsed = new ParsedControls();

  constructor(readonly options: SmtpdOptions) {}

  /** @throws Unusable that has all that is wrong */
  read(files: ControlFiles): Controls {
    const { options } = this;
    const reader = new ControlReader(files, this.#parsed, options.classic);
    const smtpgreeting = reader.line(
      "smtpgreeting",
      options.smtpgreeting,
      "text",
    );
    const me = reader.line("me", options.me, "host name") ??
      (files.present && smtpgreeting === null
        ? reader.missing("me")
        : Deno.hostname());
    const localIpHost = reader.line(
      "localiphost",
      options.localiphost,
      "host name",
    ) ?? me;
    const number = (option: number | null, file: string, fallback: number) => {
      if (option !== null) return option;
      const line = reader.line(file, null, "number");
      return line && /^\d/.test(line) ? leadingNumber(line) : fallback;
    };
    const patience = options.classic ? classicPatience : usualPatience;
    const idleSeconds = number(
      options.timeoutsmtpd,
      "timeoutsmtpd",
      patience.idleSeconds,
    );
    const databytes = number(
      options.databytes,
      "databytes",
      options.classic ? 0 : usualDatabytes,
    );
    const rcpthosts = reader.list("rcpthosts", options.rcpthosts, "domain");
    const more = reader.database("morercpthosts.cdb") ?? undefined;
    const badmailfrom = reader.list(
      "badmailfrom",
      options.badmailfrom,
      "sender",
    );
    const badrcptto = reader.list("badrcptto", options.badrcptto, "sender");
    reader.end();
    const isListed = domainMatcher(rcpthosts ?? new Set([foldCase(me)]), more);
    const names = new Set([foldCase(me), foldCase(localIpHost)]);
    const isOurs = (domain: string) =>
      names.has(foldCase(domain)) || isListed(domain);
    const isOurPostmaster = (recipient: string) =>
      !options.classic && isPostmaster(recipient, isOurs);
    return {
      greeting: smtpgreeting ?? me,
      me,
      localIpHost,
      patience: {
        // qmail's 0 is a second; ours is no limit.
        idleSeconds: options.classic ? Math.max(1, idleSeconds) : idleSeconds,
        sessionSeconds: options.sessionSeconds ?? patience.sessionSeconds,
        textBytesPerSecond: options.textBytesPerSecond ??
          patience.textBytesPerSecond,
      },
      databytes,
      // Without a list qmail relays for everyone; we for nobody.
      accepts: options.openRelay ? () => true : isListed,
      isPostmaster: isOurPostmaster,
      namesDomains: rcpthosts !== null || more !== undefined,
      refuses: senderMatcher(badmailfrom ?? nobody),
      badRcptTo: badrcptto?.size ? badRcptTo(badrcptto, isOurPostmaster) : null,
    };
  }
}

/**
 * What they say now. Nothing is kept of it: who may read them now may be about
 * to give that up.
 *
 * @throws Unusable that has all that is wrong
 */
export function controlsNow(options: SmtpdOptions): Controls {
  return new ControlSource(options).read(new ControlFiles(options.control));
}

/** What we call ourselves now; null while the control files do not say. */
export function hostNameNow(options: SmtpdOptions): string | null {
  try {
    return controlsNow(options).me;
  } catch {
    return null; // the sessions need more of them, and tell why
  }
}

const nobody: ReadonlySet<string> = new Set();

/**
 * djb's scan_ulong: the leading decimal digits; none is 0. What no number of
 * ours holds exactly is as good as no limit, and has 20 digits at most (RFC
 * 1870 4).
 */
export function leadingNumber(text: string): number {
  const number = Number(/^\d*/.exec(text)![0] || 0);
  return Math.min(number, Number.MAX_SAFE_INTEGER);
}
