/**
 * The driver against a client that does not read.
 *
 * @module
 */
import { noOffers } from "../../lib/smtp/commands.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import { discard } from "../../lib/deliver/discard.ts";
import { drive, type Services } from "../../lib/smtpd/driver.ts";
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

const sleep = (ms: number) => new Promise<void>((over) => setTimeout(over, ms));

/** A client that sends all at once, and hears everything. */
function client(input: string) {
  const pieces = [toBytes(input)];
  let told = "", close = () => {};
  const closed = new Promise<null>((over) => close = () => over(null));
  return {
    said: () => told,
    read(buffer: Uint8Array) {
      const next = pieces.shift();
      if (!next) return closed;
      buffer.set(next.subarray(0, buffer.length));
      if (next.length > buffer.length) {
        pieces.unshift(next.subarray(buffer.length));
      }
      return Promise.resolve(Math.min(next.length, buffer.length));
    },
    write(bytes: Uint8Array) {
      told += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
    close: () => close(),
  };
}

const envelope = "MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\n";

Deno.test("a stored message is acknowledged before the next takes its time", async () => {
  const text = "DATA\r\nSubject: x\r\n\r\nx\r\n.\r\n";
  const stream = client(
    `HELO x\r\n${envelope}${text}${envelope}${text}QUIT\r\n`,
  );
  const heard: string[] = [];
  let committed = 0;
  const exitCode = await drive(
    stream,
    new Session(testConfig),
    {
      ...services,
      target: {
        ...discard(),
        open: () => ({
          append() {},
          commit: () => {
            heard.push(stream.said());
            return { type: "stored", id: `${++committed}` };
          },
          abandon() {},
        }),
      },
    },
    { idleSeconds: 0, sessionSeconds: 0, textBytesPerSecond: 0 },
  );
  assertEquals(exitCode, 0);
  assertEquals(heard.length, 2);
  assertEquals(/ok 1\r\n/.test(heard[1]), true, heard[1]);
});

Deno.test("a target that takes its time is not the client's idleness", async () => {
  let isFirst = true;
  const stream = client(
    `HELO x\r\n${envelope}DATA\r\n${"x\r\n".repeat(2500)}.\r\nQUIT\r\n`,
  );
  const exitCode = await drive(
    stream,
    new Session(testConfig),
    {
      ...services,
      target: {
        ...discard(),
        open: () => ({
          append: () => {
            const wait = isFirst ? sleep(4000) : undefined;
            isFirst = false;
            return wait;
          },
          commit: () => ({ type: "stored", id: "1" }),
          abandon() {},
        }),
      },
    },
    { idleSeconds: 1, sessionSeconds: 0, textBytesPerSecond: 0 },
  );
  assertEquals(exitCode, 0);
  assertEquals(/ok 1\r\n/.test(stream.said()), true, stream.said());
});

Deno.test("after a long answer too a client that does not read is left", async () => {
  let writes = 0, breakOff = () => {};
  const stream = client(`HELO x\r\n${envelope}DATA\r\n`);
  const exitCode = await drive(
    {
      ...stream,
      write: (bytes) =>
        ++writes === 1 // 220
          ? Promise.resolve(bytes.length)
          : new Promise((_, reject) => {
            breakOff = () => reject(new Error("closed"));
          }),
      close: () => {
        breakOff();
        stream.close();
      },
    },
    new Session(testConfig),
    {
      ...services,
      target: {
        ...discard(),
        open: async (...about) => {
          await sleep(4000);
          return discard().open(...about);
        },
      },
    },
    { idleSeconds: 1, sessionSeconds: 0, textBytesPerSecond: 0 },
  );
  assertEquals(exitCode, 1);
});
