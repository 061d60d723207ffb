/**
 * Speed, side by side with the peers, in one run: `deno task bench WHAT ...`.
 *
 *     smtp [ROUNDS [MESSAGES]]   messages over SMTP, thrown away
 *     durable [ROUNDS [MESSAGES]]   the same, stored durably
 *     relay [ROUNDS [MESSAGES]]   the same, handed to another server
 *     external [ROUNDS [MESSAGES]]   the same through a program
 *     rules [ROUNDS [RULES]]     compiling rules, and deciding by them
 *     startup [ROUNDS]           `postern smtpd` to its greeting
 *     tls [ROUNDS [SESSIONS [MESSAGES]]]   TLS sessions, and large messages
 *     idle [SESSIONS ...]        memory of sessions that wait
 *     turns [ROUNDS [SECONDS]]   the longest turn of the event loop
 *     mail-log [ROUNDS [MESSAGES]]   what the mail log costs
 *     metrics [ROUNDS [MESSAGES]]   what --metrics costs
 *     queue [ROUNDS [MESSAGES]]  a shared queue with 1, 2, 3 gates and drains
 *     filters [ROUNDS [MESSAGES]]   what each that is asked adds to a message
 *     attackers [ROUNDS [SECONDS]]   what an honest client bears beside them
 *
 * @module
 */
const benches: Record<string, () => Promise<{ bench: Bench }>> = {
  smtp: () => import("./smtp.ts"),
  durable: () => import("./durable.ts"),
  relay: () => import("./relay.ts"),
  external: () => import("./external.ts"),
  rules: () => import("./rules.ts"),
  startup: () => import("./startup.ts"),
  tls: () => import("./tls.ts"),
  idle: () => import("./idle.ts"),
  turns: () => import("./turns.ts"),
  "mail-log": () => import("./mail_log.ts"),
  metrics: () => import("./metrics.ts"),
  queue: () => import("./queue.ts"),
  filters: () => import("./filters.ts"),
  attackers: () => import("./attackers.ts"),
};

/** @param counts the numbers after the name, as many as were given */
export type Bench = (counts: number[]) => Promise<void>;

const [what = "smtp", ...counts] = Deno.args;
if (!Object.hasOwn(benches, what)) {
  console.error(`bench: one of ${Object.keys(benches).join(", ")}`);
  Deno.exit(100);
}
const { bench } = await benches[what]();
await bench(counts.map(Number));
