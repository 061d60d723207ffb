/**
 * What `serve` was asked to do, after the command line has been understood.
 *
 * @module
 */
import type { GateOptions } from "../gate/options.ts";
import type { LogFormat, Verbosity } from "../log/log.ts";

/** For the process as a whole. */
export interface ProcessOptions {
  readonly verbosity: Verbosity;
  readonly logFormat: LogFormat;
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
}

export interface ServeOptions extends ProcessOptions, GateOptions {}
