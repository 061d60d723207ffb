import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { Pauses, usualPausesMs } from "../../lib/drain/pauses.ts";
import { type Fate, settlementOf } from "../../lib/drain/settlement.ts";
import { framed, unframed } from "../../lib/queue/frame.ts";
import { Topology } from "../../lib/queue/topology.ts";
import { queued } from "../support/shared_queue.ts";

const now = 1_800_000_000_000, minute = 60_000, day = 24 * 60 * minute;
const pauses = new Pauses(new Topology("p"), usualPausesMs, 5);
const text = new TextEncoder().encode("Subject: x\n\nbody\n");
const silent = { pauses, reportsAs: null };
const telling = { pauses, reportsAs: "mx.example" };

const later: Fate = {
  ...{ type: "later", code: 451, enhanced: "4.2.0", text: "not now" },
};
const never: Fate = {
  ...{ type: "never", code: 550, enhanced: "5.1.1", text: "nobody" },
};
const stored: Fate = { type: "stored", id: "1" };
const aside: Fate = { type: "aside", pauseMs: 15_000 };

const facts = queued({
  id: "s-1-1",
  recipients: ["a@x", "b@x", "c@x", "d@x"],
  acceptedAt: now - minute,
});
const all = new Map<string, Fate>([
  ["a@x", stored],
  ["b@x", later],
  ["c@x", never],
  ["d@x", aside],
]);

Deno.test("a clock that is behind does not make a message older", () => {
  const acceptedAt = now + 900 * day;
  const { copies: [copy] } = settlementOf(
    { facts: { ...facts, acceptedAt }, text },
    new Map([["b@x", later]]),
    silent,
    now,
  );
  assertEquals(copy.facts.acceptedAt, acceptedAt);
});

Deno.test("each recipient that is left is in one copy, where it belongs", () => {
  const { copies, unsettled } = settlementOf(
    { facts, text },
    all,
    silent,
    now,
  );
  assertEquals(
    copies.map(({ queue, facts: { recipients, attempts, due } }) => [
      ...[queue, recipients, attempts, due && due - now],
    ]),
    [
      ["p.retry.1", ["d@x"], 0, 15_000],
      ["p.retry.1", ["b@x"], 1, minute],
      ["p.dead", ["c@x"], 1, 0],
    ],
  );
  assertEquals(copies[2].facts.troubles, {
    "c@x": { code: 550, enhanced: "5.1.1", text: "nobody" },
  });
  assertEquals(
    unsettled.map(({ recipient, due }) => [recipient, due && due - now]),
    [["b@x", minute], ["c@x", null]],
  );
});

Deno.test("a sender is told of what fails, and a null sender is not", () => {
  const told = settlementOf({ facts, text }, all, telling, now);
  const report = told.copies[2];
  assertEquals(report.queue, "p");
  assertEquals(
    [report.facts.sender, report.facts.recipients, report.facts.isReport],
    ["", [facts.sender], true],
  );
  assertMatch(report.facts.id, /^s-1-1r[\da-z]{8}$/);
  assertEquals(told.unsettled[1].report, report.facts.id);
  // The same failure is the same report.
  const again = settlementOf({ facts, text }, all, telling, now + 5);
  assertEquals(again.copies[2].facts.id, report.facts.id);
  for (const silent of [{ ...facts, sender: "" }, report.facts]) {
    const fates = new Map(silent.recipients.map((each) => [each, never]));
    const { copies } = settlementOf(
      { facts: silent, text },
      fates,
      telling,
      now,
    );
    assertEquals(copies.map(({ queue }) => queue), ["p.dead"]);
  }
});

Deno.test("one that is too old is given up with what it was told last", () => {
  const old = { ...facts, acceptedAt: now - 5 * day };
  const { copies } = settlementOf({ facts: old, text }, all, silent, now);
  const dead = copies.find(({ queue }) => queue === "p.dead")!;
  assertEquals(dead.facts.recipients.toSorted(), ["b@x", "c@x"]);
  assertMatch(dead.facts.troubles["b@x"].text, /451 4\.2\.0 not now/);
  // It was not tried: it is not given up.
  assertEquals(copies[0].facts.recipients, ["d@x"]);
});

Deno.test("names that objects have by themselves are recipients like others", () => {
  const odd = { ...facts, recipients: ["constructor", "__proto__"] };
  const fates = new Map<string, Fate>(
    odd.recipients.map((each) => [each, later]),
  );
  const { copies: [copy] } = settlementOf(
    { facts: odd, text },
    fates,
    silent,
    now,
  );
  const again = unframed(framed(copy.facts, text)).facts;
  assertEquals(again.recipients, odd.recipients);
  const untried = new Map<string, Fate>(
    odd.recipients.map((each) => [each, aside]),
  );
  const { copies: [rest] } = settlementOf(
    { facts: odd, text },
    untried,
    silent,
    now,
  );
  assertEquals(unframed(framed(rest.facts, text)).facts.troubles, {});
});

Deno.test("nobody is lost, and nobody is in two copies, whatever happens", () => {
  const fate = fc.constantFrom(stored, later, never, aside);
  fc.assert(fc.property(
    fc.dictionary(fc.stringMatching(/^[a-z]{1,8}@[a-z]{1,5}$/), fate),
    fc.boolean(),
    fc.boolean(),
    fc.nat(20 * day),
    (dictionary, isTold, hasSender, ageMs) => {
      const fates = new Map(Object.entries(dictionary));
      const recipients = [...fates.keys()];
      if (recipients.length === 0) return;
      const message = queued({
        ...{ recipients, acceptedAt: now - ageMs },
        sender: hasSender ? "s@y" : "",
      });
      const rules = isTold ? telling : silent;
      const { copies, unsettled } = settlementOf(
        { facts: message, text },
        fates,
        rules,
        now,
      );
      const kept = copies.filter(({ facts }) => !facts.isReport)
        .flatMap(({ facts }) => facts.recipients);
      const told = unsettled.filter(({ report }) => report !== null)
        .map(({ recipient }) => recipient);
      const left = recipients.filter((each) => fates.get(each) !== stored);
      assertEquals([...kept, ...told].toSorted(), left.toSorted());
      assert(copies.every(({ facts }) => facts.recipients.length > 0));
    },
  ));
});
