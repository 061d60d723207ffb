/**
 * What `serve` was asked to do, after the command line has been understood.
 *
 * @module
 */
import type { GateOptions } from "../gate/options.ts";
import type { LogFormat, Verbosity } from "../log/log.ts";
import type { MailLogPlace } from "../log/mail_log.ts";
import type { Place } from "../metrics/place.ts";

/** tcpserver's, and one for sessions in whose turns nobody accepts. */
export const programBacklog = 20, protocolBacklog = 128;

/** For the process as a whole. */
export interface ProcessOptions {
  readonly verbosity: Verbosity;
  readonly logFormat: LogFormat;
  /** `--mail-log`. */
  readonly mailLog: MailLogPlace;
  /** `--metrics`: where the process can be looked at; null for nowhere. */
  readonly metrics: Place | null;
  /** `--metrics-token`: path of what has to be said there; null for nothing. */
  readonly metricsToken: string | null;
  readonly uid: number;
  readonly gid: number;
  /** `-1`: print the port on stdout. */
  readonly printPort: boolean;
  readonly pidfile: string | null;
  readonly graceSeconds: number;
  /** `--ready-fd`: where a newline says that connections are accepted. */
  readonly readyFd: number | null;
  /** `--workers`: processes that accept. */
  readonly workers: number;
  /** `--confine`; null where nothing was said. */
  readonly confine: boolean | null;
}

export interface ServeOptions extends ProcessOptions, GateOptions {}
