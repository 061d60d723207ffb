/**
 * A session with qmail-smtpd that is worth recording, and what was seen of it.
 * All text is byte strings.
 *
 * @module
 */

export interface Case {
  /** What it is about, then what is odd about it. */
  readonly name: string;
  /**
   * Control files and their contents. A name that ends with a slash is a
   * folder; `morercpthosts` is made into morercpthosts.cdb, one key a line.
   */
  readonly control: Readonly<Record<string, string>>;
  /** Over {@link usualEnv}; null removes. `QEXIT` is the queue's exit code. */
  readonly env: Readonly<Record<string, string | null>>;
  readonly input: string;
  /** The client neither says more nor hangs up. */
  readonly waits?: boolean;
}

/** One run of the queue program. */
export interface Queued {
  /** Fd 0, its date as `; DATE`; null if the envelope is empty: then nobody
   * can say how much of it had come. */
  readonly message: string | null;
  /** Fd 1. */
  readonly envelope: string;
}

export interface Seen {
  /** `250 ok N qp N` stands for the numbers. */
  readonly replies: string;
  readonly exit: number;
  readonly queued: readonly Queued[];
}

export interface Recording extends Case, Seen {}

export const usualControl: Case["control"] = {
  me: "mx.example.org\n",
  rcpthosts: "example.com\n.sub.example\nUPPER.example\n",
};

export const usualEnv: Readonly<Record<string, string>> = {
  PROTO: "TCP",
  TCPREMOTEIP: "192.0.2.7",
  TCPREMOTEHOST: "client.example",
  TCPLOCALHOST: "gate.example",
  TCPLOCALIP: "192.0.2.1",
};

/** The environment of a case. */
export function envOf({ env }: Case): Map<string, string> {
  const all = new Map<string, string>();
  for (const [name, value] of Object.entries({ ...usualEnv, ...env })) {
    if (value !== null) all.set(name, value);
  }
  return all;
}

/** The numbers that no two sessions have in common, replaced. */
export function normalReplies(replies: string): string {
  return replies.replace(/250 ok \d+ qp \d+/g, "250 ok N qp N");
}

export function normalQueued(message: string, envelope: string): Queued {
  if (envelope === "") return { message: null, envelope };
  const date = /; \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d -0000\n/;
  return { message: message.replace(date, "; DATE\n"), envelope };
}
