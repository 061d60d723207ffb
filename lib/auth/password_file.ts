/**
 * Who may log in, by a file of `USER:HASH` lines, where HASH is scrypt (RFC
 * 7914) in PHC form: `$scrypt$ln=15,r=8,p=3$SALT$KEY`, both in base64 without
 * padding. The work is done off the main thread.
 *
 * @module
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { fromBytes, toBytes } from "../base/bytes.ts";
import { shown, textFault, writtenLines } from "../base/written.ts";
import type { Credentials } from "../mail/sasl.ts";

interface Cost {
  /** log2 of N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

interface Hash {
  readonly cost: Cost;
  readonly salt: Uint8Array;
  readonly key: Uint8Array;
}

/** OWASP's password storage recommendation for 32 MB of memory. */
const usualCost: Cost = { ln: 15, r: 8, p: 3 };
const saltBytes = 16;
const keyBytes = 32;
/** What one check may cost, 128 N r: whoever writes the file may be wrong. */
const memoryLimitBytes = 256 << 20;

/** What an unknown user's password is checked against, for as long as any. */
const nobody: Hash = {
  cost: usualCost,
  salt: new Uint8Array(saltBytes),
  key: new Uint8Array(keyBytes),
};

/** One at a time: a check takes 32 MB and a core. */
let turn: Promise<unknown> = Promise.resolve();
let waiting = 0;
/** Some seconds' worth: who guesses passwords must not keep others waiting. */
const waitingLimit = 16;

/**
 * Whether a user has that password.
 *
 * @param file the password file as a byte string; lines that start with `#`
 * are skipped
 * @throws Error if the user's own line is malformed, or too many are waiting
 */
export async function hasPassword(
  file: string,
  { user, password }: Credentials,
): Promise<boolean> {
  const line = writtenLines(file).find((each) =>
    each.startsWith(`${user}:`) && each[0] !== "#"
  );
  const hash = line === undefined
    ? nobody
    : parseHash(line.slice(user.length + 1));
  if (hash === null) {
    throw new Error(`the line of ${JSON.stringify(user)} has no scrypt hash`);
  }
  const key = await derive(password, hash);
  return timingSafeEqual(key, hash.key) && line !== undefined;
}

/** How many lines of a file that is something else are complained about. */
const mostFaults = 10;

/**
 * What log-ins would stumble over in a password file, each with its line.
 *
 * @param file as a byte string
 */
export function passwordFileFaults(file: string): string[] {
  const fault = textFault(file);
  if (fault !== null) return [fault];
  const faults: string[] = [];
  const lines = new Map<string, number>();
  writtenLines(file).forEach((line, i) => {
    if (line === "" || line[0] === "#") return;
    const what = lineFault(line, i + 1, lines);
    if (what !== null) faults.push(`line ${i + 1}: ${what}`);
  });
  if (faults.length === 0 && lines.size === 0) return ["nobody is in it"];
  const more = faults.length - mostFaults;
  return more > 0
    ? [...faults.slice(0, mostFaults), `${more} more of this kind`]
    : faults;
}

/** @param lines where each user was so far */
function lineFault(
  line: string,
  number: number,
  lines: Map<string, number>,
): string | null {
  const colon = line.indexOf(":");
  if (colon < 1) return "it is no USER:HASH";
  const user = line.slice(0, colon);
  const earlier = lines.get(user);
  if (earlier !== undefined) {
    return `${shown(user)} is in line ${earlier} already, and that one counts`;
  }
  lines.set(user, number);
  return parseHash(line.slice(colon + 1)) === null
    ? `the hash of ${shown(user)} is no scrypt hash: ` +
      "make one with postern smtpd --hash-password"
    : null;
}

/** The HASH for a password (a byte string). */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const cost = usualCost;
  const key = await derive(password, { cost, salt, key: nobody.key });
  const { ln, r, p } = cost;
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(key)}`;
}

/** null for anything else than a scrypt hash of a cost that can be borne. */
export function parseHash(text: string): Hash | null {
  const found =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([\w+\/-]+)=*\$([\w+\/-]+)=*$/
      .exec(text);
  if (!found) return null;
  const [ln, r, p] = found.slice(1, 4).map(Number);
  if (ln < 1 || r < 1 || p < 1) return null;
  if (128 * r * 2 ** ln > memoryLimitBytes) return null;
  try {
    const salt = toBytes(atob(found[4])), key = toBytes(atob(found[5]));
    return key.length < 16 ? null : { cost: { ln, r, p }, salt, key };
  } catch {
    return null; // not base64
  }
}

function derive(password: string, { cost, salt, key }: Hash) {
  if (waiting >= waitingLimit) throw new Error("too many at once");
  waiting++;
  const { ln, r, p } = cost;
  const options = { N: 2 ** ln, r, p, maxmem: 2 * memoryLimitBytes };
  const derived = turn.then(() =>
    new Promise<Uint8Array>((resolve, reject) =>
      scrypt(
        toBytes(password),
        salt,
        key.length,
        options,
        (error, derived) => error ? reject(error) : resolve(derived),
      )
    )
  );
  turn = derived.catch(() => {}).finally(() => waiting--);
  return derived;
}

const base64 = (bytes: Uint8Array) => btoa(fromBytes(bytes)).replace(/=+$/, "");
