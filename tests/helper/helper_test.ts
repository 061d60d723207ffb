import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { Helper } from "../../lib/helper/helper.ts";
import type { Call, Question } from "../../lib/helper/question.ts";
import { roles } from "../../lib/helper/role.ts";
import { needing, until } from "../support/peers.ts";
import { into } from "../support/troubles.ts";
import { starts, startWicked } from "../support/wicked_helper.ts";

const echo: Call = (wanted) => Promise.resolve(wanted);

function question(
  text: string,
  { client = "192.0.2.1", seconds = 20, call = echo, read = fromBytes } = {},
): Question<string> {
  return {
    client,
    seconds,
    bytes: toBytes(text),
    attempt: () => call,
    read,
  };
}

async function withHelper(
  fn: (helper: Helper, log: string[]) => Promise<void>,
): Promise<void> {
  const log: string[] = [];
  const helper = new Helper("mail", into(log), startWicked);
  try {
    await fn(helper, log);
  } finally {
    await helper.close();
  }
}

Deno.test("Helper is started by the first question, and asks back", () =>
  withHelper(async (helper, log) => {
    const before = starts;
    assertEquals(await helper.ask(question("hello")), "hello");
    assertEquals(await helper.ask(question("call back")), "back");
    assertEquals(await helper.ask(question("calls 9")), "0,1,2,3,4,5,6,7,8");
    assertEquals(starts, before + 1);
    assertEquals(log, []);
    assertEquals(await helper.ask(question("fail x\ny")), null);
    assertMatch(log[0], /^the helper for mail: Error: x\?y$|: Error: x y$/);
    assertEquals(await helper.ask(question("hello")), "hello");
    assertEquals(starts, before + 1);
  }));

for (
  const [text, how] of [
    [
      "spin",
      /took too much of the processor while it worked for 192\.0\.2\.9$/,
    ],
    ["hog", /while it worked for 192\.0\.2\.9$|allocation failed$/],
    ["exit", /ended with status 768 while it worked for 192\.0\.2\.9$/],
    ["long 70000", /speaks nonsense: .* while it worked for 192\.0\.2\.9$/],
    ["calls 65", /speaks nonsense: too many calls while it worked for/],
  ] as const
) {
  Deno.test(`a question that ends the helper costs its client alone: ${text}`, () =>
    withHelper(async (helper, log) => {
      let calls = 0, answerNow = () => {};
      const now = new Promise<void>((resolve) => answerNow = resolve);
      // It waits for us while the other one comes.
      const innocent = helper.ask(question("call x", {
        call: async (wanted) => {
          calls++;
          await now;
          return wanted;
        },
      }));
      await until("a call", () => calls === 1);
      const client = "192.0.2.9";
      const call: Call = () => new Promise(() => {});
      const wicked = helper.ask(question(text, { client, call }));
      const waiting = [1, 2, 3].map((i) => helper.ask(question(`${i}`)));
      assertEquals(await wicked, null);
      answerNow();
      assertEquals(await innocent, "x");
      assertEquals(await Promise.all(waiting), ["1", "2", "3"]);
      assertEquals(calls, 2);
      assertMatch(log.at(-1)!, how);
      const ends = log.filter((line) => line.includes("while it worked for"));
      assert(ends.length === 1 || text === "hog", log.join("\n"));
    }));
}

Deno.test("Helper hurries a question whose time is over, which answers with what it has", () =>
  withHelper(async (helper, log) => {
    const never: Call = () => new Promise(() => {});
    const late = helper.ask(question("wait x", { seconds: 0.5, call: never }));
    assertEquals(await late, "hurried true");
    assertEquals(await helper.ask(question("hello")), "hello");
    assertEquals(log, []);
  }));

Deno.test("Helper ends one that answers what cannot be read, or calls for what cannot be had", () =>
  withHelper(async (helper, log) => {
    const wrong = () => {
      throw new Error("no answer");
    };
    assertEquals(await helper.ask(question("hello", { read: wrong })), null);
    const refused: Call = () => Promise.reject(new Error("no call"));
    assertEquals(await helper.ask(question("call x", { call: refused })), null);
    assertEquals(await helper.ask(question("hello")), "hello");
    assertMatch(log[0], /speaks nonsense: no answer while it worked for/);
    assertMatch(log[1], /no call/);
  }));

Deno.test("a full Helper refuses the client that has most, and no newcomer", () =>
  withHelper(async (helper) => {
    const never: Call = () => new Promise(() => {});
    const many = Array.from(
      { length: roles.mail.mostQuestions },
      () =>
        helper.ask(question("call x", { client: "192.0.2.9", call: never })),
    );
    const refused: number[] = [];
    many.forEach((each, i) => each.then(() => refused.push(i)));
    const others = ["192.0.2.1", "192.0.2.2", "2001:db8::1"].map((client) =>
      helper.ask(question("hello", { client }))
    );
    assertEquals(await Promise.all(others), ["hello", "hello", "hello"]);
    const last = roles.mail.mostQuestions - 1;
    assertEquals(refused, [last, last - 1, last - 2]);
    await helper.close();
    assertEquals(new Set(await Promise.all(many)), new Set([null]));
  }));

Deno.test("who is known comes before others, who guesses or ended a helper after them", () =>
  withHelper(async (helper) => {
    const client = "192.0.2.9";
    helper.prefer("192.0.2.2");
    helper.suspect("192.0.2.2"); // was right at another time
    helper.suspect("192.0.2.3");
    assertEquals(await helper.ask(question("exit", { client })), null);
    const order: string[] = [];
    const ask = (text: string, client: string) =>
      helper.ask(question(text, { client })).then((each) => order.push(each!));
    await Promise.all([
      ask("late", client),
      ask("4", "192.0.2.3"),
      ask("1", "192.0.2.1"),
      ask("2", "192.0.2.2"),
      ask("3", "192.0.2.1"),
    ]);
    assertEquals(order, ["2", "1", "3", "4", "late"]);
  }));

Deno.test("a helper that cannot be started is backed off from, and told of", async () => {
  const log: string[] = [];
  let tries = 0;
  const helper = new Helper("passwords", into(log), () => {
    tries++;
    throw Object.assign(new Error("x"), { code: "ENOMEM" });
  });
  for (let i = 0; i < 100; i++) {
    assertEquals(await helper.ask(question("hello")), null);
  }
  assertEquals(tries, 1);
  assertEquals(log, ["unable to run the helper for passwords: out of memory"]);
});

Deno.test(
  needing(
    { root: true },
    "a helper has no rights, no files and a bound on memory",
  ),
  () =>
    withHelper(async (helper) => {
      const state = JSON.parse((await helper.ask(question("state")))!);
      assertEquals(state.uid, 65_534);
      assertMatch(state.write, /too large/i);
      assertMatch(state.limits, /Max file size +0 +0 /);
      assertMatch(state.limits, /Max core file size +0 +0 /);
      assertMatch(state.limits, /Max data size +(\d+) +\1 /);
      assertEquals(state.nice, "4");
      assert(isThere(state.pid));
      await helper.close();
      assert(!isThere(state.pid));
    }),
);

function isThere(pid: number): boolean {
  try {
    return Deno.statSync(`/proc/${pid}`) !== null;
  } catch {
    return false;
  }
}
