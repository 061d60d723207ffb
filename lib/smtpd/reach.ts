/**
 * What of the machine SMTP sessions need, by options and environment: the same
 * things that problems.ts looks at.
 *
 * @module
 */
import { textOf } from "../base/bytes.ts";
import type { Variables } from "../base/protocol.ts";
import { type NeededCertificate, type Reach, reachOf } from "../base/reach.ts";
import { spoolFolder, spoolReach } from "../deliver/spool.ts";
import { asProgram } from "../ucspi/environment.ts";
import { ControlFiles } from "./control_files.ts";
import { wantsFilters } from "./filters.ts";
import type { SmtpdOptions } from "./options.ts";
import { byDovecot } from "./senders.ts";
import { Targets } from "./targets.ts";

/** Variables that name programs and folders. */
const telling = ["RCPTCHECK", "QMAILQUEUE", "TMPDIR"];

/**
 * @param own our environment
 * @param ruled what rules may set in its place
 */
export function smtpdReach(
  options: SmtpdOptions,
  own: ReadonlyMap<string, string>,
  ruled: Variables,
): Reach {
  return reachOf([
    ofOptions(options),
    ...environments(own, ruled).map((env) => ofEnvironment(options, env)),
  ]);
}

/** Ours, and ours with each value that counts of what rules set. */
export function environments(
  own: ReadonlyMap<string, string>,
  ruled: Variables,
): Map<string, string>[] {
  const all = [new Map(own)];
  for (const name of telling) {
    for (const value of ruled.get(name) ?? []) {
      all.push(new Map(own).set(name, value));
    }
  }
  return all;
}

function ofOptions(options: SmtpdOptions): Partial<Reach> {
  const { rcpthosts, badmailfrom, badrcptto, checkpassword } = options;
  const lists = [rcpthosts, badmailfrom, badrcptto]
    .filter((each) => each !== null && each.includes("/"));
  const { recipients, passwords, spf, senderLogin } = options;
  const { authenticationResults, dmarcReject } = options;
  const certificate = certificateOf(options);
  const program = checkpassword?.trim().split(/\s+/)[0];
  return {
    programs: program ? [{ named: "--checkpassword", path: program }] : [],
    reads: [
      options.control,
      ...[...lists, recipients, passwords].filter((path) => path !== null),
      ...senderLogin === null || senderLogin === byDovecot ? [] : [senderLogin],
    ],
    hasHelper: spf || authenticationResults || dmarcReject ||
      passwords !== null,
    certificates: certificate === null ? [] : [certificate],
  };
}

/** Of STARTTLS; null for none. */
function certificateOf(
  { tlsCert, tlsKey, control, classic }: SmtpdOptions,
): NeededCertificate | null {
  const cert = tlsCert ?? new ControlFiles(control).pathOf("servercert.pem");
  return classic || cert === null ? null : { cert, key: tlsKey ?? cert };
}

function ofEnvironment(
  options: SmtpdOptions,
  env: Map<string, string>,
): Partial<Reach> {
  const rcptcheck = env.get("RCPTCHECK");
  const target = new Targets(options, () => {}).reach(asProgram(env));
  return reachOf([
    target,
    rcptcheck
      ? { programs: [{ named: "RCPTCHECK", path: textOf(rcptcheck) }] }
      : {},
    wantsFilters(options) ? { writes: [spoolReach(spoolFolder(env))] } : {},
  ]);
}
