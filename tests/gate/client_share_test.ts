import { assertEquals } from "@std/assert";
import { hasRoom, type Standing } from "../../lib/gate/client_share.ts";

/**
 * Clients that take, in turns, whatever they are given of a gate: what each
 * has in the end.
 */
function greedy(limit: number, clients: readonly Standing[]): number[] {
  const held = clients.map(() => 0);
  for (let given = true, active = 0; given && active < limit;) {
    given = false;
    for (const [i, each] of clients.entries()) {
      const room = { active: active + 1, limit };
      if (active === limit || !hasRoom(held[i], room, () => each)) continue;
      held[i]++;
      active++;
      given = true;
    }
  }
  return held;
}

const stranger = (): Standing => "stranger";
const strangers = (count: number) => Array.from({ length: count }, stranger);

Deno.test("one client has half of a gate, two a third each, and so on", () => {
  assertEquals(greedy(40, strangers(1)), [20]);
  assertEquals(greedy(40, strangers(2)), [14, 13]);
  assertEquals(greedy(40, strangers(4)), [8, 8, 8, 8]);
  assertEquals(greedy(1000, strangers(1)), [500]);
  assertEquals(greedy(3, strangers(1)), [2]);
});

Deno.test("however few there are, a client has one of them", () => {
  for (const limit of [1, 2]) {
    assertEquals(greedy(limit, strangers(1)), [1]);
    assertEquals(greedy(limit, ["machine"]), [limit]);
  }
});

Deno.test("of clients that come one after the other, five cannot have all", () => {
  const held: number[] = [];
  for (let active = 0; active < 40;) {
    let own = 0;
    const more = () =>
      hasRoom(own, { active: active + 1, limit: 40 }, stranger);
    for (; active < 40 && more(); active++) own++;
    held.push(own);
  }
  assertEquals(held, [20, 10, 5, 3, 1, 1]);
});

Deno.test("clients that come at the same time leave one for another", () => {
  for (let clients = 1; clients < 40; clients++) {
    const active = greedy(40, strangers(clients)).reduce((a, b) => a + b);
    assertEquals(active < 40, true, `${clients} clients have all`);
    assertEquals(
      hasRoom(0, { active: active + 1, limit: 40 }, stranger),
      true,
    );
  }
});

Deno.test("this machine leaves a tenth, or ten, or of few none", () => {
  assertEquals(greedy(39, ["machine"]), [39]);
  assertEquals(greedy(40, ["machine"]), [36]);
  assertEquals(greedy(100, ["machine"]), [90]);
  assertEquals(greedy(10_000, ["machine"]), [9990]);
  assertEquals(greedy(40, ["machine", "stranger"]), [23, 13]);
});

Deno.test("who may relay may have all", () => {
  assertEquals(greedy(40, ["relay"]), [40]);
  assertEquals(greedy(40, ["relay", "stranger"]), [27, 13]);
});

Deno.test("standing is asked for only of who has more than its share", () => {
  let asked = 0;
  const ask = (): Standing => {
    asked++;
    return "relay";
  };
  assertEquals(hasRoom(20, { active: 20, limit: 40 }, ask), true);
  assertEquals(asked, 0);
  assertEquals(hasRoom(20, { active: 21, limit: 40 }, ask), true);
  assertEquals(asked, 1);
});
