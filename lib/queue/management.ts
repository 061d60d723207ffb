/**
 * Asks a broker's management API, over HTTP.
 *
 * @module
 */
import { request as requestInClear } from "node:http";
import { Agent, request as requestByTls } from "node:https";
import { reason } from "../base/reason.ts";
import { printable } from "../base/foreign_text.ts";
import { type HttpAnswer, httpAnswer } from "../net/http_answer.ts";
import { Remediable, Silent } from "./finding.ts";
import { managementUrls } from "./management_url.ts";
import type { QueueOptions } from "./options.ts";

/** With the columns that we ask for an answer has some kilobytes. */
const limits = { milliseconds: 8000, characters: 4 << 20 };

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
    throw new Silent(
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

function answerOf(
  url: URL,
  headers: Record<string, string>,
  authorities: readonly string[],
): Promise<HttpAnswer> {
  const isByTls = url.protocol === "https:";
  const ca = authorities.join("\n");
  const request = isByTls ? requestByTls : requestInClear;
  // An older runtime looks for authorities in an agent only.
  const agent = isByTls && ca !== "" ? new Agent({ ca }) : false;
  return httpAnswer(request(url, { headers, agent }), limits);
}
