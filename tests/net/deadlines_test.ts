import { assertEquals } from "@std/assert";
import { never, Ticker, type Timed } from "../../lib/net/deadlines.ts";

Deno.test("those who wait are told of each tick until they leave", () => {
  const ticker = new Ticker(true);
  const told: string[] = [];
  const leaving: Timed = {
    tick: () => {
      told.push("leaving");
      ticker.remove(leaving);
    },
  };
  const staying: Timed = { tick: (now) => void told.push(`staying ${now}`) };
  ticker.add(leaving);
  ticker.add(staying);
  ticker.advance();
  ticker.advance();
  assertEquals(told, ["leaving", "staying 1", "staying 2"]);
});

Deno.test("a ticker ticks by itself while somebody waits", async () => {
  const ticker = new Ticker();
  await new Promise<void>((over) => {
    const waiting: Timed = {
      tick: () => {
        ticker.remove(waiting); // or the timer would be reported as leaking
        over();
      },
    };
    ticker.add(waiting);
  });
  assertEquals(ticker.after(1), 3, "a tick has gone by");
});

Deno.test("Ticker.after() is never too soon, and 0 is for ever", () => {
  const ticker = new Ticker();
  assertEquals([0.5, 1, 300].map((s) => ticker.after(s)), [2, 2, 301]);
  assertEquals(ticker.after(0), never);
});
