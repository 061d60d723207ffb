/**
 * A peer that listens only after it has sent all hears what was said last.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { closeDescriptor } from "../../lib/sys/descriptors.ts";
import { lingerBytes, Lingering } from "../../lib/sys/lingering.ts";
import { SocketStream } from "../../lib/sys/socket_stream.ts";
import { until } from "../support/peers.ts";
import { endSending, receive, send, tcpPair } from "../support/socket_pair.ts";

const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test("Lingering is over at the end, or after so many bytes, once", () => {
  for (
    const [pieces, ends] of [[0, true], [lingerBytes >> 20, false]] as const
  ) {
    let overs = 0;
    const lingering = new Lingering(() => overs++);
    const piece = new Uint8Array(1 << 20);
    for (let i = 0; i < pieces; i++) {
      assertEquals(overs, 0);
      lingering.received(piece);
    }
    if (ends) lingering.ended();
    assertEquals(overs, 1);
    lingering.received(piece);
    lingering.ended();
    assertEquals(overs, 1);
  }
});

Deno.test(
  "a stream that lingers takes all, and closes at the end",
  options,
  async () => {
    const { ours, peer } = tcpPair();
    const stream = new SocketStream(ours);
    const told: string[] = [];
    stream.open({
      received: () => told.push("received"),
      ended: () => told.push("ended"),
      drained: () => told.push("drained"),
    });
    stream.paused = true;
    stream.write(new TextEncoder().encode("554 no\r\n"));
    let isOver = false;
    stream.linger(() => isOver = true);
    const piece = new Uint8Array(1 << 20);
    let sent = 0;
    await until("all is taken", () => {
      const n = send(peer, piece); // throws at a reset
      sent += Math.max(0, n);
      return sent > 8 << 20;
    });
    assertEquals(
      new TextDecoder().decode(receive(peer, 100) as Uint8Array),
      "554 no\r\n",
    );
    assertEquals(isOver, false);
    endSending(peer);
    await until("it is over", () => isOver);
    assertEquals(told, []);
    stream.linger(() => told.push("again"));
    assertEquals(told, ["again"], "it is closed");
    closeDescriptor(peer);
  },
);
