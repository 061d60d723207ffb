/**
 * What is looked at: one installation, as its command line or script has it.
 *
 * @module
 */
import type { Resolver } from "../net/resolver.ts";
import type { ServeOptions } from "../process/options.ts";
import type { SmtpdOptions } from "../smtpd/options.ts";
import type { Finding } from "./finding.ts";
import type { Script, SoftLimit, Wrapper } from "./script.ts";

/** One HOST PORT PROGRAM. */
export interface GatePart {
  readonly options: ServeOptions;
  /** The file and the block; null on a command line. */
  readonly where: string | null;
  /** Of postern's smtpd, in this process or behind others; null for a program. */
  readonly smtpd: SmtpdOptions | null;
  /** Whether that runs in the gate's process. */
  readonly isBuiltIn: boolean;
  /** PROGRAM without what stands in front of it. */
  readonly core: readonly string[];
  /** What stands in front of it. */
  readonly wrappers: readonly Wrapper[];
  readonly softLimits: readonly SoftLimit[];
  /** Variables that are set for PROGRAM alone. */
  readonly programEnv: ReadonlyMap<string, string>;
}

/** Whose files are opened: numbers, and whether they are known. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** A rules text and the database that is made of it. */
export interface Rules {
  /** null where nobody knows it. */
  readonly text: string | null;
  readonly cdb: string;
  /** Whether a gate looks into it. */
  readonly isUsed: boolean;
  /** Whether names are confirmed (`-p`). */
  readonly paranoid: boolean;
  /** Whether it may be missing (`-X`). */
  readonly mayBeMissing: boolean;
}

export interface Patient {
  /** What it is called: a path, or `the command line`. */
  readonly name: string;
  /** Where it was read from; null for a command line. */
  readonly script: Script | null;
  /** Whether what is started is postern, and no program that it stands in for. */
  readonly isOurs: boolean;
  /** Words of the serve line, for who wants to type it. */
  readonly line: readonly string[];
  readonly calledAs: string;
  readonly gates: readonly GatePart[];
  readonly rules: readonly Rules[];
  /** Who starts it; null where nobody can tell. */
  readonly starter: Ids | null;
  /** Who serves; null where nobody can tell. */
  readonly server: Ids | null;
  /** The variables it is started with; a byte string each. */
  readonly env: ReadonlyMap<string, string>;
  /** Why it was not understood. */
  readonly troubles: readonly Finding[];
}

/** Who looks, with what. */
export interface Looker {
  readonly uid: number;
  readonly nowMs: number;
  /** null where DNS is not to be asked. */
  readonly resolver: Resolver | null;
  /** Path of this executable. */
  readonly executable: string;
  readonly classicNames: readonly string[];
  /** What `serve --check` says, in the environment and with the ids of a patient. */
  check(patient: Patient): Promise<readonly string[]>;
}
