/**
 * What one gate was asked to do: one HOST PORT PROGRAM, after the command line
 * has been understood.
 *
 * @module
 */
import type { Subnets } from "../base/ip.ts";
import type { Family } from "../net/names.ts";
import type { Rate } from "./client_limits.ts";

export interface GateOptions {
  /** HOST as given; "0" and "" mean every local address. */
  readonly host: string;
  /** `-4`, `-6`: what HOST may be. */
  readonly family: Family;
  /** `-I`: where a link-local HOST is. */
  readonly interface: string | null;
  readonly port: string;
  /** PROGRAM and its arguments. */
  readonly program: readonly string[];
  /** `-c`: connections at once. */
  readonly limit: number;
  /** `-b`: length of the kernel's queue; null for what suits the gate. */
  readonly backlog: number | null;
  /** `-x`: path of the rules cdb. */
  readonly rules: string | null;
  /** `-X`: a missing rules file allows. */
  readonly allowMissingRules: boolean;
  /** `-B`: bytes sent first, even to the denied. */
  readonly banner: string;
  /** `-l`: the local host name; null asks DNS. */
  readonly localHost: string | null;
  /** `-h` / `-H`. */
  readonly remoteHost: boolean;
  /** `-p`: drop a name that does not lead back to the address. */
  readonly paranoid: boolean;
  /** `-r` / `-R`: ask the client's ident server. */
  readonly remoteInfo: boolean;
  /** `-t`: seconds for ident, and for DNS (where it is 5 at least). */
  readonly infoTimeoutSeconds: number;
  /** `-o` leaves IP options alone. */
  readonly keepIpOptions: boolean;
  /** `-D`: TCP_NODELAY. */
  readonly noDelay: boolean;
  readonly isolate: boolean;
  /** Under the name tcpserver, whose words scripts may match on. */
  readonly classic: boolean;
  /**
   * `--per-ip`: connections at once of one client; 0 for no limit, null for a
   * share of the gate's, or, under the name tcpserver, for no limit.
   */
  readonly perClient: number | null;
  /** `--rate`: connections of one client in a time; null for no limit. */
  readonly rate: Rate | null;
  /** `--busy-reply`: tell a client over its limit, instead of only closing. */
  readonly busyReply: boolean;
  /** `--tls-cert`, `--tls-key`: TLS from the start; null for none. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** `--proxy-protocol`: whose header is believed; null for nobody's. */
  readonly proxies: Subnets | null;
}
