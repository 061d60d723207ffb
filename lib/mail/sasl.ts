/**
 * AUTH's exchange (RFC 4954) for the mechanisms PLAIN (RFC 4616) and LOGIN
 * (draft-murchison-sasl-login, which Outlook and printers still speak).
 *
 * @module
 */

/** As EHLO names them. */
export const mechanisms = ["PLAIN", "LOGIN"] as const;
export type Mechanism = typeof mechanisms[number];

export interface Credentials {
  /** Byte strings, mostly UTF-8. */
  readonly user: string;
  readonly password: string;
}

export type Step =
  /** Ask for more; the text is not yet in base64. */
  | { readonly type: "challenge"; readonly text: string }
  | { readonly type: "credentials"; readonly credentials: Credentials }
  /** Somebody wants to act for somebody else. */
  | { readonly type: "otherIdentity"; readonly user: string }
  | { readonly type: "cancelled" }
  | { readonly type: "malformed" };

const malformed: Step = { type: "malformed" };

/** One exchange, from AUTH to credentials. */
export class SaslExchange {
  #user: string | null = null;

  constructor(readonly mechanism: Mechanism) {}

  /** @param initial what AUTH brought with it in base64, `=` for nothing; null if nothing came */
  start(initial: string | null): Step {
    if (initial === "=") return this.#take("");
    if (initial !== null) return this.answer(initial);
    return this.mechanism === "PLAIN"
      ? { type: "challenge", text: "" }
      : { type: "challenge", text: "Username:" };
  }

  /** @param line of the client, in base64 */
  answer(line: string): Step {
    if (line === "*") return { type: "cancelled" };
    const text = fromBase64(line);
    return text === null ? malformed : this.#take(text);
  }

  #take(text: string): Step {
    if (this.mechanism === "PLAIN") return plain(text);
    if (this.#user === null) {
      this.#user = text;
      return { type: "challenge", text: "Password:" };
    }
    return credentials(this.#user, text);
  }
}

/** `authzid NUL authcid NUL passwd`; nobody may act for somebody else. */
function plain(text: string): Step {
  const parts = text.split("\0");
  if (parts.length !== 3) return malformed;
  const [authorized, user, password] = parts;
  const step = credentials(user, password);
  return authorized === "" || authorized === user || step === malformed
    ? step
    : { type: "otherIdentity", user };
}

function credentials(user: string, password: string): Step {
  const wrong = user === "" || password === "" || /\0/.test(user + password);
  return wrong
    ? malformed
    : { type: "credentials", credentials: { user, password } };
}

/**
 * Whom a client names with its first response, as far as that can be told
 * without the mechanism itself; for the log.
 *
 * @param response what it has said in base64
 */
export function userNamed(mechanism: string, response: string): string | null {
  const text = fromBase64(response);
  if (text === null || text === "") return null;
  if (mechanism === "LOGIN") return text;
  if (mechanism === "PLAIN") return text.split("\0")[1] ?? null;
  if (!mechanism.startsWith("SCRAM-")) return null;
  const name = /^[^,]*,[^,]*,n=([^,]*),/.exec(text)?.[1]; // RFC 5802 7
  return name?.replace(/=2C/g, ",").replace(/=3D/g, "=") ?? null;
}

/** Strict (RFC 4648 section 4): no blanks, padding where it belongs. */
const strictBase64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const isBase64 = (text: string): boolean => strictBase64.test(text);

const fromBase64 = (text: string): string | null =>
  isBase64(text) ? atob(text) : null;
