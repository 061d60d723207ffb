/**
 * What options and control files say together, as qmail-smtpd(8) names them.
 *
 * @module
 */
import { fromBytes, toBytes } from "../base/bytes.ts";
import { verifiedCdb } from "../cdb/verify.ts";
import { senderMatcher } from "../policy/badmailfrom.ts";
import { badRcptTo } from "../policy/badrcptto.ts";
import type { Policy } from "../policy/question.ts";
import { domainMatcher } from "../policy/rcpthosts.ts";
import { type ControlFiles, readControl } from "./control_files.ts";
import type { Patience } from "./services.ts";
import type { SmtpdOptions } from "./options.ts";

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
export interface Controls {
  readonly greeting: string;
  readonly me: string;
  readonly localIpHost: string;
  readonly patience: Patience;
  readonly databytes: number;
  accepts(domain: string): boolean;
  refuses(sender: string): boolean;
  readonly badRcptTo: Policy | null;
}

/** @throws Error that says what cannot be read, or is missing */
export function readControls(
  options: SmtpdOptions,
  files: ControlFiles,
): Controls {
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

/**
 * djb's scan_ulong: the leading decimal digits; none is 0. What no number of
 * ours holds exactly is as good as no limit, and has 20 digits at most (RFC
 * 1870 4).
 */
export function leadingNumber(text: string): number {
  const number = Number(/^\d*/.exec(text)![0] || 0);
  return Math.min(number, Number.MAX_SAFE_INTEGER);
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
  const name = "morercpthosts.cdb";
  const bytes = files.bytes(name);
  if (!bytes) return undefined;
  try {
    const cdb = verifiedCdb(bytes);
    return (key) => cdb.find(toBytes(key)) !== null;
  } catch (error) {
    // It says what is wrong, but not with which file.
    const what = `${files.folder}/${name}: ${(error as Error).message}`;
    throw new Error(what, { cause: error });
  }
}
