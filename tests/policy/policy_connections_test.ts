/**
 * What is left of a connection to a policy program, and how much an answer may
 * be.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { until } from "../support/peers.ts";
import { withPolicyServer } from "../support/policy_server.ts";
import { question } from "../support/question.ts";
import { into } from "../support/troubles.ts";

Deno.test("PolicyProgram reads an answer that comes in pieces, on a kept connection too", () =>
  withPolicyServer(
    (_, count) => count === 1 ? "action=OK\n\n" : "action=REJ",
    async (server) => {
      const program = server.program(20);
      assertEquals((await program.ask(question())).type, "accept");
      const asking = program.ask(question());
      await until("it is asked", () => server.requests.length === 2);
      await server.say("ECT\n");
      await server.say("\n");
      assertEquals((await asking).type, "never");
      assertEquals(server.connections, 1);
      program.close();
    },
  ));

Deno.test("PolicyProgram leaves a server that says too much", () =>
  withPolicyServer(() => "action=OK\n\naction=OK\n\n", async (server) => {
    const log: string[] = [];
    const program = server.program(20, into(log));
    assertEquals((await program.ask(question())).type, "later");
    assertMatch(log.join("\n"), /it says too much/);
    await until("it has hung up", () => server.isAlone());
  }));

Deno.test("PolicyProgram.close() hangs up", () =>
  withPolicyServer(() => "action=OK\n\n", async (server) => {
    const program = server.program(20);
    await program.ask(question());
    assertEquals(server.isAlone(), false);
    program.close();
    await until("it has hung up", () => server.isAlone());
  }));

Deno.test("PolicyProgram takes an answer of 4096 bytes, and no more", async () => {
  const answerOf = (bytes: number) => "action=OK ".padEnd(bytes, "x");
  await withPolicyServer(() => answerOf(4096), async (server) => {
    const program = server.program(20);
    const asking = program.ask(question());
    await until("it is asked", () => server.requests.length === 1);
    await server.say("\n\n");
    assertEquals((await asking).type, "accept");
    program.close();
  });
  await withPolicyServer(() => answerOf(4097), async (server) => {
    const log: string[] = [];
    const program = server.program(20, into(log));
    assertEquals((await program.ask(question())).type, "later");
    assertMatch(log.join("\n"), /its answer is too long/);
    program.close();
  });
});

Deno.test("PolicyProgram has all its connections again when time was over", async () => {
  let isSilent = true, asked = 0;
  let allAreAsked = () => {};
  const all = new Promise<void>((resolve) => allAreAsked = resolve);
  await withPolicyServer(async () => {
    if (isSilent) return "";
    if (++asked === 16) allAreAsked();
    await all;
    return "action=OK\n\n";
  }, async (server) => {
    const program = server.program(1);
    const ask = async (count: number) => {
      const asking = Array.from(
        { length: count },
        () => program.ask(question()),
      );
      return new Set((await Promise.all(asking)).map(({ type }) => type));
    };
    assertEquals([...await ask(40)], ["later"]);
    isSilent = false;
    assertEquals([...await ask(16)], ["accept"]);
    program.close();
  });
});
