/**
 * What a server offers, by its answer to EHLO or LHLO.
 *
 * @module
 */
import type { Reply } from "./reply.ts";

export interface Capabilities {
  readonly pipelining: boolean;
  readonly startTls: boolean;
  /** Whether MAIL may say how long a message is. */
  readonly size: boolean;
  readonly eightBit: boolean;
  readonly utf8: boolean;
  /** Names of mechanisms, in capital letters. */
  readonly auth: ReadonlySet<string>;
  /** Attributes that XCLIENT may have; null if it is not there. */
  readonly xclient: ReadonlySet<string> | null;
}

/** Of a server that knows HELO alone. */
export const noCapabilities: Capabilities = {
  pipelining: false,
  startTls: false,
  size: false,
  eightBit: false,
  utf8: false,
  auth: new Set(),
  xclient: null,
};

export function capabilitiesOf({ lines }: Reply): Capabilities {
  const words = lines.slice(1).map((line) =>
    line.toUpperCase().split(/[ =]+/).filter(Boolean)
  );
  const found = new Map<string, string[]>();
  for (const [keyword, ...parameters] of words) {
    if (keyword === undefined) continue;
    // `AUTH PLAIN` and the older `AUTH=PLAIN` may both be there.
    const known = found.get(keyword) ?? [];
    found.set(keyword, [...known, ...parameters]);
  }
  const xclient = found.get("XCLIENT");
  return {
    pipelining: found.has("PIPELINING"),
    startTls: found.has("STARTTLS"),
    size: found.has("SIZE"),
    eightBit: found.has("8BITMIME"),
    utf8: found.has("SMTPUTF8"),
    auth: new Set(found.get("AUTH")),
    xclient: xclient ? new Set(xclient) : null,
  };
}
