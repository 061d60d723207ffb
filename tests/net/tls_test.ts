/**
 * The clear side of TLS on a stream, in both of the ways that there are, with
 * clients of the runtime's.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { until } from "../support/peers.ts";
import {
  bothWays,
  connection,
  isClosed,
  leakingNothing,
  Listener,
  rest,
  secured,
  send,
} from "../support/tls.ts";

const testBoth: (...test: Parameters<typeof bothWays>) => void = (...test) =>
  bothWays(...test).forEach((each) => Deno.test(each));

const pause = (ms: number) => new Promise((over) => setTimeout(over, ms));

const megabytes = (count: number) => {
  const bytes = crypto.getRandomValues(new Uint8Array(65536));
  const all = new Uint8Array(count * 1024 * 1024);
  for (let at = 0, i = 0; at < all.length; at += 65536) {
    all.set(bytes, at);
    all[at] = i++; // no piece is like another
  }
  return all;
};

testBoth("5 MB there and back, with a pause", async (context) => {
  const { conn, stream, network } = await secured(context);
  const sent = megabytes(5);
  stream.readBytes = 32768;
  const listener = new Listener(stream, true);
  const sending = send(conn, sent);
  const receiving = rest(conn);
  for (const part of [0.2, 0.5]) {
    await until("a part is there", () => listener.bytes >= part * sent.length);
    stream.paused = true;
    const before = listener.bytes;
    await pause(100);
    assertEquals(listener.bytes, before, "received while paused");
    stream.paused = false;
  }
  await sending;
  await until("all has come", () => listener.bytes === sent.length);
  await until("all has gone", () => stream.unsent === 0);
  assert(listener.longest <= 32768, `${listener.longest} bytes at once`);
  assert(listener.drains > 0);
  stream.close();
  stream.close();
  const got = await receiving; // rejects if the end was cut off
  assert(Buffer.compare(got, sent) === 0, "other bytes have come back");
  conn.close();
  await until("the descriptor is closed", () => isClosed(network.fd));
});

/** Sends until nothing more is taken, or all has been. */
function sender(conn: Deno.Conn, bytes: Uint8Array) {
  const state = { left: 0, done: Promise.resolve() };
  state.done = (async () => {
    while (state.left < bytes.length) {
      const { left } = state;
      state.left += await conn.write(bytes.subarray(left, left + 65536));
    }
  })();
  let before = -1;
  const stuck = () =>
    until("the client can send no more", async () => {
      const isStuck = state.left === before;
      before = state.left;
      await pause(100);
      return isStuck;
    });
  return { state, stuck };
}

testBoth("what a paused stream's peer sends stays with it", async (context) => {
  const { conn, stream } = await secured(context);
  const sent = megabytes(64);
  const { state, stuck } = sender(conn, sent);
  stream.readBytes = 32768;
  const listener = new Listener(stream);
  await until("some has come", () => listener.bytes > 0);
  stream.paused = true;
  await stuck();
  assert(state.left < sent.length, "all of it has left the client");
  stream.paused = false;
  await state.done;
  await until("all has come", () => listener.bytes === sent.length);
  assert(Buffer.compare(listener.all, sent) === 0, "other bytes have come");
  stream.close();
  conn.close();
});

testBoth("a paused stream is written to all the same", async (context) => {
  const { conn, stream } = await secured(context);
  const sent = megabytes(64), answer = megabytes(16);
  const { state, stuck } = sender(conn, sent);
  stream.readBytes = 32768;
  const listener = new Listener(stream);
  await until("some has come", () => listener.bytes > 0);
  stream.paused = true;
  await stuck();
  stream.write(answer);
  assertEquals(stream.unsent, answer.length);
  const got = new Uint8Array(answer.length);
  for (let at = 0; at < got.length;) at += (await conn.read(got.subarray(at)))!;
  assert(Buffer.compare(got, answer) === 0, "other bytes have come");
  await until("all has gone", () => stream.unsent === 0);
  stream.paused = false;
  await state.done;
  await until("all has come", () => listener.bytes === sent.length);
  stream.close();
  conn.close();
});

testBoth("readBytes bounds what is told at once", async (context) => {
  const { conn, stream } = await secured(context);
  stream.readBytes = 100;
  const listener = new Listener(stream);
  await send(conn, "x".repeat(16384));
  await until("all has come", () => listener.bytes === 16384);
  assertEquals(listener.longest, 100);
  stream.close();
  conn.close();
});

testBoth("a peer that ended its side is answered still", async (context) => {
  const { conn, stream } = await secured(context);
  const listener = new Listener(stream);
  await send(conn, "the last words");
  await conn.closeWrite();
  await until("the end has come", () => listener.ends === 1);
  assertEquals(listener.text, "the last words");
  stream.write(new TextEncoder().encode("are heard"));
  await until("all has gone", () => stream.unsent === 0);
  stream.close();
  assertEquals(new TextDecoder().decode(await rest(conn)), "are heard");
  conn.close();
  assertEquals(listener.ends, 1);
});

testBoth("a peer that vanishes is an end", async (context) => {
  await leakingNothing(async () => {
    const { conn, stream } = await secured(context);
    const listener = new Listener(stream);
    conn.close();
    await until("the end has come", () => listener.ends === 1);
    stream.write(new Uint8Array(100_000));
    stream.close();
  });
});

testBoth("bytes that are no record are an end", async (context) => {
  const relay = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = relay.addr;
  const securing = Deno.connectTls({
    hostname: "localhost",
    port,
    caCerts: [context.certificate.cert],
  });
  const between = await relay.accept();
  relay.close();
  const [client, network] = await connection();
  between.readable.pipeTo(client.writable, { preventClose: true })
    .catch(() => {});
  client.readable.pipeTo(between.writable).catch(() => {});
  const stream = await context.server.secure(network, 20);
  const conn = await securing;
  const listener = new Listener(stream);
  await send(conn, "a record");
  await until("that has come", () => listener.text === "a record");
  await send(client, "no record");
  await until("the end has come", () => listener.ends === 1);
  stream.write(new TextEncoder().encode("nobody reads this"));
  stream.close();
  assertEquals(listener.text, "a record");
  conn.close();
});

testBoth("close while a client reads nothing", async (context) => {
  await leakingNothing(async () => {
    const { conn, stream } = await secured(context);
    new Listener(stream);
    while (stream.unsent < 1024 * 1024) {
      stream.write(new Uint8Array(1024 * 1024));
      await pause(1);
    }
    stream.close();
    await rest(conn).catch(() => {}); // cut off
    conn.close();
  });
});

testBoth("what was said before a close arrives", async (context) => {
  await leakingNothing(async () => {
    const { conn, stream } = await secured(context);
    const listener = new Listener(stream);
    await send(conn, "QUIT\r\n");
    await until("that has come", () => listener.bytes > 0);
    stream.write(new TextEncoder().encode("221 bye\r\n"));
    await until("it has gone", () => stream.unsent === 0);
    stream.close();
    assertEquals(new TextDecoder().decode(await rest(conn)), "221 bye\r\n");
    conn.close();
  });
});
