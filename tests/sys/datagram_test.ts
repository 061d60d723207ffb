import { assertEquals, assertThrows } from "@std/assert";
import { UnixSender } from "../../lib/sys/datagram.ts";
import { testWith } from "../support/peers.ts";

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
  testWith(
    { peers: ["python3"] },
    `UnixSender() reaches an abstract name of ${length} bytes`,
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
