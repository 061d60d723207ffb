/**
 * Where milters listen, as an option has it.
 *
 * @module
 */
import {
  type ServiceAddress,
  serviceAddress,
} from "../base/service_address.ts";

export interface MilterAddress {
  /** As it was written, for the log. */
  readonly text: string;
  readonly address: ServiceAddress;
}

/**
 * Reads `unix:PATH`, a PATH, `HOST:PORT` or `inet:HOST:PORT`, and sendmail's
 * `local:PATH` and `inet:PORT@HOST`; null if it is none.
 */
export function milterAddress(text: string): MilterAddress | null {
  const [, port, host] = /^inet6?:(\d{1,5})@(.+)$/.exec(text) ?? [];
  const written = host === undefined
    ? text.replace(/^local:/, "unix:")
    : `inet:${host.includes(":") ? `[${host}]` : host}:${port}`;
  const address = serviceAddress(written);
  return address && { text, address };
}
