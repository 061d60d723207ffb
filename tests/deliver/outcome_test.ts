import { assertEquals } from "@std/assert";
import { fold, outcomeOf } from "../../lib/deliver/outcome.ts";
import type { Delivery, Message } from "../../lib/deliver/target.ts";

const stored: Delivery = { type: "stored", id: "1" };
const later: Delivery = {
  type: "later",
  code: 452,
  enhanced: "4.2.2",
  text: "full",
};
const never: Delivery = {
  type: "never",
  code: 550,
  enhanced: "5.1.1",
  text: "unknown",
};

Deno.test("fold() says stored only if it is for all, and later before never", () => {
  const cases: [Delivery[], Delivery][] = [
    [[stored], stored],
    [[stored, { type: "stored", id: "2" }], stored],
    [[stored, never], never],
    [[never, stored], never],
    [[stored, later], later],
    [[never, later, stored], later],
    [[never, never], never],
  ];
  for (const [outcomes, reply] of cases) assertEquals(fold(outcomes), reply);
  assertEquals(fold(never), never);
});

Deno.test("fold() of nobody's outcomes is no success", () => {
  assertEquals(fold([]).type, "later");
});

Deno.test("a target that throws, at once or later, has stored nothing", async () => {
  const message = (commit: Message["commit"]): Message => ({
    append() {},
    abandon() {},
    commit,
  });
  const bug = new Error("a bug");
  const throws = () => {
    throw bug;
  };
  for (const commit of [throws, () => Promise.reject(bug)]) {
    assertEquals(await outcomeOf(message(commit)), {
      type: "later",
      code: 451,
      enhanced: "4.3.0",
      text: "unable to store the message",
    });
  }
  const both = message(() => Promise.resolve([stored, later]));
  assertEquals(await outcomeOf(both), later);
  assertEquals(outcomeOf(message(() => stored)), stored);
});
