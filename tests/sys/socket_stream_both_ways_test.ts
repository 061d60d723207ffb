/**
 * A socket's stream whose peer may read nothing for as long as we do.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { until } from "../support/peers.ts";
import { connection, Listener, rest, send } from "../support/tls.ts";

const options = { sanitizeResources: false, sanitizeOps: false };

/** A stream that has written more than its peer takes now. */
async function full(readsAlways: boolean) {
  const [client, stream] = await connection();
  stream.readsAlways = readsAlways;
  const listener = new Listener(stream);
  const written = new Uint8Array(64 * 1024 * 1024);
  stream.write(written);
  assert(stream.unsent > 0);
  return { client, stream, listener, written };
}

Deno.test("readsAlways reads while bytes are unsent", options, async () => {
  const { client, stream, listener, written } = await full(true);
  await send(client, "hello");
  await until("that has come", () => listener.text === "hello");
  assert(stream.unsent > 0 && listener.mostUnsent > 0);
  stream.paused = true;
  await send(client, "again");
  const receiving = rest(client);
  await until("all has gone", () => listener.drains === 1);
  assertEquals(listener.text, "hello");
  stream.paused = false;
  await until("the rest has come", () => listener.text === "helloagain");
  stream.close();
  assertEquals((await receiving).length, written.length);
  client.close();
});

Deno.test("without readsAlways nothing is read then", options, async () => {
  const { client, stream, listener } = await full(false);
  await send(client, "hello");
  const receiving = rest(client);
  await until("it is read then", () => listener.text === "hello");
  assertEquals([listener.mostUnsent, listener.drains], [0, 1]);
  stream.close();
  await receiving;
  client.close();
});

Deno.test(
  "a peer's end is told once while bytes are unsent",
  options,
  async () => {
    const { client, stream, listener } = await full(true);
    await client.closeWrite();
    await until("the end has come", () => listener.ends === 1);
    const receiving = rest(client);
    await until("all has gone", () => listener.drains === 1);
    stream.close();
    await receiving;
    client.close();
    assertEquals(listener.ends, 1);
  },
);

Deno.test("endWriting() ends one direction", options, async () => {
  const [client, stream] = await connection();
  const listener = new Listener(stream);
  stream.write(new TextEncoder().encode("all"));
  stream.endWriting();
  assertEquals(new TextDecoder().decode(await rest(client)), "all");
  await send(client, "more");
  await until("that has come", () => listener.text === "more");
  stream.close();
  client.close();
});
