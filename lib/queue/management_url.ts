/**
 * Where a broker's management API is, as an option has it, or as is usual.
 *
 * @module
 */
import type { QueueUrl } from "./url.ts";

/** Of RabbitMQ; by TLS, and without. */
const usualPorts = { https: 15671, http: 15672 } as const;

/**
 * URLs with commas between; `usual`: on the queue's own hosts; null: nobody
 * looks.
 */
export type ManagementPlace = "usual" | string | null;

/**
 * Reads `http[s]://HOST[:PORT][/PATH]`, several of them with commas between, or
 * `none`.
 *
 * @throws Error that goes on after the option's name
 */
export function managementPlace(text: string): ManagementPlace {
  return text === "none" ? null : text.split(",").map(one).join(",");
}

function one(text: string): string {
  const [, scheme, host, port, path = ""] =
    /^(https?):\/\/(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?((?:\/[\w.~%-]+)*)\/?$/i
      .exec(text) ?? [];
  const how = scheme?.toLowerCase() as keyof typeof usualPorts | undefined;
  const written = `${how}://${host}${port ?? `:${usualPorts[how!]}`}${path}`;
  if (how !== undefined && URL.canParse(written)) return written;
  if (/^[^/]*\/\/[^/]*@/.test(text)) {
    throw new Error(
      "wants no user in it: whoever logs in to the queue does there, too",
    );
  }
  throw new Error(
    `wants http[s]://HOST:PORT[,...] or none, not ${JSON.stringify(text)}`,
  );
}

/** All places to ask, in turn. */
export function managementUrls(
  place: string,
  { isEncrypted, hosts }: QueueUrl,
): string[] {
  if (place !== "usual") return place.split(",");
  const scheme = isEncrypted ? "https" : "http";
  return hosts.map(({ hostname }) => {
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return `${scheme}://${host}:${usualPorts[scheme]}`;
  });
}
