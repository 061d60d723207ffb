/**
 * SPF (RFC 7208): may this client send for the sender's domain?
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { isIP } from "node:net";
import { toBytes } from "../base/bytes.ts";
import { printable } from "../base/foreign_text.ts";
import type { Resolver } from "../net/resolver.ts";

/** RFC 7208 4.6.4: at least 20 seconds for the whole evaluation. */
const evaluationMs = 20_000;
/** RFC 7208 4.6.4's limits let through about this many. */
const lookupsLimit = 150;
const errorLimit = 255;

/** Who sends a message; byte strings. */
export interface Sender {
  readonly ip: string;
  readonly helo: string | null;
  /** Of the envelope; empty for the null sender. */
  readonly sender: string;
}

export interface SpfOptions {
  /** Our host name. */
  readonly me: string;
  readonly resolver: Resolver;
  /** Takes a line for the administrator. */
  readonly emit: Emit;
}

export interface SpfResult {
  /** RFC 7208 2.6: `pass`, `fail`, `temperror` and so on. */
  readonly result: string;
  /** Whose record it was; as the client says it. */
  readonly domain: string;
}

/**
 * Whether there is something to evaluate: not for a client without an IP
 * address, nor for one with neither a sender nor a name.
 */
export function isEvaluable({ ip, helo, sender }: Sender): boolean {
  return isIP(ip) !== 0 && (sender !== "" || helo !== null);
}

/**
 * Evaluates SPF for the sender's domain, or, without a sender, for the name in
 * HELO. Never rejects: any trouble of ours is a `temperror` and a line in the
 * log.
 *
 * @param sender for whom {@linkcode isEvaluable} holds
 */
export async function evaluateSpf(
  { ip, helo, sender }: Sender,
  { me, resolver, emit }: SpfOptions,
): Promise<SpfResult> {
  try {
    const { spf, nodeResolver } = await import("./mailauth.ts");
    const { status, domain } = await spf({
      ip,
      sender: asText(sender),
      helo: asText(helo ?? ip),
      mta: me,
      resolver: nodeResolver(resolver, lookupsLimit),
      maxElapsedTime: evaluationMs,
    });
    return { result: status.result, domain };
  } catch (error) {
    emit(
      trouble(
        `unable to evaluate SPF: ${printable(String(error), errorLimit)}`,
      ),
    );
    return { result: "temperror", domain: "" };
  }
}

const utf8 = new TextDecoder();

/** Byte strings that came from SMTP are UTF-8, if anything (RFC 6531). */
export function asText(bytes: string): string {
  return utf8.decode(toBytes(bytes));
}
