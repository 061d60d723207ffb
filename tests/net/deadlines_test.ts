import { assertEquals } from "@std/assert";
import { Deadlines } from "../../lib/net/deadlines.ts";

Deno.test("a deadline that is not extended expires, once, and only that one", async () => {
  const deadlines = new Deadlines();
  const expired: string[] = [];
  const kept = deadlines.set(60, () => expired.push("kept"));
  const cleared = deadlines.set(0, () => expired.push("cleared"));
  cleared.clear();
  await new Promise<void>((resolve) =>
    deadlines.set(0, () => {
      expired.push("over");
      resolve();
    })
  );
  assertEquals(expired, ["over"]);
  kept.clear(); // or the timer would be reported as leaking
});
