/**
 * Whose turn it is, with a clock by hand.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Fairness } from "../../lib/drain/fairness.ts";

interface Job {
  readonly lane: string;
  readonly target: string;
}

/** Deliveries that take as long as their domain wants, or for ever. */
class World {
  now = 0;
  readonly fairness: Fairness<Job>;
  readonly running: { job: Job; until: number }[] = [];
  readonly ended: { job: Job; at: number }[] = [];
  readonly aside: { job: Job; pauseMs: number }[] = [];

  constructor(
    readonly takesMs: (job: Job) => number,
    count = 20,
    perDomain: number | null = null,
    targets = 1,
  ) {
    this.fairness = new Fairness<Job>(
      { count, perDomain, waiting: 2 * count },
      ({ target }) => target,
      () => targets,
    );
  }

  add(lane: string, target = "t"): void {
    this.fairness.add({ lane, target }, this.now);
    this.#start();
  }

  /** Lets time go by. */
  pass(ms: number): void {
    for (const until = this.now + ms; this.now < until; this.now += 50) {
      for (const each of [...this.running]) {
        if (each.until > this.now) continue;
        this.running.splice(this.running.indexOf(each), 1);
        this.fairness.end(each.job, this.now);
        this.ended.push({ job: each.job, at: this.now });
      }
      this.aside.push(...this.fairness.aside(this.now));
      this.#start();
    }
  }

  of(lane: string): number {
    return this.running.filter(({ job }) => job.lane === lane).length;
  }

  #start(): void {
    for (;;) {
      const job = this.fairness.next(this.now);
      if (job === null) return;
      this.running.push({ job, until: this.now + this.takesMs(job) });
    }
  }
}

const hanging = ({ lane }: Job) => lane.startsWith("hangs") ? Infinity : 100;

Deno.test("a domain that hangs leaves places for the others", () => {
  const world = new World(hanging);
  for (let i = 0; i < 40; i++) world.add("hangs");
  assertEquals(world.of("hangs"), 4);
  world.add("well");
  assertEquals(world.of("well"), 1);
});

Deno.test("three of them do so, too, and four", () => {
  const world = new World(hanging);
  for (const lane of ["hangs1", "hangs2", "hangs3", "hangs4"]) {
    for (let i = 0; i < 40; i++) world.add(lane);
  }
  world.add("well");
  assertEquals(world.of("well"), 1);
});

Deno.test("what waits for it is set aside after two seconds, not sooner", () => {
  const world = new World(hanging);
  for (let i = 0; i < 30; i++) world.add("hangs");
  world.pass(1900);
  assertEquals(world.aside.length, 0);
  world.pass(300);
  // Four run, and more than half of the room for those that wait was used.
  assertEquals(world.aside.length, 26);
  assertEquals(world.aside[0].pauseMs, 15_000);
  world.add("hangs");
  assert(world.fairness.isSlow("hangs", world.now));
});

Deno.test("each time that it has not come back it rests for longer", () => {
  const world = new World(hanging, 5);
  world.add("hangs");
  const pauses: number[] = [];
  for (let i = 0; i < 10; i++) {
    for (let j = 0; j < 20; j++) world.add("hangs");
    world.pass(2500);
    pauses.push(world.aside.at(-1)!.pauseMs / 1000);
    world.pass(pauses.at(-1)! * 1000);
  }
  assertEquals(pauses, [15, 30, 60, 120, 240, 480, 900, 900, 900, 900]);
});

Deno.test("one that goes on is never set aside, and has more and more", () => {
  const world = new World(() => 1000);
  for (let i = 0; i < 100; i++) world.add("busy");
  assertEquals(world.of("busy"), 4);
  world.pass(3000);
  assertEquals(world.of("busy"), 16);
  world.pass(8000);
  assertEquals(world.aside, []);
  assertEquals(world.ended.length, 100);
});

Deno.test("however well it does, a fifth is left for others", () => {
  const world = new World(() => 100);
  for (let i = 0; i < 500; i++) world.add("busy");
  world.pass(3000);
  assertEquals(world.of("busy"), 16);
  world.add("new");
  assertEquals(world.of("new"), 1);
});

Deno.test("--per-domain is a limit", () => {
  const world = new World(() => 100, 20, 2);
  for (let i = 0; i < 100; i++) world.add("busy");
  for (let i = 0; i < 50; i++) {
    world.pass(50);
    assert(world.of("busy") <= 2);
  }
  const all = new World(() => 100, 20, 20);
  for (let i = 0; i < 500; i++) all.add("busy");
  all.pass(1000);
  assertEquals(all.of("busy"), 20);
});

Deno.test("a target that hangs leaves places for the others", () => {
  const world = new World(hanging, 20, null, 2);
  for (let i = 0; i < 40; i++) world.add(`hangs${i}`, "slow");
  assertEquals(world.running.length, 16);
  for (let i = 0; i < 4; i++) world.add(`well${i}`, "quick");
  assertEquals(world.running.length, 20);
});

Deno.test("one place is a place", () => {
  const world = new World(() => 100, 1);
  for (const lane of ["a", "b", "a"]) world.add(lane);
  world.pass(500);
  assertEquals(world.ended.map(({ job }) => job.lane), ["a", "b", "a"]);
});

Deno.test("a thousand for a domain that hangs do not keep another waiting", () => {
  const world = new World(hanging);
  // So many are in memory at once; what is set aside makes room for the next.
  let left = 1000, waitedMs = 0;
  for (; left > 0; waitedMs += 50) {
    while (left > 0 && world.running.length + world.fairness.waiting < 60) {
      left--;
      world.add("hangs");
      world.aside.push(...world.fairness.asideOf("hangs", world.now));
    }
    world.pass(50);
  }
  world.add("well");
  assertEquals(world.of("well"), 1);
  assert(waitedMs < 5000, `${waitedMs} ms`);
});

Deno.test("whoever comes is delivered or set aside, and no limit is passed", () => {
  const lanes = ["a", "b", "hangs1", "hangs2", "slow"];
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.option(fc.integer({ min: 1, max: 10 })),
      fc.array(fc.tuple(fc.constantFrom(...lanes), fc.nat(400)), {
        maxLength: 150,
      }),
      (count, perDomain, arrivals) => {
        const most = perDomain === null ? null : Math.min(count, perDomain);
        const world = new World(
          ({ lane }) =>
            lane.startsWith("hangs") ? 30_000 : lane === "slow" ? 12_000 : 80,
          count,
          most,
        );
        for (const [lane, pauseMs] of arrivals) {
          world.add(lane);
          world.pass(pauseMs);
          assert(world.running.length <= count);
          for (const lane of lanes) {
            assert(most === null || world.of(lane) <= most);
          }
        }
        world.pass(60_000 * 60);
        assertEquals(world.fairness.waiting, 0);
        assertEquals(world.fairness.running, 0);
        assertEquals(world.ended.length + world.aside.length, arrivals.length);
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("domains that are done are forgotten", () => {
  const world = new World(() => 100);
  for (let i = 0; i < 1000; i++) {
    world.add(`d${i}`);
    world.pass(50);
  }
  world.pass(1000);
  assertEquals(world.fairness.size, 0);
});
