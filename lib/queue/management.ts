/**
 * Asks a broker's management API, over HTTP. By node's client: the runtime's own
 * would go through a proxy that the environment names.
 *
 * @module
 */
import { request as requestInClear } from "node:http";
import { Agent, request as requestByTls } from "node:https";
import { reason } from "../base/reason.ts";
import { printable } from "../base/foreign_text.ts";
import { Remediable } from "./finding.ts";
import { managementUrls } from "./management_url.ts";
import type { QueueOptions } from "./options.ts";

const patienceMs = 8000;
/** With the columns that we ask for an answer has some kilobytes. */
const mostBytes = 4 << 20;

export class Management {
  readonly #urls: readonly string[];
  /** The one that has answered last. */
  #place = 0;

  /** @param options whose management is not null */
  constructor(readonly options: QueueOptions) {
    this.#urls = managementUrls(options.management!, options.url);
  }

  /**
   * What is there, as JSON; null if nothing is.
   *
   * @param path behind /api/
   * @throws Remediable
   */
  async get(path: string): Promise<unknown> {
    const failures: string[] = [];
    for (let i = 0; i < this.#urls.length; i++) {
      const place = (this.#place + i) % this.#urls.length;
      const url = this.#urls[place];
      try {
        const found = await this.#ask(url, path);
        this.#place = place;
        return found;
      } catch (error) {
        if (error instanceof Remediable) throw error;
        failures.push(`${url}: ${reason(error)}`);
      }
    }
    throw new Remediable(
      `unable to ask the management API: ${failures.join("; ")}`,
      "`rabbitmq-plugins enable rabbitmq_management` on each node starts it; " +
        "--queue-management says where it is",
    );
  }

  async #ask(base: string, path: string): Promise<unknown> {
    const url = new URL(`${base}/api/${path}`);
    const hostname = url.hostname.replace(/^\[|\]$/g, "");
    const { user, password } = this.options.credentials(hostname);
    const { status, text } = await answerOf(url, {
      authorization: `Basic ${base64(`${user}:${password}`)}`,
    }, this.options.authorities());
    if (status === 404) return null;
    if (status === 401 || status === 403) throw notAllowed(base, user, text);
    if (status !== 200) {
      throw new Error(`it answers ${status} ${printable(text, 200)}`);
    }
    return JSON.parse(text);
  }
}

function notAllowed(base: string, user: string, text: string): Remediable {
  const why = `${base}: the management API does not answer to ${user}: ` +
    printable(text, 200);
  const remedy = /login failed/i.test(text)
    ? "--queue-auth FILE has the right password"
    : `rabbitmqctl set_user_tags ${user} monitoring`;
  return new Remediable(why, remedy);
}

/** UTF-8, as the broker has it. */
const base64 = (text: string) =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)));

async function answerOf(
  url: URL,
  headers: Record<string, string>,
  authorities: readonly string[],
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<
    { status: number; text: string }
  >();
  const isByTls = url.protocol === "https:";
  const ca = authorities.join("\n");
  const request = isByTls ? requestByTls : requestInClear;
  // An older runtime looks for authorities in an agent only.
  const agent = isByTls && ca !== "" ? new Agent({ ca }) : false;
  const asked = request(url, { headers, agent }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (piece: string) => {
      text += piece;
      if (text.length > mostBytes) {
        reject(new Error("it says too much"));
        asked.destroy();
      }
    });
    response.on("error", reject);
    response.on(
      "end",
      () => resolve({ status: response.statusCode ?? 0, text }),
    );
  });
  asked.on("error", reject);
  asked.end();
  // On some runtimes nothing at all is heard of one that hangs up at once.
  const timer = setTimeout(() => {
    reject(new Error("no answer"));
    asked.destroy();
  }, patienceMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
