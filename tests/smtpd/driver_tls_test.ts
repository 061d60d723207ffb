/**
 * A session that asks for TLS.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Stream } from "../../lib/base/stream.ts";
import { noOffers } from "../../lib/smtp/commands.ts";
import { until } from "../support/peers.ts";
import { codes, drivenFor, slow } from "./driven.ts";
import { FakeClient } from "./fake_client.ts";

for (const isSecured of [true, false]) {
  const how = isSecured ? "goes on encrypted" : "is over without encryption";
  Deno.test(`a session that asks for TLS ${how}`, async () => {
    const client = new FakeClient("EHLO x\r\nSTARTTLS\r\nNOOP\r\n");
    const secured = new FakeClient("EHLO x\r\nQUIT\r\n");
    const asked: [stream: Stream, heard: string][] = [];
    const { exitCode } = drivenFor(client, {
      config: { offers: { ...noOffers, startTls: true } },
      services: {
        secure: (stream) => {
          asked.push([stream, client.heard]);
          return Promise.resolve(isSecured ? secured : null);
        },
      },
    });
    assertEquals(await exitCode, isSecured ? 0 : 1);
    assertEquals(asked.length, 1);
    assertEquals(asked[0][0] === client, true);
    assert(/^220 .*TLS\r\n$/m.test(asked[0][1]), "it is told to begin before");
    if (isSecured) {
      assertEquals(codes(secured), ["250", "221"], "what was in clear is lost");
      assertEquals([secured.closed, client.closed], [1, 0]);
    } else assertEquals([secured.heard, client.closed], ["", 1]);
  });
}

Deno.test(
  "a session that is to end in a handshake says so after it",
  async () => {
    const client = new FakeClient("EHLO x\r\nSTARTTLS\r\n");
    const secured = new FakeClient();
    const handshake = slow<Stream>();
    const { stop, exitCode } = drivenFor(client, {
      config: { offers: { ...noOffers, startTls: true } },
      services: { secure: handshake.answer },
    });
    await until("the handshake begins", () => handshake.asked.length === 1);
    stop();
    handshake.asked[0](secured);
    assertEquals(await exitCode, 1);
    assertEquals(codes(secured), ["421"]);
  },
);
