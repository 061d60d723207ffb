/**
 * A driver under test, with a client and services in memory.
 *
 * @module
 */
import type { Serving } from "../../lib/base/protocol.ts";
import type { Stream } from "../../lib/base/stream.ts";
import { discard } from "../../lib/deliver/discard.ts";
import type { Message } from "../../lib/deliver/target.ts";
import { Ticker } from "../../lib/net/deadlines.ts";
import { Session, type SessionConfig } from "../../lib/smtp/session.ts";
import { drive } from "../../lib/smtpd/driver.ts";
import type { Patience, Services } from "../../lib/smtpd/services.ts";
import { stranger } from "../deliver/submitter.ts";
import { testConfig } from "../smtp/run.ts";
import type { FakeClient } from "./fake_client.ts";

export const nobody = () => Promise.reject(new Error("nobody asks for this"));
const services: Services = {
  target: discard(),
  connection: testConfig.connection,
  env: stranger.env,
  emit: () => {},
  replies: new Array(6).fill(0),
  ask: nobody,
  authenticate: nobody,
  secure: nobody,
};
const forEver: Patience = {
  idleSeconds: 0,
  sessionSeconds: 0,
  textBytesPerSecond: 0,
};

export interface Given {
  readonly config?: Partial<SessionConfig>;
  readonly services?: Partial<Services>;
  readonly patience?: Partial<Patience>;
}

/**
 * A session with a client, how it ended, and what makes the time go by:
 * `pass`, or `tick` for a second in which nothing else happens.
 */
export function drivenFor(client: Stream, given: Given = {}) {
  let serving!: Serving;
  const clock = new Ticker(true);
  const ends: string[] = [];
  const exitCode = new Promise<number>((resolve, reject) => {
    serving = drive(
      client,
      new Session({ ...testConfig, ...given.config }),
      { ...services, ...given.services },
      { ...forEver, ...given.patience },
      {
        ended: (code) => {
          ends.push(`${code}`);
          resolve(code);
        },
        broken: (error) => {
          ends.push((error as Error).message);
          reject(error);
        },
      },
      clock,
    );
  });
  exitCode.catch(() => {}); // looked at later, or in `ends`
  /** All happens that can, then a second goes by, and so on. */
  const pass = async (seconds: number) => {
    for (; seconds > 0; seconds--) {
      await settled();
      clock.advance();
    }
    await settled();
  };
  const tick = () => clock.advance();
  return { serving, exitCode, ends, stop: () => serving.stop(), pass, tick };
}

/** A target whose messages are made of these parts. */
export const targetOf = (parts: Partial<Message>): Services["target"] => ({
  ...discard(),
  open: () => ({
    append() {},
    commit: () => ({ type: "stored", id: "1" }),
    abandon() {},
    ...parts,
  }),
});

export const sleep = (ms: number) =>
  new Promise<void>((over) => setTimeout(over, ms));

/** Time for all that can happen without anybody's help. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await sleep(0);
}

/** The codes of what a client has heard. */
export const codes = (client: FakeClient) =>
  client.heard.match(/^\d{3}(?= )/gm);

export const hello = "HELO x\r\n";
export const envelope = "MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\n";
export const text = "DATA\r\nSubject: x\r\n\r\nx\r\n.\r\n";

/** Somebody who answers when a test wants it. */
export function slow<T>() {
  const asked: ((answer: T) => void)[] = [];
  return {
    asked,
    answer: () => new Promise<T>((answer) => asked.push(answer)),
  };
}
