/**
 * What a run script, an init script or a unit starts, as it was read: nothing
 * of it is ever executed.
 *
 * @module
 */

export type ScriptKind = "shell" | "openrc" | "systemd" | "inetd";

/** A limit that a script sets, in one unit whatever it was written in. */
export interface SoftLimit {
  readonly kind:
    | "addresses"
    | "data"
    | "stack"
    | "file"
    | "descriptors"
    | "tasks"
    | "time"
    | "hardTime"
    | "noExecutable";
  /** Bytes, seconds, or how many. */
  readonly value: number;
  /** As it stands there: `softlimit -m 8000000`. */
  readonly written: string;
}

/** A program that stands in front of another one, with all its own words. */
export interface Wrapper {
  readonly name: string;
  readonly words: readonly string[];
}

/** One line of a script that starts a gate. */
export interface Script {
  readonly path: string;
  readonly kind: ScriptKind;
  readonly text: string;
  /** Where it is when it starts the gate; null if it does not say. */
  readonly cwd: string | null;
  /** `tcpserver`, or `postern serve`. */
  readonly calledAs: string;
  /** The word by which it is called. */
  readonly program: string;
  /** The arguments of that. */
  readonly args: readonly string[];
  /** Variables that it sets. */
  readonly env: ReadonlyMap<string, string>;
  /** Of its variables, those whose value only running it would tell. */
  readonly unknown: readonly string[];
  /** Users that it names. */
  readonly lookedUp: readonly string[];
  /** Whom it becomes before the gate is started; null: it stays who it is. */
  readonly user: string | null;
  /** A user may bind ports of root's (systemd, authbind). */
  readonly mayBind: boolean;
  readonly wrappers: readonly Wrapper[];
  readonly softLimits: readonly SoftLimit[];
  readonly limits: {
    readonly descriptors?: number;
    readonly processes?: number;
    /** TasksMax=, which counts root's too. */
    readonly tasks?: number;
  };
  /** Sockets of syslog that its log goes to. */
  readonly syslogSockets: readonly string[];
  /** Behind exec: the gate is what a supervisor sees. */
  readonly isExecuted: boolean;
  /** Started with `&`. */
  readonly isInBackground: boolean;
  /** Keys of a unit, as they stand there. */
  readonly unit: ReadonlyMap<string, string>;
}
