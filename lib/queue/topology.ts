/**
 * What a shared queue is made of in a broker: names and arguments. Pure.
 *
 * Gate and drain never declare any of it: a queue that is declared anew by
 * whoever misses it hides that the old one, and all mail in it, was lost.
 *
 * @module
 */

export interface QueuePlan {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number>>;
}

/**
 * How long a message rests after each failed attempt; after the last of them,
 * as long again, until it is too old.
 */
export const pausesMinutes = [1, 5, 15, 60, 240] as const;

/** A message that has not been delivered by then comes back (RFC 5321 4.5.4.1). */
export const mostDays = 5;

/** How often a message may come back to be delivered before it is dead. */
const deliveryLimit = 1000;
/**
 * The same where messages rest, from where nothing is delivered: looking at
 * them counts, and a dead one that has come back too often would be thrown away.
 */
const lookingLimit = 1_000_000;

export class Topology {
  /** Where messages are that are to be delivered now. */
  readonly ready: string;
  /** Where they are that nobody will deliver any more. */
  readonly dead: string;
  /** Where they rest, by the length of the pause. */
  readonly retries: readonly string[];
  /** The exchange that is there once all the rest is, and is on the disks. */
  readonly marker: string;

  /**
   * @param prefix of all names
   * @param members how many nodes are to hold each queue
   */
  constructor(prefix = "postern", readonly members = 3) {
    this.ready = prefix;
    this.dead = `${prefix}.dead`;
    this.retries = pausesMinutes.map((_, i) => `${prefix}.retry.${i + 1}`);
    this.marker = `${prefix}.ready`;
  }

  /** Everything that `postern queue setup` declares, the dead one first. */
  get queues(): readonly QueuePlan[] {
    const quorum = (limit: number) => ({
      "x-queue-type": "quorum",
      "x-quorum-initial-group-size": this.members,
      "x-delivery-limit": limit,
      "x-overflow": "reject-publish",
    });
    const deadLetters = {
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": this.dead,
      "x-dead-letter-strategy": "at-least-once",
    };
    const resting = { ...quorum(lookingLimit), ...deadLetters };
    return [
      { name: this.dead, arguments: quorum(lookingLimit) },
      ...this.retries.map((name) => ({ name, arguments: resting })),
      {
        name: this.ready,
        arguments: { ...quorum(deliveryLimit), ...deadLetters },
      },
    ];
  }

  /**
   * Where a message rests that has failed, and for how long.
   *
   * @param attempts how often it has failed
   */
  pause(attempts: number): { queue: string; milliseconds: number } {
    const at = Math.min(Math.max(attempts, 1), pausesMinutes.length) - 1;
    return {
      queue: this.retries[at],
      milliseconds: pausesMinutes[at] * 60_000,
    };
  }
}

/** What a prefix may be: part of a name that a broker has, and a log shows. */
export const isPrefix = (text: string): boolean =>
  /^[A-Za-z0-9][\w.-]{0,59}$/.test(text);
