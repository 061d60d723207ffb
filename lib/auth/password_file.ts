/**
 * Who may log in, by a file of `USER:HASH` lines, where HASH is scrypt (RFC
 * 7914) in PHC form: `$scrypt$ln=15,r=8,p=3$SALT$KEY`, both in base64 without
 * padding. Who may be told apart by the time that an answer takes is nobody:
 * each log-in does the same work, whoever's it is.
 *
 * @module
 */
import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import { fromBytes, toBytes } from "../base/bytes.ts";
import { shown, textFault, writtenLines } from "../base/written.ts";
import type { Helper } from "../helper/helper.ts";
import { answerHere } from "../helper/here.ts";
import type { Credentials } from "../mail/sasl.ts";
import {
  answer,
  type Cost,
  keysQuestion,
  memoryLimitBytes,
  type Work,
} from "./scrypt.ts";

interface Hash {
  readonly cost: Cost;
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly key: Uint8Array<ArrayBuffer>;
}

/** OWASP's password storage recommendation for 32 MB of memory. */
const usualCost: Cost = { ln: 15, r: 8, p: 3 };
const saltBytes = 16;
const keyBytes = 32;
/** What is done where nobody has a password. */
const usualWork: Work = {
  cost: usualCost,
  salt: new Uint8Array(saltBytes),
  keyBytes,
};

/** Who asks, and who works. */
export interface Checking {
  /** The address of the client: others do not wait for him. */
  readonly client: string;
  /** Without one the work is done here. */
  readonly helper?: Helper | undefined;
  /** Takes what the administrator should mend. */
  complain(what: string): void;
}

/**
 * Whether a user has that password; null if that cannot be told for now. One
 * without a line, or with one that is no hash, has none.
 *
 * @param file the password file as a byte string; lines that start with `#`
 * are skipped
 */
export async function hasPassword(
  file: string,
  { user, password }: Credentials,
  { client, helper, complain }: Checking,
): Promise<boolean | null> {
  const { hashes, works } = read(file);
  const hash = user.startsWith("#") ? undefined : hashes.get(user);
  if (hash === null) {
    complain(`the line of ${JSON.stringify(user)} has no scrypt hash`);
  }
  // Each kind of work that there is in the file, with the user's own salt
  // where it is his kind: neither his line's being there nor its cost shows.
  const own = hash ? works.findIndex((work) => isSame(work, workOf(hash))) : -1;
  const question = keysQuestion(
    client,
    password,
    works.map((work, i) => i === own ? workOf(hash!) : work),
  );
  const keys = helper
    ? await helper.ask(question)
    : await answerHere(question, answer);
  if (keys === null) return null;
  if (!hash || !timingSafeEqual(keys[own], hash.key)) {
    helper?.suspect(client);
    return false;
  }
  helper?.prefer(client);
  return true;
}

interface PasswordFile {
  /** By user; null where the line has none. */
  readonly hashes: ReadonlyMap<string, Hash | null>;
  /** One of each kind. */
  readonly works: readonly Work[];
}

/** The last one read: it is seldom another. */
let known: { file: string; content: PasswordFile } | undefined;

function read(file: string): PasswordFile {
  if (known?.file === file) return known.content;
  const hashes = new Map<string, Hash | null>();
  const works: Work[] = [];
  for (const line of writtenLines(file)) {
    const colon = line.indexOf(":");
    if (colon < 1 || line[0] === "#") continue;
    const user = line.slice(0, colon);
    if (hashes.has(user)) continue; // the first one counts
    const hash = parseHash(line.slice(colon + 1));
    hashes.set(user, hash);
    if (hash === null) continue;
    const work = { ...workOf(hash), salt: new Uint8Array(saltBytes) };
    if (!works.some((each) => isSame(each, work))) works.push(work);
  }
  if (works.length === 0) works.push(usualWork);
  const content = { hashes, works };
  known = { file, content };
  return content;
}

const workOf = ({ cost, salt, key }: Hash): Work => ({
  cost,
  salt,
  keyBytes: key.length,
});

function isSame(one: Work, other: Work): boolean {
  const { ln, r, p } = other.cost;
  return one.keyBytes === other.keyBytes && one.cost.ln === ln &&
    one.cost.r === r && one.cost.p === p;
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
export function hashPassword(password: string): string {
  const salt = new Uint8Array(randomBytes(saltBytes));
  const { ln, r, p } = usualCost;
  const key = scryptSync(toBytes(password), salt, keyBytes, {
    ...{ N: 2 ** ln, r, p, maxmem: memoryLimitBytes },
  });
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

const base64 = (bytes: Uint8Array) => btoa(fromBytes(bytes)).replace(/=+$/, "");
