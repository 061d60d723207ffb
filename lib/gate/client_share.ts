/**
 * What one client may have at once where no number is given (`--per-ip`): as
 * many connections as are free for others. Alone it gets half of the gate's, a
 * second one half of the rest, and so on: few cannot shut out who comes next.
 * Pure.
 *
 * @module
 */

/** Connections there are now, a newcomer counted, and those there may be. */
export interface Room {
  readonly active: number;
  readonly limit: number;
}

/** Kept free of a client on this machine: a tenth, but no more; */
const mostKept = 10;
/** of fewer connections none, since it is better let wait than turned away. */
const fewest = 40;

/**
 * Who needs no share: a program of this machine, which may have nearly all,
 * and whoever may relay, since that is trust enough.
 */
export type Standing = "stranger" | "machine" | "relay";

/**
 * Whether a client has room for one more connection.
 *
 * @param held those it has already
 * @param room the gate's
 * @param standing asked only of one that has more than its share
 */
export function hasRoom(
  held: number,
  { active, limit }: Room,
  standing: () => Standing,
): boolean {
  const free = limit - active;
  if (held <= free) return true;
  switch (standing()) {
    case "stranger":
      return false;
    case "machine":
      return limit < fewest ||
        free >= Math.min(mostKept, Math.floor(limit / 10));
    case "relay":
      return true;
  }
}
