import { assertEquals } from "@std/assert";
import { closeDescriptor, writeNow } from "../../lib/sys/descriptors.ts";
import { RawListener } from "../../lib/sys/listener.ts";
import { readable } from "../../lib/sys/readable.ts";
import { sendNow } from "../../lib/sys/socket.ts";
import { until } from "../support/peers.ts";

// A helper thread may end a moment later than the test that made it wait.
const options = { sanitizeOps: false, sanitizeResources: false };

for (const ip of ["127.0.0.1", "::1"]) {
  Deno.test(
    `a raw listener on ${ip} takes connections and tells both ends`,
    options,
    async () => {
      const listener = RawListener.listen({ ip, port: 0 }, 5);
      const client = await Deno.connect({
        hostname: ip,
        port: listener.address.port,
      });
      await readable(listener.fd);
      const conn = listener.accept()!;
      assertEquals(conn.local.port, listener.address.port);
      assertEquals(conn.remote.port, (client.localAddr as Deno.NetAddr).port);
      assertEquals(conn.remote.ip, ip);
      assertEquals(listener.accept(), null, "and then there is none");
      writeNow(conn.fd, new TextEncoder().encode("hello"));
      closeDescriptor(conn.fd);
      assertEquals(await new Response(client.readable).text(), "hello");
      listener.close();
      assertEquals(listener.accept(), null);
      listener.close(); // is nothing
    },
  );
}

Deno.test(
  "sendNow() waits for no client that does not read, nor for one that has gone",
  options,
  async () => {
    const listener = RawListener.listen({ ip: "127.0.0.1", port: 0 }, 5);
    const client = await Deno.connect({ port: listener.address.port });
    const { fd } = listener.accept()!;
    const much = new Uint8Array(1 << 24);
    const failure = () => {
      try {
        sendNow(fd, much);
        return null;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    assertEquals(failure(), "EAGAIN"); // some were taken
    assertEquals(failure(), "EAGAIN");
    client.close();
    await until("the client is gone", () => failure() !== "EAGAIN");
    assertEquals(failure(), "EPIPE");
    closeDescriptor(fd);
    listener.close();
  },
);

Deno.test("a port in use is told by its code", options, () => {
  const first = RawListener.listen({ ip: "127.0.0.1", port: 0 }, 5);
  let code: unknown;
  try {
    RawListener.listen(first.address, 5);
  } catch (error) {
    code = (error as { code: string }).code;
  }
  first.close();
  assertEquals(code, "EADDRINUSE");
});
