import { assertEquals, assertRejects } from "@std/assert";
import { inTime, isInTime, noAnswerWithin } from "../../lib/net/in_time.ts";

/** Enough for a timer that is left behind to be found by the test runner. */
const longMs = 60_000;

Deno.test("inTime() gives what comes of the work, or its error, and leaves no timer", async () => {
  assertEquals(await inTime(Promise.resolve(3), longMs, "late"), 3);
  const failing = inTime(Promise.reject(new Error("no")), longMs, "late");
  await assertRejects(() => failing, Error, "no");
});

Deno.test("inTime() says why when the time is over, and an error that comes later is nobody's", async () => {
  const { promise, reject } = Promise.withResolvers<void>();
  await assertRejects(
    () => inTime(promise, 0, noAnswerWithin(1500)),
    Error,
    "no answer within 1.5 seconds",
  );
  reject(new Error("much later"));
  await new Promise((resolve) => setTimeout(resolve, 0));
});

Deno.test("isInTime() tells which came first, and leaves no timer", async () => {
  assertEquals(await isInTime(Promise.resolve(), longMs), true);
  assertEquals(await isInTime(new Promise(() => {}), 0), false);
});
