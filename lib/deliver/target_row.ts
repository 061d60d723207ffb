/**
 * What a kind of target is, to those who name one.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import type { HopSecrets } from "../next_hop/secrets.ts";
import type { QueueSettings } from "../queue/options.ts";
import type { NextHopOptions } from "./next_hop.ts";
import type { Target } from "./target.ts";

/** What a target is made with. */
export interface TargetContext {
  /** This host's name, which may change while the target lives. */
  readonly host: string;
  /** What takes messages where neither the target nor a session names another. */
  readonly queueProgram: string;
  /** Makes the mailboxes that are missing; else their users are unknown. */
  readonly createMailboxes: boolean;
  /** Nothing is taken when less of a Maildir's disk is free; 0 for off. */
  readonly minFreePercent: number;
  /** Whether a recipient is our postmaster; not there: nobody is. */
  isPostmaster?(recipient: string): boolean;
  readonly emit: Emit;
  /** How next hops are spoken to, where that is not as usual. */
  readonly nextHop?: NextHopOptions;
  /** How shared queues are spoken to, where that is not as usual. */
  readonly queue?: {
    readonly settings: QueueSettings;
    readonly secrets: HopSecrets;
  };
}

/** A target that was named, and not made yet. */
export type TargetMaker = (context: TargetContext) => Target;

export interface TargetRow {
  /** What stands before the colon. */
  readonly name: string;
  /** How it is written, for help texts. */
  readonly usage: string;
  /**
   * Understands what stands after the colon; null where there is none.
   *
   * @throws Error that says what is wrong with it
   */
  read(argument: string | null): TargetMaker;
  /**
   * The same argument, its paths named from / on that were named from a folder
   * on; without this there are none in it.
   */
  fromFolder?(argument: string, folder: string): string;
}

/** For a row whose targets have no argument. */
export function noArgument(argument: string | null): void {
  if (argument !== null) throw new Error("nothing comes after its name");
}
