/**
 * What smtpd was asked to do, after its options have been understood.
 *
 * @module
 */
import type { TargetMaker } from "../deliver/target_row.ts";
import type { Limits } from "../smtp/limits.ts";
import type { PolicyOptions } from "./policies.ts";

/** smtpd's options; null where the control file or default decides. */
export interface SmtpdOptions extends PolicyOptions {
  readonly classic: boolean;
  readonly control: string;
  /** What takes messages where $QMAILQUEUE names no other. */
  readonly queueProgram: string;
  readonly me: string | null;
  readonly smtpgreeting: string | null;
  readonly localiphost: string | null;
  readonly timeoutsmtpd: number | null;
  readonly databytes: number | null;
  /** Lists: `a,b`, or the path of a file (it has a slash). */
  readonly rcpthosts: string | null;
  readonly badmailfrom: string | null;
  readonly badrcptto: string | null;
  readonly openRelay: boolean;
  readonly normalizeLf: boolean;
  /** Where messages go; null where $QMAILQUEUE or the default decides. */
  readonly deliver: TargetMaker | null;
  /** Of a Maildir's disk: nothing is taken below it; 0 for off. */
  readonly minFree: number;
  readonly createMailboxes: boolean;
  /** Paths of PEM files; null for control/servercert.pem, if it is there. */
  readonly tlsCert: string | null;
  /** null: the key is in the file of the certificate. */
  readonly tlsKey: string | null;
  readonly passwords: string | null;
  readonly checkpassword: string | null;
  readonly limits: Partial<Limits>;
  /** null for the dialect's own. */
  readonly sessionSeconds: number | null;
  readonly textBytesPerSecond: number | null;
}
