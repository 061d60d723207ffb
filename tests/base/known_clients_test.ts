import { assertEquals } from "@std/assert";
import { KnownClients } from "../../lib/base/known_clients.ts";

Deno.test("KnownClients remembers for a while, and not too many", () => {
  const known = new KnownClients(100);
  known.add("a", 0);
  assertEquals([99, 100].map((now) => known.has("a", now)), [true, false]);
  known.add("a", 50);
  assertEquals(known.has("a", 149), true);
  for (let i = 0; i < 999; i++) known.add(`${i}`, 50);
  assertEquals([known.has("a", 60), known.has("0", 60)], [true, true]);
  known.add("a", 60); // the newest again
  known.add("b", 60);
  assertEquals([known.has("a", 60), known.has("0", 60)], [true, false]);
  assertEquals(known.has("nobody", 0), false);
});
