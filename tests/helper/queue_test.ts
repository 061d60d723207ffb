import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FairQueue } from "../../lib/helper/queue.ts";
import { runs } from "../support/random.ts";

const owned = (...clients: string[]) =>
  clients.map((client, i) => ({ client, i }));

function all(queue: FairQueue<{ client: string; i: number }>): string[] {
  const out: string[] = [];
  for (let each; (each = queue.next()) !== null;) {
    out.push(`${each.client}${each.i}`);
  }
  return out;
}

Deno.test("FairQueue gives each client a turn, however much he asks", () => {
  const queue = new FairQueue<{ client: string; i: number }>();
  for (const each of owned("a", "a", "a", "b", "b", "c")) queue.add(each);
  assertEquals(all(queue), ["a0", "b3", "c5", "a1", "b4", "a2"]);
});

Deno.test("FairQueue.next() takes those of a higher rank when nobody else waits", () => {
  const queue = new FairQueue<{ client: string; i: number }>();
  for (const each of owned("a", "b", "a", "c")) queue.add(each);
  const rank = (client: string) => ({ a: 2, b: 1, c: 0 })[client]!;
  assertEquals(
    [1, 2, 3, 4, 5].map(() => queue.next(rank)?.i ?? null),
    [3, 1, 0, 2, null],
  );
});

Deno.test("FairQueue.most() is the last of the client that has most, never one who has just come", () => {
  const queue = new FairQueue<{ client: string; i: number }>();
  assertEquals(queue.most(), null);
  for (const each of owned("a", "b", "b", "c")) queue.add(each);
  assertEquals(queue.most()!.i, 2);
  queue.delete(queue.most()!);
  assertEquals(queue.most()!.client, "a");
});

Deno.test("FairQueue never lets a client wait for more than one of each other's", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 40 }),
      (clients) => {
        const queue = new FairQueue<{ client: string; i: number }>();
        for (const each of owned(...clients)) queue.add(each);
        assertEquals(queue.size, clients.length);
        assertEquals([...queue].length, clients.length);
        const out = all(queue);
        assertEquals(out.length, clients.length);
        // In each round, those who still have something, once each.
        const left = new Map<string, number>();
        for (const each of clients) left.set(each, (left.get(each) ?? 0) + 1);
        for (let at = 0; at < out.length;) {
          const round = out.slice(at, at + left.size).map((each) => each[0]);
          assertEquals(new Set(round).size, round.length);
          at += round.length;
          for (const each of round) {
            left.set(each, left.get(each)! - 1);
            if (left.get(each) === 0) left.delete(each);
          }
        }
        assert(queue.size === 0);
      },
    ),
    { numRuns: runs(2000, 200) },
  );
});
