/**
 * Where a service of this machine or another one listens, as Postfix's
 * settings write it.
 *
 * @module
 */

export type ServiceAddress =
  | { readonly transport: "unix"; readonly path: string }
  | {
    readonly transport: "tcp";
    readonly hostname: string;
    readonly port: number;
  };

/**
 * Reads `unix:PATH`, a PATH with a slash, `inet:HOST:PORT` or `HOST:PORT`;
 * null for anything else. An IPv6 address stands in brackets.
 */
export function serviceAddress(text: string): ServiceAddress | null {
  const unix = /^unix:(.+)$/s.exec(text);
  if (unix) return { transport: "unix", path: unix[1] };
  const tcp = /^(?:inet:)?(?:\[([\da-fA-F:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/
    .exec(text);
  if (tcp) {
    const port = Number(tcp[3]);
    if (port < 1 || port > 65535) return null;
    return { transport: "tcp", hostname: tcp[1] ?? tcp[2], port };
  }
  return text.includes("/") ? { transport: "unix", path: text } : null;
}

/** The same for people. */
export const writtenAddress = (address: ServiceAddress): string =>
  address.transport === "unix"
    ? address.path
    : address.hostname.includes(":")
    ? `[${address.hostname}]:${address.port}`
    : `${address.hostname}:${address.port}`;
