/**
 * The lines of Dovecot's authentication protocol, version 1
 * (doc.dovecot.org, "Auth Protocol"): what is asked of its auth service for
 * clients that want to log in, and what its answers mean. Byte strings in and
 * out; dovecot_connection.ts does the talking.
 *
 * @module
 */
import { isIP } from "node:net";
import type { Endpoint } from "../base/endpoint.ts";
import { isBase64 } from "../mail/sasl.ts";

/** What Dovecot is told of a client; all its hashes and tables may ask. */
export interface ClientFacts {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** As it is called in our log; in Dovecot's log too, then. */
  readonly session: string;
}

/** A SASL mechanism that Dovecot has. */
export interface OfferedMechanism {
  readonly name: string;
  readonly flags: readonly string[];
}

/** Parameters by name; those without a value have an empty one. */
export type Parameters = ReadonlyMap<string, readonly string[]>;

export type ServerLine =
  | { readonly type: "version"; readonly major: number }
  | { readonly type: "mechanism"; readonly mechanism: OfferedMechanism }
  /** The process that answers: another one after a restart. */
  | { readonly type: "process"; readonly id: string }
  | { readonly type: "done" }
  | Reply
  /** What newer versions may say, and what concerns others. */
  | { readonly type: "ignored" };

/** The answer to a request. */
export type Reply =
  | {
    readonly type: "goOn";
    readonly id: number;
    /** In base64. */
    readonly challenge: string;
  }
  | {
    readonly type: "ok" | "fail";
    readonly id: number;
    readonly parameters: Parameters;
  };

const majorVersion = 1;

/** What we begin with. `clientId` is a number of no other client of Dovecot's. */
export const greetingLines = (clientId: number): string =>
  `VERSION\t${majorVersion}\t1\nCPID\t${clientId}\n`;

export const speaksOurVersion = (major: number): boolean =>
  major === majorVersion;

/**
 * A log-in begins.
 *
 * Everything in it is ours but the response, which has to be base64. The
 * client is encrypted, or would not have been let so far.
 *
 * @param response what came with the command; null for nothing
 */
export function beginLine(
  id: number,
  mechanism: string,
  { local, remote, session }: ClientFacts,
  response: string | null,
): string {
  const words = ["AUTH", `${id}`, mechanism, "service=smtp"];
  if (isIP(local.ip)) words.push(`lip=${local.ip}`, `lport=${local.port}`);
  if (isIP(remote.ip)) words.push(`rip=${remote.ip}`, `rport=${remote.port}`);
  // Nobody will ask again for who it was.
  words.push("secured=tls", "nologin", `session=${session}`);
  if (response !== null) words.push(`resp=${response}`); // the last, always
  return words.map(safe).join("\t") + "\n";
}

/** @param response in base64 */
export const goOnLine = (id: number, response: string): string =>
  `CONT\t${id}\t${safe(response)}\n`;

export const cancelLine = (id: number): string => `CANCEL\t${id}\n`;

/** A word that cannot become two, or two lines. */
function safe(word: string): string {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f]/.test(word)) throw new Error("a control byte in a request");
  return word;
}

const mechanismName = /^[A-Z0-9_-]{1,20}$/; // RFC 4422 3.1

/**
 * What a line says, its end left out.
 *
 * @returns null for what is no line of the protocol
 */
export function readServerLine(line: string): ServerLine | null {
  const [command, first = "", ...rest] = line.split("\t");
  switch (command) {
    case "VERSION":
      return /^\d{1,9}$/.test(first)
        ? { type: "version", major: Number(first) }
        : null;
    case "MECH":
      if (!mechanismName.test(first)) return { type: "ignored" };
      return { type: "mechanism", mechanism: { name: first, flags: rest } };
    case "SPID":
      return { type: "process", id: first };
    case "DONE":
      return { type: "done" };
  }
  if (!/^[A-Z][A-Z0-9_-]*$/.test(command)) return null;
  if (command !== "OK" && command !== "FAIL" && command !== "CONT") {
    return { type: "ignored" };
  }
  if (!/^\d{1,10}$/.test(first)) return null;
  const id = Number(first);
  if (command !== "CONT") {
    const type = command === "OK" ? "ok" : "fail";
    return { type, id, parameters: readParameters(rest) };
  }
  const [challenge = ""] = rest;
  return isBase64(challenge) ? { type: "goOn", id, challenge } : null;
}

function readParameters(words: readonly string[]): Parameters {
  const parameters = new Map<string, string[]>();
  for (const word of words) {
    const [, name, value = ""] = /^([^=]*)(?:=([^]*))?$/.exec(word)!;
    const values = parameters.get(name);
    if (values) values.push(unescaped(value));
    else parameters.set(name, [unescaped(value)]);
  }
  return parameters;
}

const escapes: Record<string, string> = {
  "0": "\0",
  t: "\t",
  r: "\r",
  n: "\n",
};

/** Dovecot's tab-escaping. */
const unescaped = (text: string): string =>
  // deno-lint-ignore no-control-regex
  text.replace(/\x01([^])/g, (_, letter) => escapes[letter] ?? letter);

/**
 * The mechanisms that may be offered to a client: encrypted it is always, but
 * has no certificate (EXTERNAL), and channels are not bound (-PLUS).
 */
export const acceptableNames = (
  offered: readonly OfferedMechanism[],
): string[] =>
  offered
    .filter(({ name, flags }) =>
      name !== "ANONYMOUS" && name !== "EXTERNAL" && !name.endsWith("-PLUS") &&
      !flags.some((flag) => unacceptable.has(flag))
    )
    .map(({ name }) => name);

const unacceptable = new Set(["anonymous", "private", "channel-binding"]);
