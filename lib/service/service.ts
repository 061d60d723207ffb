/**
 * What is to be supervised, and what a supervisor is.
 *
 * @module
 */

/** A place where the service takes connections. */
export interface Listening {
  /** As it was given: an address, a name, or 0 for all. */
  readonly host: string;
  /** As it was given: a number, or a service's name. */
  readonly port: string;
  /** HOST 0 is every IPv6 address too. */
  readonly ipv6: boolean;
  /** `-b`: connections that wait in the kernel; null: nothing was said. */
  readonly backlog: number | null;
}

/** What a service uses of the machine, for who shuts it off from the rest. */
export interface Uses {
  /** All paths that were named, and what is behind those that are links. */
  readonly places: readonly string[];
  /** `-c` of all blocks together. */
  readonly connections: number;
  /** `--workers`. */
  readonly workers: number;
  /** `--confine`; null where nothing was said. */
  readonly confine: boolean | null;
  /** A process of our own that becomes nobody. */
  readonly hasHelper: boolean;
  /** Folders in which files are made before the ids are given up. */
  readonly madeAsRoot: readonly string[];
  /** Files or folders of other users, which root opens by its capabilities. */
  readonly ofOthers: boolean;
  /** Certificates or keys that only root can read. */
  readonly rootsKeys: boolean;
}

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
  /** serve's command line, without `serve`; its paths are from / on. */
  readonly serveArgs: readonly string[];
  /** How long `stop` waits before it kills. */
  readonly stopSeconds: number;
  /** One for each block. */
  readonly listenings: readonly Listening[];
  /** What each connection is for: PROGRAM and its arguments, of the first block. */
  readonly program: readonly string[];
  /** Whether every block's PROGRAM is the built-in smtpd. */
  readonly builtIn: boolean;
  /** Whom serve becomes of its own accord; null: it stays who it is. */
  readonly user: string | null;
  /** Which of serve's options were given, by their long names; for whom they mean nothing. */
  readonly given: readonly string[];
  /** The texts of those of the first block, the last of each; "" where it takes none. */
  readonly said: ReadonlyMap<string, string>;
  /** Folders in which it makes files: mailboxes, spool, logs. */
  readonly writes: readonly string[];
  /** Path of the file that `--config` names; null for a command line. */
  readonly config: string | null;
  /** Paths of the programs that it runs: PROGRAM, a queue program, a checker. */
  readonly programs: readonly string[];
  readonly uses: Uses;
}

/** What lies on the machine once a service is installed. */
export type Part =
  | {
    readonly kind: "file";
    readonly path: string;
    readonly mode: number;
    readonly text: string;
  }
  | { readonly kind: "folder"; readonly path: string; readonly mode: number }
  | { readonly kind: "link"; readonly path: string; readonly to: string }
  /** A line in a file that is others' too. */
  | { readonly kind: "line"; readonly path: string; readonly text: string };

/** What can be asked of the machine to tell who looks after services there. */
export interface Machine {
  exists(path: string): boolean;
  /** A file's text; null if there is none. */
  read(path: string): string | null;
}

/** Something that starts and stops services, and what it wants to read. */
export interface Supervisor {
  /** For `--for`. */
  readonly name: string;
  readonly summary: string;
  /** Whether it looks after services on this machine. */
  runs(machine: Machine): boolean;
  /**
   * What of the service it cannot do, each a line that says what to do
   * instead; nothing is printed or installed where there is one.
   */
  problems(service: Service): readonly string[];
  /**
   * What is installed, in the order in which it is to be made; the first file
   * is the script. Links and folders that enable it come last.
   */
  parts(service: Service, machine: Machine): readonly Part[];
  /** What is run when the parts lie there, or are gone; mostly nothing. */
  settle(service: Service): readonly (readonly string[])[];
  /** What a person types to start it, once it is installed. */
  starting(service: Service): string;
  /** To stop it, and to start what was installed anew; not there: nobody knows whether it runs. */
  stopping?(service: Service): string;
  restarting?(service: Service): string;
  /** A command that ends with 0 while the service runs; not there: nobody knows. */
  asking?(service: Service): readonly string[];
}

/** Where a script looks for programs. */
export const scriptPath =
  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** In each file that is made here, so that it is known for ours. */
export const marker = "Made by postern init-script";

/** A word for sh, whatever is in it. */
export function quote(word: string): string {
  if (/^[\w@%+=:,.\/-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
