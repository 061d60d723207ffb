/**
 * A small server of HTTP for what only answers questions. The runtime's own
 * takes as many connections as come, each a descriptor of the gate's, and has
 * no word for how much of the process answers may take.
 *
 * @module
 */
import { LastingTrouble } from "../base/lasting_trouble.ts";
import type { Emit } from "../base/events.ts";
import { reason } from "../base/reason.ts";

/** What is asked; a fetch's Request is one. */
export interface Question {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

/** Past this many connections the oldest one goes. */
export const mostVisits = 32;
const headBytes = 8192;
/** For a connection, from its beginning to its end. */
const visitMs = 10_000;
/** For what a client still sends, which would else undo the answer. */
const partingMs = 1000;
/** Before another try when there is no descriptor to accept with. */
const againMs = 500;
/** After each answer others have so many times as long as it took. */
const restTimes = 4;

const phrases: Record<number, string> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
};

export class HttpServer {
  /** The oldest first. */
  readonly #visits = new Set<Deno.Conn>();
  readonly #trouble: LastingTrouble;
  /** One answer after the other. */
  #turn = Promise.resolve();
  #isClosed = false;

  /** @param emit is told when there is no accepting */
  constructor(
    readonly listener: Deno.Listener,
    readonly answer: (question: Question) => Promise<Response>,
    emit: Emit,
  ) {
    this.#trouble = new LastingTrouble(emit);
    this.#accept();
  }

  /** Nobody else comes in, and whoever is there has to go. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.listener.close();
    for (const conn of this.#visits) leave(conn);
  }

  async #accept(): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#enter(await this.listener.accept());
        this.#trouble.over();
      } catch (error) {
        if (this.#isClosed) return;
        this.#trouble.tell([`--metrics: unable to accept: ${reason(error)}`]);
        await after(againMs);
      }
    }
  }

  #enter(conn: Deno.Conn): void {
    const [oldest] = this.#visits;
    if (this.#visits.size >= mostVisits) {
      this.#visits.delete(oldest); // its own end comes later
      leave(oldest);
    }
    this.#visits.add(conn);
    const deadline = setTimeout(() => leave(conn), visitMs);
    this.#serve(conn)
      .catch(() => {
        // It has gone, or had to: nobody is there to be told.
      })
      .finally(() => {
        clearTimeout(deadline);
        this.#visits.delete(conn);
        leave(conn);
      });
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    const head = await readHead(conn);
    if (head === null) return;
    const question = questionOf(head);
    const bytes = question === null
      ? await bytesOf(new Response("no request\n", { status: 400 }), true)
      : await this.#answered(question);
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(await conn.write(rest));
    }
    await conn.closeWrite();
    const parting = setTimeout(() => leave(conn), partingMs);
    const scratch = new Uint8Array(1024);
    try {
      while (await conn.read(scratch) !== null);
    } finally {
      clearTimeout(parting);
    }
  }

  /** Who asks without a pause takes a part of the process, not all of it. */
  #answered(question: Question): Promise<Uint8Array> {
    const answered = this.#turn.then(async () => {
      const since = performance.now();
      const response = await this.answer(question);
      await after(0); // others have their turn
      const bytes = await bytesOf(response, question.method !== "HEAD");
      return { bytes, tookMs: performance.now() - since };
    });
    this.#turn = answered.then(
      ({ tookMs }) => after(tookMs * restTimes),
      () => {}, // whoever asked sees the connection end
    );
    return answered.then(({ bytes }) => bytes);
  }
}

function leave(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}

const after = (milliseconds: number) =>
  new Promise<void>((over) => setTimeout(over, milliseconds));

/** Up to its empty line; null if there is none, or it is too long. */
async function readHead(conn: Deno.Conn): Promise<string | null> {
  const bytes = new Uint8Array(headBytes);
  for (let length = 0; length < headBytes;) {
    const n = await conn.read(bytes.subarray(length));
    if (n === null) return null;
    length += n;
    const text = latin1.decode(bytes.subarray(0, length));
    const end = /\r?\n\r?\n/.exec(text)?.index;
    if (end !== undefined) return text.slice(0, end);
  }
  return null;
}

const latin1 = new TextDecoder("latin1");

/** What a head asks (RFC 9112); null if it is none. */
export function questionOf(head: string): Question | null {
  const [first, ...lines] = head.split(/\r?\n/);
  const [, method, target] = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(first) ??
    [];
  if (method === undefined) return null;
  const headers = new Headers();
  try {
    for (const line of lines) {
      const [, name, value] = /^([^\s:]+):(.*)$/.exec(line) ?? [];
      if (name === undefined) return null;
      headers.append(name, value.trim());
    }
    const url = target.startsWith("/")
      ? new URL(`http://localhost${target}`)
      : new URL(target);
    return { method, url: url.href, headers };
  } catch {
    return null; // no URL, or a name or value that no header has
  }
}

async function bytesOf(
  response: Response,
  hasBody: boolean,
): Promise<Uint8Array> {
  const { status, headers } = response;
  const body = new Uint8Array(await response.arrayBuffer());
  const head = [
    `HTTP/1.1 ${status} ${phrases[status] ?? ""}`,
    ...[...headers].map(([name, value]) => `${name}: ${value}`),
    `content-length: ${body.length}`,
    `date: ${new Date().toUTCString()}`,
    ...["connection: close", "", ""],
  ].join("\r\n");
  const bytes = new TextEncoder().encode(head);
  if (!hasBody) return bytes;
  const whole = new Uint8Array(bytes.length + body.length);
  whole.set(bytes);
  whole.set(body, bytes.length);
  return whole;
}
