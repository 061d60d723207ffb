/**
 * Users and groups, as numbers or (which tcpserver does not know) by name.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { reason } from "../base/reason.ts";
import { leadingDigits } from "../cli/readers.ts";
import { UsageError } from "../cli/scan.ts";
import { groupId, userId } from "../sys/ids.ts";

/** The last number is "no id" to Linux. */
const idLimit = 2 ** 32 - 1;

interface Kind {
  readonly what: "uid" | "gid";
  readonly name: "user" | "group";
  readonly lookUp: (name: string) => number | null;
}

const fatal = (text: string) => new Fatal(111, `fatal: unable to ${text}`);

function idOf(
  { what, name, lookUp }: Kind,
  text: string,
  classic: boolean,
): number {
  if (classic ? /^\d/.test(text) : /^\d+$/.test(text)) {
    const value = leadingDigits(text);
    if (value < idLimit) return value;
    throw fatal(`set ${what}: invalid argument`);
  }
  let found;
  try {
    found = lookUp(text);
  } catch (error) {
    throw fatal(`look up ${name} ${text}: ${reason(error)}`);
  }
  if (found === null) throw fatal(`set ${what}: unknown ${name} ${text}`);
  return found;
}

/** The id of a user. Throws Fatal. */
export const userIdOf = (text: string, classic: boolean): number =>
  idOf({ what: "uid", name: "user", lookUp: userId }, text, classic);

/** The id of a group. Throws Fatal. */
export const groupIdOf = (text: string, classic: boolean): number =>
  idOf({ what: "gid", name: "group", lookUp: groupId }, text, classic);

/** An id from a variable, which to tcpserver may be anything. Throws UsageError. */
export function idFromEnvironment(
  variable: "UID" | "GID",
  classic: boolean,
): number {
  const text = Deno.env.get(variable);
  if (classic) return leadingDigits(text ?? "");
  if (text && /^\d{1,10}$/.test(text)) return Number(text);
  throw new UsageError(
    `--ids-from-env wants a number in $${variable}, which ` +
      (text === undefined ? "is not set" : `is ${JSON.stringify(text)}`),
  );
}
