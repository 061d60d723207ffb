/**
 * What is to be supervised, and what a supervisor is.
 *
 * @module
 */

export interface Service {
  /** Of the script, its files in the run folder, and what LSB provides. */
  readonly name: string;
  readonly description: string;
  /** Path of postern. */
  readonly executable: string;
  readonly runFolder: string;
  /** Where serve writes its pid of its own accord; null: it is to be told. */
  readonly pidfile: string | null;
  readonly logTag: string;
  readonly logFacility: number;
  /** serve's command line, without `serve`. */
  readonly serveArgs: readonly string[];
  /** How long `stop` waits before it kills. */
  readonly stopSeconds: number;
}

/** Something that starts and stops services, and what it wants to read. */
export interface Supervisor {
  /** For `--for`. */
  readonly name: string;
  readonly summary: string;
  script(service: Service): string;
}

/** A word for sh, whatever is in it. */
export function quote(word: string): string {
  if (/^[\w@%+=:,.\/-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
