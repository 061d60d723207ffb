/**
 * The driver against a client that does not read.
 *
 * @module
 */
import { noOffers } from "../../lib/smtp/commands.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { toBytes } from "../../lib/bytes.ts";
import { discard } from "../../lib/deliver/discard.ts";
import { drive, type Services } from "../../lib/gate/smtp_driver.ts";
import { Session } from "../../lib/smtp/session.ts";
import { testConfig } from "../smtp/run.ts";

const never = () => Promise.reject(new Error("nobody asks for this"));
const services: Services = {
  target: discard(),
  ask: never,
  authenticate: never,
  secure: never,
};

for (const last of ["NOOP", "QUIT", "STARTTLS", "GET / HTTP/1.1"]) {
  Deno.test(`a reply that is never read is not written for ever: ${last}`, async () => {
    const input = [toBytes(`${last}\r\n`)];
    let writes = 0;
    let broken: ((error: Error) => void) | undefined;
    const exitCode = await drive(
      {
        read(buffer) {
          const next = input.shift();
          if (!next) return new Promise(() => {});
          buffer.set(next);
          return Promise.resolve(next.length);
        },
        write(bytes) {
          if (++writes === 1) return Promise.resolve(bytes.length); // 220
          return new Promise((_, reject) => broken = reject);
        },
        close: () => broken?.(new Error("closed")),
      },
      new Session({ ...testConfig, offers: { ...noOffers, startTls: true } }),
      services,
      { idleSeconds: 1, sessionSeconds: 0, textBytesPerSecond: 0 },
    );
    assertEquals(exitCode, 1);
  });
}

for (const leaving of ["resets", "is silent"]) {
  Deno.test(`a message that cannot be abandoned costs one session: a client that ${leaving}`, async () => {
    const input =
      "HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n";
    const pieces = [toBytes(input + "Subject: x\r\n")];
    let closed = 0;
    const session = new Session(testConfig);
    const driven = drive(
      {
        read(buffer) {
          const next = pieces.shift();
          if (!next) {
            return leaving === "resets"
              ? Promise.reject(new Error("reset"))
              : new Promise(() => {});
          }
          buffer.set(next);
          return Promise.resolve(next.length);
        },
        write: (bytes) => Promise.resolve(bytes.length),
        close: () => {
          closed++;
        },
      },
      session,
      {
        ...services,
        target: {
          ...discard(),
          open: () => ({
            append: () => {},
            commit: never,
            abandon: () => Promise.reject(new Error("still there")),
          }),
        },
      },
      { idleSeconds: 1, sessionSeconds: 0, textBytesPerSecond: 0 },
    );
    await assertRejects(() => driven, Error, "still there");
    assertEquals(closed, 1);
  });
}
