/**
 * All options of postern smtpd, and from arguments to what they mean.
 *
 * @module
 */
import {
  orFatal,
  readArguments,
  type Syntax,
  wrongUsage,
} from "../../lib/cli/command_line.ts";
import { sections } from "../../lib/cli/option.ts";
import type { Given } from "../../lib/cli/scan.ts";
import { valuesOf } from "../../lib/cli/values.ts";
import type { SmtpdOptions } from "../../lib/smtpd/options.ts";
import { byDovecot } from "../../lib/smtpd/senders.ts";
import { queueTable } from "../queue_options.ts";
import { whereItGoes } from "./delivery.ts";
import { whatIsTaken, whoWeAre } from "./identity.ts";
import { whoIsShown } from "./filters.ts";
import { limits, sessionLimits, smtpLimits } from "./limits.ts";
import { whoIsAsked } from "./policies.ts";
import { theMailLog } from "./log.ts";
import { tlsAndLogins } from "./tls.ts";

const theSharedQueue = { title: "A shared queue", options: queueTable };

const { groups, options } = sections(
  whoWeAre,
  whatIsTaken,
  whoIsAsked,
  whoIsShown,
  whereItGoes,
  theSharedQueue,
  tlsAndLogins,
  theMailLog,
);

export const syntax: Syntax = {
  synopsis: ["[options]"],
  description: [
    "Speaks SMTP on descriptors 0 and 1, with a UCSPI environment, and hands " +
    "accepted mail on. RELAYCLIENT, DATABYTES and QMAILQUEUE in the " +
    "environment mean what they mean to qmail-smtpd. An option that has the " +
    "name of a control file stands for it.",
  ],
  groups: [...groups, limits],
};

/** What was asked for; what depends on $QMAILHOME is null unless it was said. */
export type SmtpdRequest =
  & Omit<SmtpdOptions, "control" | "queueProgram">
  & { readonly control: string | null; readonly hashPassword: boolean };

/**
 * @returns null if `--help` was printed
 * @throws Fatal that tells what is wrong
 */
export function requestOf(
  args: readonly string[],
  calledAs: string,
): SmtpdRequest | null {
  return orFatal(calledAs, () => {
    const found = readArguments(syntax, args, calledAs);
    if (found === null) return null;
    const { given, operands: [operand] } = found;
    if (operand !== undefined) {
      throw wrongUsage(
        calledAs,
        `unknown argument ${JSON.stringify(operand)}`,
      );
    }
    const request = understood(given);
    const why = contradictionIn(request, given);
    if (why !== null) throw wrongUsage(calledAs, why);
    return request;
  });
}

/** @throws UsageError */
export function understood(given: readonly Given[]): SmtpdRequest {
  const { maildir, ...values } = valuesOf(options, given);
  const limited = Object.entries(valuesOf(smtpLimits, given))
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name, value || Infinity]);
  return {
    ...values,
    ...valuesOf(sessionLimits, given),
    deliver: maildir ?? values.deliver,
    limits: Object.fromEntries(limited),
  };
}

/** Options that do not go together. */
function contradictionIn(
  { tlsCert, tlsKey, dovecotAuth, senderLogin }: SmtpdRequest,
  given: readonly Given[],
): string | null {
  const isGiven = (name: string) => given.some(({ long }) => long === name);
  const pairs = [
    ["maildir", "deliver"],
    ["passwords", "checkpassword"],
    ["passwords", "dovecot-auth"],
    ["checkpassword", "dovecot-auth"],
  ];
  for (const [one, other] of pairs) {
    if (isGiven(one) && isGiven(other)) {
      return `--${one} and --${other} exclude each other`;
    }
  }
  if (senderLogin === byDovecot && dovecotAuth === null) {
    return "--sender-login dovecot goes with --dovecot-auth " +
      "(a file of that name is ./dovecot)";
  }
  return tlsKey !== null && tlsCert === null
    ? "--tls-key goes with --tls-cert"
    : null;
}
