import { assertEquals } from "@std/assert";
import { never, Ticker, type Timed } from "../../lib/net/deadlines.ts";

Deno.test("those who wait are told of each tick until they leave", async () => {
  const ticker = new Ticker();
  const told: string[] = [];
  const leaving: Timed = {
    tick: () => {
      told.push("leaving");
      ticker.remove(leaving);
    },
  };
  ticker.add(leaving);
  await new Promise<void>((over) => {
    const until = ticker.after(1);
    const staying: Timed = {
      tick: (now) => {
        told.push("staying");
        if (now < until) return;
        ticker.remove(staying); // or the timer would be reported as leaking
        over();
      },
    };
    ticker.add(staying);
  });
  assertEquals(told, ["leaving", "staying", "staying"]);
});

Deno.test("Ticker.after() is never too soon, and 0 is for ever", () => {
  const ticker = new Ticker();
  assertEquals([0.5, 1, 300].map((s) => ticker.after(s)), [2, 2, 301]);
  assertEquals(ticker.after(0), never);
});
