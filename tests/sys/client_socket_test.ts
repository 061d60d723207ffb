import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClientSocket } from "../../lib/sys/client_socket.ts";

const ip = "127.0.0.1";
const past = () => performance.now() - 1;
const soon = () => performance.now() + 20_000;
const bytesOf = (length: number) => new Uint8Array(new ArrayBuffer(length));

async function withServer(
  test: (socket: ClientSocket, peer: Deno.TcpConn) => Promise<void>,
) {
  const listener = Deno.listen({ hostname: ip, port: 0 });
  const { port } = listener.addr;
  const socket = ClientSocket.connect("tcp", { ip, port }, {
    ip: "127.0.0.2",
    port: 0,
  });
  const peer = await listener.accept();
  try {
    await test(socket, peer);
  } finally {
    socket.close();
    peer.close();
    listener.close();
  }
}

Deno.test("ClientSocket connects from the address that it is told", () =>
  withServer((_, { remoteAddr }) => {
    assertEquals((remoteAddr as Deno.NetAddr).hostname, "127.0.0.2");
    return Promise.resolve();
  }));

Deno.test("send() sends all, however slowly it is taken", () =>
  withServer(async (socket, peer) => {
    const all = bytesOf(20_000_000).map((_, i) => i % 251);
    let isSent = false;
    const sending = socket.send(all, soon()).then((done) => isSent = done);
    const received = bytesOf(all.length);
    let at = await peer.read(received) ?? 0;
    assert(!isSent, "all was sent at once");
    while (at < all.length) at += (await peer.read(received.subarray(at)))!;
    assertEquals(await sending, true);
    assert(received.every((byte, i) => byte === all[i]));
  }));

Deno.test("send() ends in time when nobody reads", () =>
  withServer(async (socket) => {
    const end = performance.now() + 50;
    assertEquals(await socket.send(bytesOf(30_000_000), end), false);
    assertEquals(await socket.send(bytesOf(30_000_000), past()), false);
  }));

Deno.test("receive() waits for bytes and for the end", () =>
  withServer(async (socket, peer) => {
    const buffer = bytesOf(8);
    assertEquals(socket.receiveNow(buffer), null);
    const received = socket.receive(buffer, soon());
    await peer.write(new Uint8Array([7, 8]));
    assertEquals(await received, 2);
    assertEquals([...buffer.subarray(0, 3)], [7, 8, 0]);
    const ended = socket.receive(buffer, soon());
    await peer.closeWrite();
    assertEquals(await ended, 0);
  }));

Deno.test("receive() ends in time, whether bytes are there or not", () =>
  withServer(async (socket, peer) => {
    const buffer = bytesOf(8);
    assertEquals(await socket.receive(buffer, performance.now() + 20), null);
    await peer.write(new Uint8Array([7]));
    assertEquals(await socket.arrival(soon()), true);
    assertEquals(await socket.arrival(past()), false);
    assertEquals(await socket.receive(buffer, past()), null);
    assertEquals(await socket.receive(buffer, soon()), 1);
  }));

Deno.test("ClientSocket tells that nobody is there", async () => {
  const to = { ip, port: 1 };
  for (const kind of ["tcp", "udp"] as const) {
    const socket = ClientSocket.connect(kind, to);
    await assertRejects(
      async () => {
        await socket.send(bytesOf(1), soon());
        await socket.receive(bytesOf(1), soon());
      },
      Error,
      "ECONNREFUSED",
    );
    socket.close();
  }
});
