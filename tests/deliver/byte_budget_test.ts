import { assertEquals } from "@std/assert";
import { ByteBudget } from "../../lib/deliver/byte_budget.ts";

/** Lets what is due happen. */
const turn = () => new Promise<void>((go) => setTimeout(go, 0));

Deno.test("ByteBudget lets nobody pass, and one that is too large have all", async () => {
  const budget = new ByteBudget(10);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const hold = (name: string, bytes: number) =>
    budget.holding(bytes, () => {
      begun.push(name);
      return new Promise<void>((end) => ends.set(name, end));
    });
  const all = [hold("a", 6), hold("b", 5), hold("c", 1), hold("d", 99)];
  await turn();
  assertEquals(begun, ["a"]);
  ends.get("a")!();
  await turn();
  assertEquals(begun, ["a", "b", "c"]);
  ends.get("b")!();
  await turn();
  assertEquals(begun, ["a", "b", "c"]);
  ends.get("c")!();
  await turn();
  assertEquals(begun, ["a", "b", "c", "d"]);
  ends.get("d")!();
  await Promise.all(all);
  assertEquals(await budget.holding(10, () => Promise.resolve(1)), 1);
});

Deno.test("ByteBudget gets back what an error held", async () => {
  const budget = new ByteBudget(1);
  const failing = budget.holding(1, () => Promise.reject(new Error("x")));
  await failing.catch(() => {}); // it is what is tried
  assertEquals(await budget.holding(1, () => Promise.resolve(2)), 2);
});
