/**
 * The process is to end: sessions say so, and end.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { until } from "../support/peers.ts";
import {
  codes,
  drivenFor,
  envelope,
  hello,
  nobody,
  settled,
  sleep,
  targetOf,
} from "./driven.ts";
import { FakeClient } from "./fake_client.ts";

Deno.test("a session that is to end says so between commands", async () => {
  const client = new FakeClient(hello);
  const { stop, exitCode, ends } = drivenFor(client);
  await until("it is answered", () => codes(client)?.length === 2);
  stop();
  stop();
  assertEquals(await exitCode, 1);
  assertEquals(codes(client), ["220", "250", "421"]);
  stop(); // it is over
  await settled();
  assertEquals([client.closed, ends], [1, ["1"]]);
});

Deno.test(
  "a session that is to end says so before it forgets a message",
  async () => {
    const client = new FakeClient(`${hello}${envelope}DATA\r\nSubject: x\r\n`);
    const order: string[] = [];
    const { stop, exitCode } = drivenFor(client, {
      services: {
        target: targetOf({
          commit: nobody,
          abandon: () => {
            order.push(codes(client)!.at(-1)!);
            return sleep(0).then(() => void order.push("abandoned"));
          },
        }),
      },
    });
    await until("the text has begun", () => client.unread === 0);
    await settled();
    stop();
    stop();
    assertEquals(await exitCode, 1);
    assertEquals(order, ["421", "abandoned"]);
    assertEquals(codes(client)!.filter((code) => code === "421").length, 1);
  },
);

Deno.test(
  "a session that is to end obeys nothing that was said before",
  async () => {
    const client = new FakeClient(`${hello}${"HELP\r\n".repeat(1000)}`);
    client.take(1000);
    const { stop, exitCode } = drivenFor(client);
    await until("it waits for the client", () => client.unsent > 0);
    await settled();
    stop();
    client.take(Infinity);
    assertEquals(await exitCode, 1);
    const heard = codes(client)!;
    assertEquals(heard.at(-1), "421");
    assert(heard.length < 300, `${heard.length}`); // at most a read's
  },
);

for (const said of ["", "QUIT\r\n"]) {
  const when = said === "" ? "" : ", though it was leaving";
  Deno.test(
    `a client that never reads does not keep the process${when}`,
    async () => {
      const client = new FakeClient(said);
      client.take(3);
      const { stop, exitCode, ends, pass } = drivenFor(client);
      await settled();
      stop();
      stop();
      await pass(1);
      assertEquals(ends, []);
      await pass(1);
      assertEquals(await exitCode, 1);
      assertEquals([client.closed, ends], [1, ["1"]]);
    },
  );
}
