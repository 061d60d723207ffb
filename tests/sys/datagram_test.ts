import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UnixSender } from "../../lib/sys/datagram.ts";
import { inFolder, needing } from "../support/peers.ts";

/** Binds the name after a NUL, says so, then what it was sent. */
const listen = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\\0" + sys.argv[1])
sys.stdout.write("bound;")
sys.stdout.flush()
sys.stdout.write(s.recv(100).decode())
`;

// Of one character, a usual one, the longest.
for (const length of [1, 20, 107]) {
  Deno.test(
    needing(
      { peers: ["python3"] },
      `UnixSender() reaches an abstract name of ${length} bytes`,
    ),
    async () => {
      const name = `${Deno.pid}`.padEnd(length, "x").slice(-length);
      const listener = new Deno.Command("python3", {
        args: ["-c", listen, name],
        stdin: "null",
        stdout: "piped",
      }).spawn();
      const lines = listener.stdout.pipeThrough(new TextDecoderStream());
      const reader = lines.getReader();
      try {
        assertEquals((await reader.read()).value, "bound;");
        const sender = new UnixSender(`@${name}`);
        sender.send(new TextEncoder().encode("READY=1"));
        sender.close();
        assertEquals((await reader.read()).value, "READY=1");
        await reader.cancel();
      } finally {
        try {
          listener.kill("SIGKILL");
        } catch {
          // It has ended by itself.
        }
        await listener.status;
      }
    },
  );
}

Deno.test("UnixSender() refuses names that are too long", () => {
  for (const path of ["@".padEnd(109, "x"), "/".padEnd(108, "x")]) {
    assertThrows(() => new UnixSender(path), Error, "ENAMETOOLONG");
  }
});

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Sends to a listener that reads nothing. @returns how much it has taken */
function fill(sender: UnixSender): number {
  for (let sent = 0; sent < 1_000_000; sent++) {
    try {
      sender.send(bytesOf(`${sent}`));
    } catch (error) {
      assertEquals((error as { code: string }).code, "EAGAIN");
      return sent;
    }
  }
  throw new Error("everything is taken");
}

const listenAt = (path: string) =>
  Deno.listenDatagram({ transport: "unixpacket", path });

Deno.test("send() says so when the other side is full", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log`;
    const listener = listenAt(path);
    const sender = new UnixSender(path);
    const taken = fill(sender);
    assert(taken > 0);
    for (let i = 0; i < taken; i++) {
      assertEquals(textOf((await listener.receive())[0]), `${i}`);
    }
    sender.send(bytesOf("room"));
    assertEquals(textOf((await listener.receive())[0]), "room");
    sender.close();
    listener.close();
  }));

Deno.test("deliver() waits until the other side reads", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log`;
    const listener = listenAt(path);
    const sender = new UnixSender(path);
    const taken = fill(sender);
    const order: string[] = [];
    const delivered = sender.deliver(bytesOf("last"))
      .then(() => order.push("delivered"));
    await new Promise((over) => setTimeout(over, 50));
    order.push("read");
    for (let i = 0; i < taken; i++) await listener.receive();
    await delivered;
    assertEquals(order, ["read", "delivered"]);
    assertEquals(textOf((await listener.receive())[0]), "last");
    sender.close();
    listener.close();
  }));

Deno.test("deliver() is told when the other side goes", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log`;
    const listener = listenAt(path);
    const sender = new UnixSender(path);
    fill(sender);
    const delivered = assertRejects(
      () => sender.deliver(bytesOf("last")),
      Error,
      "ECONNREFUSED",
    );
    await new Promise((over) => setTimeout(over, 50));
    listener.close();
    await delivered;
    sender.close();
  }));

Deno.test("deliver() ends each message of a stream by a NUL", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log`;
    const listener = Deno.listen({ transport: "unix", path });
    const sender = new UnixSender(path);
    const conn = await listener.accept();
    const reading = new Response(conn.readable).text();
    const long = "x".repeat(2_000_000);
    await sender.deliver(bytesOf(long));
    await sender.deliver(bytesOf("short"));
    sender.close();
    assert(await reading === `${long}\0short\0`);
    listener.close();
  }));
