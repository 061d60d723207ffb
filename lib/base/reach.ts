/**
 * What of the machine a protocol, or a target, needs to serve.
 *
 * @module
 */

/** A program that may be run. */
export interface NeededProgram {
  /** Who names it: an option, a variable. */
  readonly named: string;
  readonly path: string;
}

export interface NeededFolder {
  readonly path: string;
  /** Made when it is missing. */
  readonly isMade: boolean;
  /** Made anew, when somebody has moved it away. */
  readonly isMadeAnew: boolean;
  /** What is in it may be other users', to whom root delivers. */
  readonly isOthers: boolean;
  /** What names of folders beneath it are like, on the way to a mailbox. */
  readonly patterns?: readonly RegExp[];
}

/** Paths in PEM. */
export interface NeededCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface Reach {
  readonly programs: readonly NeededProgram[];
  /** Paths of files, or of folders whose files are all read. */
  readonly reads: readonly string[];
  /** Folders in which files come and go. */
  readonly writes: readonly NeededFolder[];
  /** A process of our own that gives up more than we do (lib/helper). */
  readonly hasHelper: boolean;
  /** Files that are read at the start, and may be root's alone. */
  readonly secrets: readonly string[];
  /** Certificates and their keys, which may be root's alone. */
  readonly certificates: readonly NeededCertificate[];
}

/** All of them together. */
export const reachOf = (all: readonly Partial<Reach>[]): Reach => ({
  programs: all.flatMap(({ programs = [] }) => programs),
  reads: all.flatMap(({ reads = [] }) => reads),
  writes: all.flatMap(({ writes = [] }) => writes),
  hasHelper: all.some(({ hasHelper }) => hasHelper),
  secrets: all.flatMap(({ secrets = [] }) => secrets),
  certificates: all.flatMap(({ certificates = [] }) => certificates),
});
