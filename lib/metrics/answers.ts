/**
 * What is answered at `--metrics`: the status page, what it is made of, and
 * Prometheus' text. Nothing can be changed there.
 *
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import prometheus from "prom-client";
import type { Facts } from "./facts.ts";
import type { Question } from "./http.ts";
import { page } from "./page.ts";
import { icon, renewScript, style } from "./style.ts";

/** Who knows what is asked for. */
export interface Knowledge {
  /** Of the machine. */
  readonly name: string;
  /** Which everybody has to say; null where only this machine can ask. */
  readonly token: string | null;
  /** @param hasMetrics whether Prometheus' numbers are wanted, too */
  facts(hasMetrics: boolean): Promise<Facts>;
  /** What the rules say of an address: a text for each rules file. */
  explain(ip: string): readonly string[];
}

/** Nothing from elsewhere, no frames, nothing inline. */
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; " +
  "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; " +
  "frame-ancestors 'none'";

const headers = {
  "content-security-policy": policy,
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
};

const html = "text/html; charset=utf-8";
/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
const prometheusText = "text/plain; version=0.0.4; charset=utf-8";

/** The reply to one request. Never rejects. */
export async function answer(
  request: Question,
  known: Knowledge,
): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return reply(405, "text/plain", "only to be read\n", {
      allow: "GET, HEAD",
    });
  }
  if (!mayAsk(request.headers, known.token)) return refusal(known.token);
  const { pathname, searchParams } = new URL(request.url);
  switch (pathname) {
    case "/":
      return reply(
        200,
        html,
        await statusPage(known, searchParams.get("address")),
      );
    case "/style.css":
      return reply(200, "text/css", style);
    case "/icon.svg":
      return reply(200, "image/svg+xml", icon);
    case "/renew.js":
      return reply(200, "text/javascript", renewScript);
    case "/facts.json":
      return reply(
        200,
        "application/json",
        JSON.stringify(await known.facts(false)),
      );
    case "/metrics":
      return reply(
        200,
        prometheusText,
        await exposition((await known.facts(true)).metrics),
      );
    default:
      return reply(404, "text/plain", "there are / and /metrics\n");
  }
}

function reply(
  status: number,
  type: string,
  body: string,
  more: Record<string, string> = {},
): Response {
  return new Response(body, {
    status,
    headers: { ...headers, "content-type": type, ...more },
  });
}

async function statusPage(
  known: Knowledge,
  asked: string | null,
): Promise<string> {
  const address = asked?.trim().slice(0, 100) ?? "";
  const explained = address === "" ? null : {
    address,
    answers: isIP(address) === 0
      ? [`${address} is no IP address`]
      : known.explain(address),
  };
  const facts = await known.facts(false);
  await othersTurn();
  return page(known.name, facts, explained, Date.now());
}

/** What is said for long holds up all who are connected: it has pauses. */
const othersTurn = () => new Promise((over) => setTimeout(over, 0));

/** Of all workers: numbers are added up where that makes sense. */
async function exposition(each: readonly unknown[]): Promise<string> {
  return await prometheus.AggregatorRegistry.aggregate(each as object[])
    .metrics();
}

/**
 * Whether the token is said, or, where there is none, this machine is asked by
 * a name of its own: a page elsewhere could have its own name lead here.
 */
function mayAsk(headers: Headers, token: string | null): boolean {
  if (token === null) {
    const host = headers.get("host") ?? "";
    return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])?(?::\d+)?$/i.test(host);
  }
  return isSame(saidToken(headers.get("authorization") ?? ""), token);
}

/** As a bearer's (RFC 6750), or as a password with any user (RFC 7617). */
function saidToken(authorization: string): string {
  const [, scheme, said] = /^(\w+) +(\S+)$/.exec(authorization) ?? [];
  if (scheme?.toLowerCase() === "bearer") return said;
  if (scheme?.toLowerCase() !== "basic") return "";
  try {
    return atob(said).replace(/^[^:]*:/, "");
  } catch {
    return ""; // not base64
  }
}

function isSame(said: string, token: string): boolean {
  const bytes = [said, token].map((text) => new TextEncoder().encode(text));
  return bytes[0].length === bytes[1].length &&
    timingSafeEqual(bytes[0], bytes[1]);
}

const refusal = (token: string | null): Response =>
  token === null
    ? reply(403, "text/plain", "ask by a name of this machine\n")
    : reply(401, "text/plain", "the token is wanted\n", {
      "www-authenticate": 'Basic realm="postern"',
    });
