/**
 * Counters made of a gate's events, for Prometheus. Names and units follow
 * https://prometheus.io/docs/practices/naming/; no label has a stranger's word
 * for its value, nor an address.
 *
 * @module
 */
import prometheus from "prom-client";
import type { Emit, GateEvent, MessageFacts } from "../base/events.ts";

const { Counter, Histogram, Registry } = prometheus;

/** From a lookup in memory to the longest that a policy may take. */
const secondsBuckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 30];
/** Of one label: what comes later is `other`. */
const mostValues = 100;

type Of<Type extends GateEvent["type"]> = Extract<GateEvent, { type: Type }>;

export class Counters {
  readonly registry: prometheus.Registry = new Registry();
  readonly #connections = this.#counter(
    "connections",
    "Connections, by whether they were let in.",
    ["verdict"],
  );
  readonly #messages = this.#counter(
    "messages",
    "Messages, by what became of them.",
    ["target", "outcome"],
  );
  readonly #bytes = this.#counter(
    "message_bytes",
    "Bytes of messages, by what became of them.",
    ["target", "outcome"],
  );
  readonly #refused = this.#counter(
    "recipients_refused",
    "Recipients that were refused or deferred, by who decided.",
    ["by", "outcome"],
  );
  readonly #clients = this.#counter(
    "clients_refused",
    "Clients that were left before they were greeted, by who decided.",
    ["by"],
  );
  readonly #logins = this.#counter("logins", "Log-ins, by outcome.", [
    "outcome",
  ]);
  readonly #handshakes = this.#counter(
    "tls_handshakes",
    "TLS handshakes, by version; failed ones have none.",
    ["version", "outcome"],
  );
  readonly #troubles = this.#counter(
    "troubles",
    "Lines for the administrator to look after.",
    [],
  );
  readonly #delivery = this.#seconds(
    "delivery_seconds",
    "From the end of a message to its target's answer.",
    ["target"],
  );
  readonly #policy = this.#seconds(
    "policy_seconds",
    "What a policy took to answer.",
    ["policy"],
  );
  readonly #filter = this.#seconds(
    "filter_seconds",
    "What a filter took to judge a message, or a recipient.",
    ["filter"],
  );
  readonly #filtered = this.#counter(
    "filter_answers",
    "What filters wanted of messages and recipients.",
    ["filter", "answer"],
  );
  readonly #password = this.#seconds(
    "login_seconds",
    "What the check of a password took.",
    [],
  );
  readonly #seen = new Map<string, Set<string>>();

  readonly emit: Emit = (event) => {
    switch (event.type) {
      case "connection.ok":
        return this.#connections.inc({ verdict: "ok" });
      case "connection.deny":
        return this.#connections.inc({ verdict: "deny" });
      case "connection.dropped":
        return this.#connections.inc({ verdict: "drop" });
      case "message.stored":
        return this.#message(event.message, "stored");
      case "message.refused":
        return this.#message(event.message, classOf(event.reply.code));
      case "message.abandoned":
        return this.#message(event.message, "abandoned");
      case "recipient.refused":
        return this.#refused.inc({
          by: this.#bounded("by", event.by),
          outcome: classOf(event.reply.code),
        });
      case "client.refused":
        return this.#clients.inc({ by: event.by });
      case "login.accepted":
      case "login.refused":
      case "login.deferred":
        return this.#login(event);
      case "tls.begun":
        return this.#handshakes.inc({
          version: versionOf(event.party.tls.version),
          outcome: "ok",
        });
      case "tls.failed":
        return this.#handshakes.inc({ version: "", outcome: "failed" });
      case "policy.answered":
        return this.#policy.observe(
          { policy: this.#bounded("policy", event.policy) },
          event.milliseconds / 1000,
        );
      case "filter.answered": {
        const filter = this.#bounded("filter", event.filter);
        this.#filtered.inc({ filter, answer: event.answer });
        return this.#filter.observe({ filter }, event.milliseconds / 1000);
      }
      case "connection.broken":
      case "trouble":
        return this.#troubles.inc();
    }
  };

  #message({ target, sizeBytes, phases }: MessageFacts, outcome: string): void {
    const labels = { target: this.#bounded("target", target ?? ""), outcome };
    this.#messages.inc(labels);
    this.#bytes.inc(labels, sizeBytes);
    const { deliveryMs } = phases;
    if (deliveryMs === null) return;
    this.#delivery.observe({ target: labels.target }, deliveryMs / 1000);
  }

  #login(
    event: Of<"login.accepted" | "login.refused" | "login.deferred">,
  ): void {
    this.#logins.inc({ outcome: event.type.slice("login.".length) });
    this.#password.observe(event.milliseconds / 1000);
  }

  /** What the configuration names is few; a mistake must not cost memory. */
  #bounded(label: string, value: string): string {
    const seen = this.#seen.get(label) ?? new Set();
    this.#seen.set(label, seen);
    if (!seen.has(value) && seen.size === mostValues) return "other";
    seen.add(value);
    return value;
  }

  #counter(name: string, help: string, labelNames: string[]) {
    const registers = [this.registry];
    return new Counter({
      name: `postern_${name}_total`,
      help,
      labelNames,
      registers,
    });
  }

  #seconds(name: string, help: string, labelNames: string[]) {
    return new Histogram({
      name: `postern_${name}`,
      help,
      labelNames,
      buckets: secondsBuckets,
      registers: [this.registry],
    });
  }
}

const classOf = (code: number) => code < 500 ? "later" : "never";
const versionOf = (version: string | null) => version ?? "unknown";
