/**
 * A syslog facility on a command line.
 *
 * @module
 */
import { ValueError } from "../lib/cli/option.ts";

/** Their names in syslog(3), by number (RFC 3164 4.1.1); some have none. */
const names: readonly (string | null)[] = [
  ...["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news"],
  ...["uucp", "cron", "authpriv", "ftp", null, null, null, null],
  ...["local0", "local1", "local2", "local3"],
  ...["local4", "local5", "local6", "local7"],
];

const user = 1;
export const mail = 2, daemon = 3;

/** As 1996 has it, any text is a number. */
export const facilityOf = (text: string, classic: boolean): number =>
  classic ? classicFacility(text) : namedFacility(text);

function namedFacility(text: string): number {
  const number = /^\d{1,2}$/.test(text)
    ? Number(text)
    : names.indexOf(text.toLowerCase());
  if (number >= 0 && number < names.length) return number;
  throw new ValueError(
    `a number up to ${names.length - 1}, or a name such as mail or local0`,
  );
}

/** openlog(3) has room for this; with more, lines are a user's. */
const mostOfOpenlog = 127;
/** What is left of a number that C has shifted by the priority's three. */
const shiftedBits = 29;

function classicFacility(text: string): number {
  const digits = /^\d*/.exec(text)![0];
  const number = Number(BigInt.asUintN(shiftedBits, BigInt(digits)));
  return number <= mostOfOpenlog ? number : user;
}
