/**
 * The commands of SMTP and their parameters (RFC 5321 4.1.1).
 *
 * @module
 */

/**
 * Requests of HTTP (RFC 9110 9, RFC 5789, RFC 9113 3.4): a browser was made
 * to speak to us (the cross-protocol attack ALPACA).
 */
export const httpVerbs: ReadonlySet<string> = new Set(
  "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PRI".split(" "),
);

/** Verbs of SMTP and its extensions that we know of and do not take. */
export const unimplementedVerbs: ReadonlySet<string> = new Set(
  "EXPN ETRN TURN ATRN SEND SOML SAML".split(" "),
);

/** What is known of a message before it comes. */
export interface MailParameters {
  /** The client's estimate of the message's size, 0 if it made none. */
  readonly sizeBytes: number;
  /** Bytes of any kind, not lines (RFC 3030). */
  readonly binary: boolean;
  /** Addresses and header may be UTF-8 (RFC 6531). */
  readonly utf8: boolean;
}

/** The extensions that decide which parameters there are. */
export interface Offers {
  readonly startTls: boolean;
  readonly auth: boolean;
  readonly binaryMime: boolean;
  readonly smtpUtf8: boolean;
}

export const noOffers: Offers = {
  startTls: false,
  auth: false,
  binaryMime: false,
  smtpUtf8: false,
};

export type ReadParameters =
  | { readonly type: "taken"; readonly parameters: MailParameters }
  | { readonly type: "malformed" }
  | { readonly type: "unknown" };

/** Of AUTH, in upper case: `<>`, or xtext (RFC 3461 4). */
const authValue = /^(?:<>|(?:[!-*,-<>-~]|\+[\dA-F]{2})+)$/;

/** Whether a parameter is given twice, whatever it is (RFC 5321 4.1.2). */
export function repeatsParameter(text: string): boolean {
  const keywords = text.split(/ +/).map((each) =>
    split(each.toUpperCase(), "=")[0]
  );
  return new Set(keywords).size < keywords.length;
}

/**
 * Reads the parameters of MAIL: `SIZE=n` (RFC 1870), `BODY=` (RFC 6152, RFC
 * 3030), `SMTPUTF8` (RFC 6531) and `AUTH=` (RFC 4954 5, which may be ignored).
 */
export function mailParameters(text: string, offers: Offers): ReadParameters {
  let sizeBytes = 0, binary = false, utf8 = false;
  if (repeatsParameter(text)) return { type: "malformed" };
  for (const parameter of text === "" ? [] : text.split(/ +/)) {
    const [keyword, value] = split(parameter.toUpperCase(), "=");
    if (keyword === "SIZE") {
      if (!/^\d{1,20}$/.test(value)) return { type: "malformed" };
      sizeBytes = Number(value);
    } else if (keyword === "BODY") {
      binary = value === "BINARYMIME" && offers.binaryMime;
      if (!binary && value !== "7BIT" && value !== "8BITMIME") {
        return { type: "malformed" };
      }
    } else if (parameter.toUpperCase() === "SMTPUTF8" && offers.smtpUtf8) {
      utf8 = true;
    } else if (keyword === "AUTH" && offers.auth) {
      if (!authValue.test(value)) return { type: "malformed" };
    } else return { type: "unknown" };
  }
  return { type: "taken", parameters: { sizeBytes, binary, utf8 } };
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** A chunk's size in octets, and whether it is the last; null if malformed. */
export function chunkOf(
  argument: string,
): { sizeBytes: number; last: boolean } | null {
  const found = /^(\d{1,15})( +LAST)?$/i.exec(argument);
  return found && { sizeBytes: Number(found[1]), last: Boolean(found[2]) };
}
