/**
 * One end of a TCP connection, or where one is listened for.
 *
 * @module
 */
export interface Endpoint {
  /** Canonical text: `192.0.2.1`, `2001:db8::1`. */
  readonly ip: string;
  readonly port: number;
  /** The name of a link-local IPv6 address's interface. */
  readonly interface?: string;
}

export function isSame(one: Endpoint | null, other: Endpoint): boolean {
  return one?.ip === other.ip && one.port === other.port;
}
