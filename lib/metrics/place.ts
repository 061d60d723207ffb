/**
 * Where a gate can be looked at: `HOST:PORT` or `unix:PATH`.
 *
 * @module
 */
import { isIP } from "node:net";

export type Place =
  | { readonly type: "tcp"; readonly host: string; readonly port: number }
  | { readonly type: "unix"; readonly path: string };

/** @returns null if it is neither */
export function placeOf(text: string): Place | null {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    return path.startsWith("/") ? { type: "unix", path } : null;
  }
  const [, host, digits] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined) return null;
  const port = Number(digits);
  if (port < 1 || port > 65535) return null;
  const ip = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
  if (ip === "localhost") return { type: "tcp", host: "127.0.0.1", port };
  return isIP(ip) === 0 ? null : { type: "tcp", host: ip, port };
}

/** As it was written, or could have been. */
export function placeText(place: Place): string {
  if (place.type === "unix") return `unix:${place.path}`;
  const { host, port } = place;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether nobody but this machine's users can come there. */
export const isLocal = (place: Place): boolean =>
  place.type === "unix" || /^127\./.test(place.host) || place.host === "::1";
